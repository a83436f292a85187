"""A dump on its way through encryption into files that are each as large as a message may be. Blocks throughout.

Nothing of it is ever on a disk in the clear, and it never is in memory as a whole: pg_dump writes into a pipe, age
encrypts in chunks of 64 KiB, and what comes out is cut into files. They are whole before the first is sent, so that the
dump's snapshot of the database is not held while Telegram makes us wait.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyrage

from storage.recovery.errors import DumpFailed
from storage.recovery.postgres_tools import PostgresTools, ToolFailed


@dataclass(frozen=True, kw_only=True, slots=True)
class PieceFile:
    """A run of the encrypted dump, in a file."""

    path: Path
    index: int
    offset: int
    size: int
    sha256: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Dumped:
    """The whole of it. ``sha256`` is of the encrypted bytes."""

    pieces: Sequence[PieceFile]
    size: int
    sha256: bytes


def dump_encrypted(tools: PostgresTools, recipient: str, place: Path, sizes: Iterator[int]) -> Dumped:
    """Dump the database for ``recipient`` into files in ``place``; ``sizes`` are the most that each may have.

    Raises `DumpFailed`, also where the disk is full; what was written then stays for the caller to remove.
    """
    sink = _Cutter(place, sizes)
    try:
        with tools.dumping() as dump:
            pyrage.encrypt_io(dump, sink, [pyrage.x25519.Recipient.from_str(recipient)])
        return sink.end()
    except ToolFailed as error:
        raise DumpFailed(str(error)) from error
    except (OSError, pyrage.EncryptError) as error:
        raise DumpFailed(str(sink.failure or error)) from error
    finally:
        sink.close()


class _Cutter:
    """Takes bytes as a file does, and cuts them into files."""

    def __init__(self, place: Path, sizes: Iterator[int]) -> None:
        self._place = place
        self._sizes = sizes
        self._pieces: list[PieceFile] = []
        self._whole = hashlib.sha256()
        self._file: IO[bytes] | None = None
        self._room = self._written = 0
        self._digest = hashlib.sha256()
        self.failure: OSError | None = None
        """What the disk did: the encryption passes on only its text."""

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        try:
            while view:
                view = view[self._write(view) :]
        except OSError as error:
            self.failure = error
            raise
        return len(data)

    def flush(self) -> None:
        """Nothing is held back that a reader would wait for."""

    def end(self) -> Dumped:
        """Close the last file. Raises `OSError`."""
        self._finish()
        return Dumped(pieces=self._pieces, size=sum(piece.size for piece in self._pieces), sha256=self._whole.digest())

    def close(self) -> None:
        """Safe to call at any time, and again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, view: memoryview) -> int:
        if self._file is None:
            self._begin()
        assert self._file is not None
        taken = view[: self._room - self._written]
        self._file.write(taken)
        self._digest.update(taken)
        self._whole.update(taken)
        self._written += len(taken)
        if self._written == self._room:
            self._finish()
        return len(taken)

    def _begin(self) -> None:
        self._file = (self._place / f"{len(self._pieces):04d}.age").open("wb")
        self._room, self._written, self._digest = next(self._sizes), 0, hashlib.sha256()

    def _finish(self) -> None:
        if self._file is None:
            return
        path = Path(self._file.name)
        self.close()
        offset = sum(piece.size for piece in self._pieces)
        piece = PieceFile(
            path=path, index=len(self._pieces), offset=offset, size=self._written, sha256=self._digest.digest()
        )
        self._pieces.append(piece)
