"""Receiving one file: chunks in, parts in the spool out.

The first bytes decide the type and the policy before anything else happens. Every finished part is handed on while
the next one arrives. Two pieces of `spool.PIECE` bytes are the most a session holds, whatever the file's size.
"""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from storage.content import HEAD_SIZE, ContentType, Policy, resolve, sniff
from storage.content import TypeContradiction as Contradiction
from storage.errors import (
    DigestMismatch,
    EmptyFile,
    FileTooLarge,
    IncompleteBody,
    TypeContradiction,
    TypeNotAllowed,
)
from storage.part_sizes import part_sizes
from storage.progress import Progress
from storage.spool import PIECE, Spool, write_piece

_MAX_CHUNKS = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class SpooledPart:
    """A part whose bytes are all in the spool."""

    index: int
    offset: int
    size: int
    sha256: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A file that has come in whole. ``last`` is its last part, not handed on yet."""

    size: int
    sha256: bytes
    content_type: ContentType
    last: SpooledPart


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a file may be."""

    max_file_size: int
    part_size: int
    policy: Policy

    def require_size(self, size: int | None) -> None:
        """Raise `FileTooLarge` where a size that is known beforehand is over the limit."""
        if size is not None and size > self.max_file_size:
            raise FileTooLarge(limit=self.max_file_size, size=size)


class Receiver:
    """One file on its way into the spool. Not safe for concurrent calls.

    ``on_part`` is awaited with each finished part but the last, which nobody can name before the end.
    """

    def __init__(
        self,
        *,
        spool: Spool,
        limits: Limits,
        media_key: UUID,
        progress: Progress,
        declared_type: str | None,
        filename: str | None,
        on_part: Callable[[SpooledPart, ContentType], Awaitable[None]],
    ) -> None:
        self._spool = spool
        self._limits = limits
        self._key = media_key
        self._progress = progress
        self._declared = declared_type
        self._filename = filename
        self._on_part = on_part
        self._sizes = part_sizes(limits.part_size)
        self._head = bytearray()
        self._type: ContentType | None = None
        self._whole = hashlib.sha256()
        self._part_hash = hashlib.sha256()
        self._fd = -1
        self._index = -1
        self._offset = 0
        self._size = 0
        self._wanted = 0
        self._chunks: list[bytes | memoryview] = []
        self._held = 0
        self._writing: asyncio.Future[None] | None = None

    @property
    def parts_begun(self) -> int:
        return self._index + 1

    @property
    def content_type(self) -> ContentType | None:
        """Known once the head of the file is in."""
        return self._type

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises `FileTooLarge`, `TypeNotAllowed`, `TypeContradiction` or `SpoolFull`; the session is then over.
        """
        self._progress.received(len(chunk))
        limit = self._limits.max_file_size
        if self._progress.received_bytes > limit:
            raise FileTooLarge(limit=limit)
        if self._type is not None:
            await self._feed(chunk)
            return
        self._head += chunk
        if len(self._head) >= HEAD_SIZE:
            await self._decide(complete=False)

    async def finish(self, *, sha256: bytes | None = None, size: int | None = None) -> Received:
        """The file has ended. ``sha256`` and ``size`` are what the client declared, and are checked.

        Raises `EmptyFile`, `IncompleteBody`, `DigestMismatch`, and what `write` raises.
        """
        if size is not None and self._progress.received_bytes < size:
            raise IncompleteBody(received=self._progress.received_bytes, size=size)
        if self._progress.received_bytes == 0:
            raise EmptyFile
        if self._type is None:
            await self._decide(complete=True)
        assert self._type is not None
        last = await self._end_part()
        whole = self._whole.digest()
        if sha256 is not None and sha256 != whole:
            raise DigestMismatch(declared=sha256.hex(), received=whole.hex())
        return Received(size=self._progress.received_bytes, sha256=whole, content_type=self._type, last=last)

    async def close(self) -> None:
        """Let go of the file being written. Safe to call twice, and after `finish`."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
            self._writing.exception()  # looked at, so that nobody warns about it: the upload has failed already
            self._writing = None
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    async def _decide(self, *, complete: bool) -> None:
        head = bytes(self._head)
        self._head.clear()
        self._type = self._judged(sniff(head, complete=complete))
        await self._feed(head)

    def _judged(self, detected: ContentType) -> ContentType:
        try:
            content_type = resolve(detected, declared=self._declared, filename=self._filename)
        except Contradiction as error:
            raise TypeContradiction(declared=self._declared, detected=detected.mime) from error
        if not self._limits.policy.allows(content_type.mime):
            raise TypeNotAllowed(content_type=content_type.mime)
        return content_type

    async def _feed(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            if self._size == self._wanted:
                await self._next_part()
            room = self._wanted - self._size
            taken, rest = rest[:room], rest[room:]
            self._chunks.append(taken)
            self._held += len(taken)
            self._size += len(taken)
            if self._held >= PIECE or len(self._chunks) >= _MAX_CHUNKS:
                await self._hand_over()

    async def _next_part(self) -> None:
        """A part ends only when a byte of the next one is there: so the last is known as the last."""
        if self._fd >= 0:
            part = await self._end_part()
            assert self._type is not None
            await self._on_part(part, self._type)
        self._index += 1
        self._part_hash = hashlib.sha256()
        self._size = 0
        self._wanted = next(self._sizes)
        path = self._spool.path(self._key, self._index)
        self._fd = await self._spool.run(os.open, path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

    async def _hand_over(self) -> None:
        await self._written()
        self._spool.take(self._held)
        # Of the first part the whole file's digest so far is the digest: only later ones need a second.
        hashes = [self._whole.update] if self._index == 0 else [self._whole.update, self._part_hash.update]
        self._writing = self._spool.run(write_piece, self._fd, self._chunks, hashes)
        self._chunks, self._held = [], 0

    async def _written(self) -> None:
        if self._writing is not None:
            # Shielded: a cancelled upload must not leave a thread writing into a closed descriptor.
            await asyncio.shield(self._writing)
            self._writing = None

    async def _end_part(self) -> SpooledPart:
        if self._held:
            await self._hand_over()
        await self._written()
        os.close(self._fd)
        self._fd = -1
        sha256 = self._whole.digest() if self._index == 0 else self._part_hash.digest()
        part = SpooledPart(index=self._index, offset=self._offset, size=self._size, sha256=sha256)
        self._offset += self._size
        return part
