"""Looking at one message: is it there, is its file of the right size, and, where it is read, are its bytes right.

Only what Telegram says for certain counts against a message. A flood wait, a time-out, a missing right or a channel
that restricts saving content says nothing about it.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from storage.engine.captions import parse_manifest
from storage.engine.looking import Looker
from storage.errors import (
    ArchiveError,
    FileTooBig,
    FloodWait,
    MessageLocked,
    MessageMissing,
    OutcomeUnknown,
    Unreachable,
)
from storage.ports import PartStore, Seen, Urgency

_READS = 3


class Finding(StrEnum):
    """``suspect`` is a first definite word against a message; ``damaged`` the second one, later and by another bot."""

    SOUND = "sound"
    SUSPECT = "suspect"
    DAMAGED = "damaged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A message, and what is known of what it should hold. Null: not known."""

    chat_id: int
    message_id: int
    media_key: UUID
    index: int
    size: int | None
    sha256: bytes | None
    unique_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a look found. ``digest`` and ``size`` where all bytes were read; ``bot_id`` is who looked.

    ``unique_id`` is that of the file which was not right.
    """

    finding: Finding
    reason: str | None = None
    bot_id: int | None = None
    unique_id: str | None = None
    digest: bytes | None = None
    size: int = 0


class Prober:
    """Looks at messages, after everything else that has to be sent."""

    def __init__(self, *, store: PartStore, looker: Looker) -> None:
        self._store = store
        self._looker = looker

    async def probe(self, target: Target, *, deep: bool, bot_id: int | None = None) -> Verdict:
        """Look, and with ``deep`` read. ``bot_id`` None: whichever bot is free.

        Raises `FloodWait` and `Unreachable`; any other error is a `Verdict` that knows nothing.
        """
        try:
            seen = await self._looker.look(target.chat_id, target.message_id, bot_id=bot_id, urgency=Urgency.BULK)
        except (FloodWait, Unreachable):
            raise
        except MessageLocked as error:
            return Verdict(finding=Finding.UNKNOWN, reason=error.code)
        except MessageMissing:
            return Verdict(finding=Finding.SUSPECT, reason="message_missing", bot_id=bot_id)
        except ArchiveError as error:
            return Verdict(finding=Finding.UNKNOWN, reason=error.code)
        wrong = _wrong_with(seen, target)
        if wrong is not None:
            return _suspect(seen, wrong)
        # Another file in our message is none of ours unless its bytes say so.
        exchanged = bool(target.unique_id) and seen.file_unique_id != target.unique_id
        if not deep and not exchanged:
            return Verdict(finding=Finding.SOUND, bot_id=seen.bot_id)
        return await self._read(seen, target, exchanged=exchanged)

    @property
    def second_bot(self) -> int | None:
        """For a second opinion; None where there is one bot only."""
        return self._store.bot_ids[1] if len(self._store.bot_ids) > 1 else None

    async def _read(self, seen: Seen, target: Target, *, exchanged: bool) -> Verdict:
        size = target.size or seen.file_size
        if size is None or (exchanged and target.sha256 is None):
            return Verdict(finding=Finding.UNKNOWN, reason="other_file" if exchanged else "size_unknown")
        for left in reversed(range(_READS)):
            try:
                digest = await self._digest(seen, size)
            except FileTooBig:
                finding = Finding.UNKNOWN if exchanged else Finding.SOUND
                return Verdict(finding=finding, reason="too_big", bot_id=seen.bot_id)
            except OutcomeUnknown as error:
                if not left:
                    return Verdict(finding=Finding.UNKNOWN, reason=error.code)
            except (FloodWait, Unreachable):
                raise
            except ArchiveError as error:
                return Verdict(finding=Finding.UNKNOWN, reason=error.code)
            else:
                return _judged(target, seen, digest, size)
        raise AssertionError

    async def _digest(self, seen: Seen, size: int) -> bytes:
        assert seen.file_id is not None
        found = hashlib.sha256()
        async with self._store.fetch(seen.file_id, 0, size, bot_id=seen.bot_id) as chunks:
            async for chunk in chunks:
                await asyncio.to_thread(found.update, chunk)
        return found.digest()


def _wrong_with(seen: Seen, target: Target) -> str | None:
    """What a message that is there says against itself."""
    if seen.file_id is None:
        return "no_file"
    manifest = parse_manifest(seen.caption)
    if manifest is not None and (manifest.media_key, manifest.index) != (target.media_key, target.index):
        return "other_part"
    if target.size is not None and seen.file_size is not None and seen.file_size != target.size:
        return "size"
    return None


def _judged(target: Target, seen: Seen, digest: bytes, size: int) -> Verdict:
    if target.sha256 is not None and digest != target.sha256:
        return _suspect(seen, "digest")
    return Verdict(finding=Finding.SOUND, bot_id=seen.bot_id, digest=digest, size=size)


def _suspect(seen: Seen, reason: str) -> Verdict:
    return Verdict(finding=Finding.SUSPECT, reason=reason, bot_id=seen.bot_id, unique_id=seen.file_unique_id)
