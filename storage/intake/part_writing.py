"""A stream of bytes into part files of the spool, each hashed, and the whole as well.

Three pieces of `Spool.piece` bytes are the most that is held. A `Mark` is a place between two bytes: writing can go
back to it, and begin at one that an earlier process left.
"""

import asyncio
import hashlib
import os
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from storage.resumable.sha256 import Digest
from storage.spool import Spool
from storage.spool_writing import write_part, write_piece
from storage.write_out import begin_write_out

_MAX_CHUNKS = 256
_IN_FLIGHT = 2
"""Pieces that a thread has or is about to get: so that it need not wait for the event loop between two."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SpooledPart:
    """A part whose bytes are all in the spool. ``digest_state`` is that of the whole up to its end, if any.

    ``synced``: they are on the disk, with the file's name.
    """

    index: int
    offset: int
    size: int
    sha256: bytes
    digest_state: bytes | None = None
    synced: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Where writing stands: ``size`` bytes into part ``index``, which begins at ``offset`` and gets ``wanted``."""

    index: int
    offset: int
    size: int
    wanted: int
    whole: Digest
    part: Digest


class PartWriter:
    """Not safe for concurrent calls. ``on_part`` is awaited with each part that ends but the last.

    ``to_disk``: bytes are synced soon after they came, so the disk begins with them at once.
    """

    def __init__(
        self,
        *,
        spool: Spool,
        media_key: UUID,
        sizes: Iterator[int],
        on_part: Callable[[asyncio.Future[SpooledPart]], Awaitable[None]],
        new_digest: Callable[[], Digest] = hashlib.sha256,
        mark: Mark | None = None,
        to_disk: bool = False,
    ) -> None:
        self._spool = spool
        self._then = begin_write_out if to_disk else None
        self._key = media_key
        self._sizes = sizes
        self._on_part = on_part
        self._new_digest = new_digest
        self._fd = -1
        self._chunks: list[bytes | memoryview] = []
        self._held = 0
        self._writing: deque[asyncio.Future[Any]] = deque()
        self._in_order = spool.in_order()
        self.also: Callable[[memoryview], None] | None = None
        """Fed with every byte too, in a thread. To be set between `flush` and the next byte."""
        self._go_to(mark or Mark(index=-1, offset=0, size=0, wanted=0, whole=new_digest(), part=new_digest()))

    @property
    def index(self) -> int:
        """The part being written; -1 before the first byte."""
        return self._index

    @property
    def whole(self) -> bytes:
        """The SHA-256 of everything, once all is flushed."""
        return self._whole.digest()

    async def feed(self, data: bytes | memoryview) -> None:
        """Take the next bytes. Raises `SpoolFull`, and what ``on_part`` raises."""
        rest = memoryview(data)
        while rest:
            if self._size == self._wanted:
                await self._next_part()
            room = self._wanted - self._size
            taken, rest = rest[:room], rest[room:]
            self._chunks.append(taken)
            self._held += len(taken)
            self._size += len(taken)
            if self._held >= self._spool.piece or len(self._chunks) >= _MAX_CHUNKS:
                await self._hand_over()

    async def flush(self) -> None:
        """Have every byte that came in its file."""
        if self._held:
            await self._hand_over()
        await self._written(left=0)

    async def end_part(self) -> SpooledPart:
        """The part that was being written, all of it in its file; one that is short is `SpooledPart.synced`."""
        short = 0 < self._held == self._size
        if short:
            await self._written(left=0)  # the whole file's digest is fed in its order
            self._write_part()
        await self.flush()
        self._close_file()
        return replace(self._part_so_far()(), synced=short)

    def _part_so_far(self) -> Callable[[], SpooledPart]:
        """To be called once the pieces so far are written, and before any other is."""
        digest = self._whole if self._index == 0 else self._part
        index, offset, size, whole = self._index, self._offset, self._size, self._whole

        def part() -> SpooledPart:
            state = getattr(whole, "state", None)
            return SpooledPart(index=index, offset=offset, size=size, sha256=digest.digest(), digest_state=state)

        return part

    async def mark(self) -> Mark:
        await self.flush()
        return Mark(
            index=self._index,
            offset=self._offset,
            size=self._size,
            wanted=self._wanted,
            whole=self._whole.copy(),
            part=self._part.copy(),
        )

    async def rewind(self, mark: Mark) -> None:
        """Go back to where ``mark`` was taken; what came after it is gone."""
        await self.close()
        await self._spool.cut(self._key, mark.index, mark.size)
        self._go_to(mark)

    async def close(self) -> None:
        """Let go of the file being written, and of what was not written. Safe to call twice, and at any time."""
        self._chunks, self._held = [], 0
        if self._writing:
            await asyncio.wait(self._writing)
            for writing in self._writing:
                writing.exception()  # looked at, so that nobody warns about it: the upload has failed already
            self._writing.clear()
        self._close_file()

    async def rest(self) -> None:
        """Flush, and hold no file open until the next byte."""
        await self.flush()
        self._close_file()

    def _go_to(self, mark: Mark) -> None:
        self._index, self._offset = mark.index, mark.offset
        self._size, self._wanted = mark.size, mark.wanted
        self._whole, self._part = mark.whole, mark.part

    async def _next_part(self) -> None:
        """A part ends only when a byte of the next one is there: so the last is known as the last."""
        if self._index >= 0:
            if self._held:
                await self._hand_over()
            fd, self._fd = self._fd, -1
            ended = self._in_order(self._part_so_far())
            self._writing.append(ended)
            if fd >= 0:
                ended.add_done_callback(lambda _: os.close(fd))
            await self._on_part(ended)
            self._offset += self._size
        self._index += 1
        self._part = self._new_digest()
        self._size = 0
        self._wanted = next(self._sizes)

    async def _hand_over(self) -> None:
        await self._written(left=_IN_FLIGHT - 1)
        self._spool.take(self._held)
        if self._fd < 0:
            path = self._spool.path(self._key, self._index)
            self._fd = await self._spool.run(os.open, path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        then = self._then if self._held >= self._spool.piece else None  # what is less is synced at once
        writing = self._in_order(write_piece, self._fd, self._chunks, self._hashes(), then)
        self._spool.handed(writing)
        self._writing.append(writing)
        self._chunks, self._held = [], 0

    def _write_part(self) -> None:
        """The whole part is here: a thread does all that there is to be done."""
        self._spool.take(self._held)
        path = self._spool.path(self._key, self._index)
        self._writing.append(self._spool.run(write_part, path, self._chunks, self._hashes()))
        self._chunks, self._held = [], 0

    def _hashes(self) -> list[Callable[[memoryview], None]]:
        """Of the first part the whole file's digest so far is the digest: only later ones need a second."""
        hashes: list[Callable[[memoryview], None]] = [self._whole.update]
        if self._index > 0:
            hashes.append(self._part.update)
        if self.also is not None:
            hashes.append(self.also)
        return hashes

    async def _written(self, *, left: int) -> None:
        """Wait until at most ``left`` pieces are being written."""
        while len(self._writing) > left:
            # Shielded: a cancelled upload must not leave a thread writing into a closed descriptor.
            await asyncio.shield(self._writing[0])
            self._writing.popleft()

    def _close_file(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
