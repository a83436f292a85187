"""Receiving one file: chunks in, parts in the spool out.

The first bytes decide the type and the policy before anything else happens. Every finished part is handed on while
the next one arrives. What a session holds does not depend on the file's size.

A resumable file differs in two ways. Its first bytes go to the spool before there are enough of them to decide, since
its sender is told that they are kept. And a run of it can be held: nothing of it is judged or handed on until it is
released, and it can be taken back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import repeat
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
from storage.intake.part_sizes import part_sizes
from storage.intake.part_writing import Mark, PartWriter, SpooledPart
from storage.intake.progress import Progress
from storage.resumable import sha256
from storage.spool import Spool

__all__ = ["Limits", "Received", "Receiver", "SpooledPart", "Start"]

_ONE_FILE = 1 << 62
"""The size of a part that never ends."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """Where a resumable file begins, or goes on. ``head`` is what is there of its first `HEAD_SIZE` bytes.

    ``raw``: its bytes are only kept, in one file, to be put together with others later.
    """

    mark: Mark | None = None
    content_type: ContentType | None = None
    head: bytes = b""
    early: tuple[SpooledPart, ...] = ()
    """Parts that have ended and were not handed on yet."""

    raw: bool = False


@dataclass(slots=True)
class _Hold:
    """A run that may be taken back: where it began, and the parts that ended in it."""

    mark: Mark
    received: int
    content_type: ContentType | None
    head: bytes
    parts: list[SpooledPart] = field(default_factory=list)


class Receiver:
    """One file on its way into the spool. Not safe for concurrent calls.

    ``on_part`` is called with each finished part but the last, which nobody can name before the end: one after the
    other, while the next part arrives. What it raises, the next `write` or `finish` raises. ``waits``: it keeps them
    until the end, in the spool.
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
        start: Start | None = None,
        waits: bool = False,
    ) -> None:
        self._limits = limits
        self._progress = progress
        self._declared = declared_type
        self._filename = filename
        self._on_part = on_part
        self._start = start
        self._head = bytearray(start.head if start else b"")
        self._type = start.content_type if start else None
        self._undecided: list[bytes] = []
        self._early: list[SpooledPart] = list(start.early) if start else []
        self._hold: _Hold | None = None
        self._handing: asyncio.Future[None] | None = None
        self._writer = PartWriter(
            spool=spool,
            media_key=media_key,
            sizes=repeat(_ONE_FILE) if start and start.raw else part_sizes(limits.part_size),
            on_part=self._part_ended,
            mark=start.mark if start else None,
            to_disk=start is not None or waits,
            **({} if start is None else {"new_digest": sha256.NoDigest if start.raw else sha256.new}),
        )

    @property
    def parts_begun(self) -> int:
        return self._writer.index + 1

    @property
    def content_type(self) -> ContentType | None:
        """Known once the head of the file is in."""
        return self._type

    @property
    def held(self) -> bool:
        return self._hold is not None

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises `FileTooLarge`, `TypeNotAllowed`, `TypeContradiction` or `SpoolFull`; the session is then over.
        """
        self._progress.received(len(chunk))
        if self._handing is not None and self._handing.done():
            await self._handed_on()
        limit = self._limits.max_file_size
        if self._progress.received_bytes > limit:
            raise FileTooLarge(limit=limit)
        if self._type is not None or (self._start is not None and self._start.raw):
            await self._writer.feed(chunk)
            return
        self._head += chunk[: HEAD_SIZE - len(self._head)]
        if self._start is None:
            self._undecided.append(chunk)
        if len(self._head) >= HEAD_SIZE and self._hold is None:
            await self._decide(complete=False)
        if self._start is not None:
            await self._writer.feed(chunk)

    async def finish(self, *, sha256: bytes | None = None, size: int | None = None) -> Received:
        """The file has ended. ``sha256`` and ``size`` are what the client declared, and are checked.

        Raises `EmptyFile`, `IncompleteBody`, `DigestMismatch`, and what `write` raises.
        """
        received = self._progress.received_bytes
        if size is not None and received < size:
            raise IncompleteBody(received=received, size=size)
        if received == 0:
            raise EmptyFile
        if self._type is None:
            await self._decide(complete=received <= HEAD_SIZE)
        assert self._type is not None
        last = await self._writer.end_part()
        await self._handed_on()
        if last.size == 0:  # a client that sent more once, and now says that this was the end
            raise IncompleteBody(received=received, size=size)
        whole = self._writer.whole
        if sha256 is not None and sha256 != whole:
            raise DigestMismatch(declared=sha256.hex(), received=whole.hex())
        return Received(size=received, sha256=whole, content_type=self._type, last=last)

    async def settle(self) -> None:
        """Have all that came in the spool, and no file open, and every part that ended handed on."""
        await self._writer.rest()
        await self._handed_on()

    async def hold(self, also: Callable[[memoryview], None]) -> None:
        """What comes from here on waits for `release`; ``also`` is fed with it."""
        mark = await self._writer.mark()
        self._hold = _Hold(mark, self._progress.received_bytes, self._type, bytes(self._head))
        self._writer.also = also

    async def settle_held(self) -> None:
        """Have all that is held in the spool, and in ``also``."""
        await self._writer.flush()

    async def release(self) -> None:
        """What was held is right: judge it, and hand its parts on. Raises what `write` raises."""
        await self._writer.flush()
        hold, self._hold, self._writer.also = self._hold, None, None
        if self._type is None and len(self._head) >= HEAD_SIZE:
            await self._decide(complete=False)
        for part in hold.parts if hold else ():
            if self._type is None:
                self._early.append(part)
            else:
                await self._hand_on(part, self._type)

    async def take_back(self) -> None:
        """What was held never came."""
        hold, self._hold, self._writer.also = self._hold, None, None
        if hold is not None:
            await self._writer.rewind(hold.mark)
            self._progress.rewound(hold.received)
            self._type, self._head = hold.content_type, bytearray(hold.head)

    async def close(self) -> None:
        """Let go of the file being written. Safe to call twice, and after `finish`."""
        await self._writer.close()
        handing, self._handing = self._handing, None
        if handing is not None:
            await asyncio.wait({handing})
            handing.exception()  # looked at, so that nobody warns about it: the upload has failed already

    async def _decide(self, *, complete: bool) -> None:
        self._type = self._judged(sniff(bytes(self._head), complete=complete))
        chunks, self._undecided = self._undecided, []
        for chunk in chunks:
            await self._writer.feed(chunk)
        await self.hand_on()

    async def hand_on(self) -> None:
        """Hand on what has ended before the type was known, where it is known now."""
        while self._early and self._type is not None:
            await self._hand_on(self._early[0], self._type)
            self._early.pop(0)

    def _judged(self, detected: ContentType) -> ContentType:
        try:
            content_type = resolve(detected, declared=self._declared, filename=self._filename)
        except Contradiction as error:
            raise TypeContradiction(declared=self._declared, detected=detected.mime) from error
        if not self._limits.policy.allows(content_type.mime):
            raise TypeNotAllowed(content_type=content_type.mime)
        return content_type

    async def _part_ended(self, ended: asyncio.Future[SpooledPart]) -> None:
        if self._hold is not None:
            self._hold.parts.append(await asyncio.shield(ended))
        elif self._type is None:
            self._early.append(await asyncio.shield(ended))  # parts smaller than a head
        else:
            await self._hand_on(ended, self._type)

    async def _hand_on(self, part: SpooledPart | asyncio.Future[SpooledPart], content_type: ContentType) -> None:
        """The next part arrives meanwhile; one at a time is handed on."""

        async def hand_on() -> None:
            await self._on_part(part if isinstance(part, SpooledPart) else await asyncio.shield(part), content_type)

        await self._handed_on()
        self._handing = asyncio.ensure_future(hand_on())

    async def _handed_on(self) -> None:
        """Raises what ``on_part`` raised."""
        if self._handing is not None:
            await asyncio.shield(self._handing)
            self._handing = None
