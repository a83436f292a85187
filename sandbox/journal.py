"""State on disk: an append-only file of JSON lines `[kind, key, value]`, the last one of a key counts.

Turned down: SQLite. Its checkpoints stall the loop, and nothing here is queried from disk. A line is handed to the
kernel by `flush` before the call that made it is answered, so what was acknowledged survives a kill -9 of the process
(not a power cut: this is a toy's memory). A line torn by a kill is dropped when the file is read.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

Record = tuple[str, str, Any]
_COMPACT: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Journal:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = self._lock = -1
        self._waiting: list[str] = []

    def open(self) -> None:
        """Append from here on. `lock` came before."""
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def close(self) -> None:
        self.flush()
        os.close(self._fd)
        os.close(self._lock)

    def lock(self) -> None:
        """Keep other processes off this state until `close` (or a kill). Raises BlockingIOError."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise

    def read(self) -> Iterator[Record]:
        """All whole lines in the order they were written; cuts a torn end off, so that appending goes on cleanly."""
        if not self._path.exists():
            return
        whole = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                kind, key, value = json.loads(line)
                yield kind, key, value
        os.truncate(self._path, whole)

    def put(self, kind: str, key: str, value: Any) -> None:
        """Note a value (None: it is gone). It is on its way to disk after the next `flush`."""
        self._waiting.append(_COMPACT((kind, key, value)))

    def flush(self) -> None:
        if not self._waiting:
            return
        data = memoryview(("\n".join(self._waiting) + "\n").encode())
        self._waiting.clear()
        while data:
            data = data[os.write(self._fd, data) :]

    def rewrite(self, records: Iterable[Record]) -> None:
        """Replace the file by `records`; a kill in between leaves the old one. Call before `open`."""
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as out:
            for record in records:
                out.write(_COMPACT(record) + "\n")
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._path)
