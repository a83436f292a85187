"""The progress of uploads, from the first byte until the last part is in Telegram.

It lives in memory, where the bytes pass: without a watcher it costs a few additions. What is finished is kept for an
hour; after a restart the `uploads` table answers for it.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from storage.domain import MediaId, UploadId, UploadPhase

KEEP_SECONDS = 3600
_MAX_KEPT = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Landed:
    """Where a part has arrived; ``width`` and ``height`` of its picture, where that was measured on the way."""

    chat_id: int
    message_id: int
    file_id: str | None
    width: int | None = None
    height: int | None = None


@dataclass(kw_only=True)
class Progress:
    """One upload. Bytes are counted as they are received and, part by part, as they are stored."""

    upload_id: UploadId
    owner: str
    invitation_id: int | None = None
    """The invitation by which it came."""

    filename: str | None = None
    total_bytes: int | None = None
    phase: UploadPhase = UploadPhase.RECEIVING
    received_bytes: int = 0
    stored: dict[int, int] = field(default_factory=dict)
    """The size of each stored part, by its index: a part that is told of twice counts once."""

    landed: Landed | None = None
    """Where its first part is, as far as this process has sent it."""

    total_parts: int | None = None
    media_id: MediaId | None = None
    error: dict[str, Any] | None = None
    resumed_from: int = 0
    """Bytes that were there when this process began to move them."""

    started: float = field(default_factory=time.monotonic)
    received_at: float | None = None
    finished: float | None = None
    version: int = 0
    _waiters: list[asyncio.Future[None]] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.phase in (UploadPhase.DONE, UploadPhase.FAILED)

    @property
    def stored_parts(self) -> int:
        return len(self.stored)

    @property
    def stored_bytes(self) -> int:
        return sum(self.stored.values())

    @property
    def rate(self) -> float:
        """Bytes a second, received so far (or until the last byte came)."""
        elapsed = (self.received_at or time.monotonic()) - self.started
        return max(0, self.received_bytes - self.resumed_from) / elapsed if elapsed > 0 else 0.0

    @property
    def eta_seconds(self) -> float | None:
        """Seconds until the last byte is received; None where the length or the rate is unknown."""
        if self.total_bytes is None or not self.rate or self.ended:
            return None
        return max(0.0, (self.total_bytes - self.received_bytes) / self.rate)

    def begins(self) -> None:
        """From now on bytes are moved: the rate counts from here."""
        self.started, self.resumed_from = time.monotonic(), self.received_bytes

    def received(self, size: int) -> None:
        self.received_bytes += size
        self._changed()

    def rewound(self, received: int) -> None:
        """Bytes were taken back: ``received`` are left."""
        self.received_bytes = received
        self._changed()

    def accepted(self, media_id: MediaId, total_parts: int) -> None:
        """The upload is durable; what is left is to store it."""
        self.media_id = media_id
        self.total_bytes = self.received_bytes
        self.total_parts = total_parts
        self.received_at = time.monotonic()
        self.phase = UploadPhase.STORING
        self._end_when_stored()

    def part_stored(self, index: int, size: int, landed: Landed | None = None) -> None:
        self.stored[index] = size
        if index == 0:
            self.landed = landed
        self._end_when_stored()

    def failed(self, error: dict[str, Any]) -> None:
        self.error = error
        self.phase = UploadPhase.FAILED
        self.finished = time.monotonic()
        self._changed()

    async def changed_since(self, version: int, timeout: float) -> bool:
        """Wait until there is something newer than ``version``; False after ``timeout`` seconds without."""
        if self.version > version:
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            done, _ = await asyncio.wait({waiter}, timeout=timeout)
            return bool(done)
        finally:
            if not waiter.done():
                self._waiters.remove(waiter)

    async def wait_ended(self, timeout: float) -> bool:
        """Wait until the upload is done or failed, at most ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while not self.ended:
            left = deadline - time.monotonic()
            if left <= 0 or not await self.changed_since(self.version, left):
                return self.ended
        return True

    def _end_when_stored(self) -> None:
        if self.total_parts is not None and self.stored_parts >= self.total_parts:
            self.phase = UploadPhase.DONE
            self.finished = time.monotonic()
        self._changed()

    def _changed(self) -> None:
        self.version += 1
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class ProgressBoard:
    """Every upload of this process, by upload id and by media key."""

    def __init__(self) -> None:
        self._by_id: dict[UploadId, Progress] = {}
        self._by_key: dict[UUID, Progress] = {}

    def add(self, progress: Progress, media_key: UUID) -> None:
        self._forget_old()
        self._by_id[progress.upload_id] = progress
        self._by_key[media_key] = progress

    def get(self, upload_id: UploadId) -> Progress | None:
        return self._by_id.get(upload_id)

    def all(self) -> list[Progress]:
        return list(self._by_id.values())

    def of_owner(self, owner: str) -> list[Progress]:
        return [progress for progress in self._by_id.values() if progress.owner == owner]

    def forget(self, upload_id: UploadId) -> None:
        """Nobody is to see it any more."""
        self._by_id.pop(upload_id, None)

    def part_stored(self, media_key: UUID, index: int, size: int, landed: Landed | None = None) -> None:
        """A part was stored; unknown media keys (after a restart) are nobody's business here."""
        if (progress := self._by_key.get(media_key)) is not None:
            progress.part_stored(index, size, landed)

    def part_lost(self, media_key: UUID, error: dict[str, Any]) -> None:
        """A part's bytes are gone: who waits for its upload waits in vain."""
        if (progress := self._by_key.get(media_key)) is not None:
            progress.failed(error)

    def _forget_old(self) -> None:
        horizon = time.monotonic() - KEEP_SECONDS
        for upload_id in [*self._old(horizon)]:
            del self._by_id[upload_id]
        if len(self._by_key) > len(self._by_id) + _MAX_KEPT // 10:
            kept = {id(progress) for progress in self._by_id.values()}
            self._by_key = {key: value for key, value in self._by_key.items() if id(value) in kept}

    def _old(self, horizon: float) -> Iterator[UploadId]:
        """They are in the order of their start: the scan stops at the first finished one that is young."""
        surplus = len(self._by_id) - _MAX_KEPT
        for position, (upload_id, progress) in enumerate(self._by_id.items()):
            if progress.finished is None:
                continue  # an upload may be open for days
            if progress.finished >= horizon and position >= surplus:
                return
            yield upload_id
