"""Where files lie: uploads on their way in, files on disk by number, virtual ones by seed."""

import asyncio
import mimetypes
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sandbox import fileids, virtual
from sandbox.model import Bot, Json, StoredFile
from sandbox.state import State

PIECE: Final = 1024 * 1024  # hand work to threads in pieces of about 1 MiB (FINDINGS.md, aiohttp)
# TELEGRAM.md, Sending and files: the directories of file_path.
DIRECTORIES: Final = {
    "photo": "photos",
    "thumbnail": "thumbnails",
    "document": "documents",
    "video": "videos",
    "audio": "music",
    "voice": "voice",
    "video_note": "video_notes",
    "animation": "animations",
    "sticker": "stickers",
}
_EXTENSIONS: Final = {
    "photo": "jpg",
    "thumbnail": "jpg",
    "video": "mp4",
    "voice": "oga",
    "video_note": "mp4",
    "animation": "mp4",
}


@dataclass(slots=True)
class Upload:
    """Bytes that came with a call, on disk until the call adopts or drops them. `size` in bytes."""

    path: Path
    file_name: str
    mime_type: str
    size: int = 0
    adopted: bool = False
    borrowed: bool = False  # a file of the local machine (`file:/…`): copied, never moved or deleted

    def head(self, length: int) -> bytes:
        with self.path.open("rb") as file:
            return file.read(length)

    def drop(self) -> None:
        if not self.adopted and not self.borrowed:
            self.path.unlink(missing_ok=True)


@dataclass
class FileStore:
    """Files of the sandbox. One thread pool for its reads and writes; `close` ends it."""

    root: Path
    state: State
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, "sandbox-files"))
    _incoming: int = 0

    def open(self) -> None:
        """Make the directories and drop what a killed process left half-done."""
        for name in ("incoming", "files"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        for stray in (self.root / "incoming").iterdir():
            stray.unlink()

    def close(self) -> None:
        self.pool.shutdown(wait=True)

    def upload(self, file_name: str, mime_type: str) -> Upload:
        """A place for bytes that arrive; nothing is created yet."""
        self._incoming += 1
        return Upload(self.root / "incoming" / str(self._incoming), file_name, mime_type)

    def path(self, file: StoredFile) -> Path:
        return self.root / "files" / f"{file.number // 1000:04d}" / str(file.number)

    def adopt(self, upload: Upload, kind: str, attrs: Json) -> StoredFile:
        """Make a file of an upload. The bytes are in place before its record is."""
        file = self._new(kind, upload.size, attrs)
        target = self.path(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        if upload.borrowed:
            _clone(upload.path, target)
        else:
            upload.path.rename(target)
        upload.adopted = True
        self.state.save_file(file)
        return file

    def keep(self, data: bytes, kind: str, attrs: Json) -> StoredFile:
        """Make a file of a few bytes: thumbnails, small photo sizes."""
        file = self._new(kind, len(data), attrs)
        target = self.path(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        self.state.save_file(file)
        return file

    def imagine(self, size: int, kind: str, attrs: Json, mime_type: str, fill: str | None) -> StoredFile:
        """A virtual file of `size` bytes that begins like its `mime_type`; its number is its seed."""
        file = self._new(kind, size, attrs)
        file.virtual = virtual.describe(file.number, mime_type, fill)
        self.state.save_file(file)
        return file

    def _new(self, kind: str, size: int, attrs: Json) -> StoredFile:
        number = self.state.last_file = self.state.last_file + 1
        return StoredFile(uid=fileids.unique_id(number), number=number, kind=kind, size=size, attrs=attrs)

    async def read(self, file: StoredFile, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes `start … end` in pieces of 1 MiB."""
        loop = asyncio.get_running_loop()
        source = None if file.virtual is not None else self.path(file).open("rb")
        try:
            for at in range(start, end, PIECE):
                length = min(PIECE, end - at)
                if source is None:
                    yield virtual.read(file.virtual or {}, file.size, at, length)
                else:
                    yield await loop.run_in_executor(self.pool, os.pread, source.fileno(), length, at)
        finally:
            if source is not None:
                source.close()

    def relative_path(self, file: StoredFile) -> str:
        """`<dir>/file_<N>.<ext>` as getFile names it."""
        name = file.attrs.get("file_name") or ""
        extension = Path(name).suffix.lstrip(".") or _EXTENSIONS.get(file.kind, "")
        if not extension:
            guessed = mimetypes.guess_extension(file.attrs.get("mime_type") or "") or ""
            extension = guessed.lstrip(".")
        stem = f"{DIRECTORIES[file.kind]}/file_{file.number}"
        return f"{stem}.{extension}" if extension else stem

    def place_locally(self, bot: Bot, file: StoredFile) -> Path:
        """The absolute path a `--local` server names: below a directory of the bot's token. Blocks."""
        target = self.root.resolve() / "local" / bot.token / self.relative_path(file)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            if file.virtual is None:
                os.link(self.path(file), target)
            else:
                self._write_virtual(file, target)
        return target

    def _write_virtual(self, file: StoredFile, target: Path) -> None:
        half_done = target.with_suffix(".part")
        with half_done.open("wb") as out:
            for at in range(0, file.size, PIECE):
                out.write(virtual.read(file.virtual or {}, file.size, at, PIECE))
        half_done.rename(target)


def _clone(source: Path, target: Path) -> None:
    """Copy through the kernel: no bytes pass through Python."""
    with source.open("rb") as reading, target.open("wb") as writing:
        left = os.fstat(reading.fileno()).st_size
        while left > 0:
            done = os.sendfile(writing.fileno(), reading.fileno(), None, left)  # type: ignore[arg-type, unused-ignore]
            if not done:
                return
            left -= done


def mime_of(file_name: str, default: str = "application/octet-stream") -> str:
    """By the extension, as the server does."""
    return mimetypes.guess_type(file_name)[0] or default
