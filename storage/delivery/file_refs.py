"""Which bot can fetch a part: each has a file id of its own, and one that has none learns it from the message."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog
from sqlalchemy.dialects.postgresql import insert

from storage.database import Sessions
from storage.delivery.known_refs import KnownRefs
from storage.domain import PartState
from storage.engine.damage import part_damaged
from storage.engine.looking import Looker
from storage.errors import (
    ArchiveError,
    BotUnavailable,
    CallRefused,
    FileGone,
    FileTooBig,
    MessageLocked,
    MessageMissing,
    OutcomeUnknown,
    PartDamaged,
)
from storage.ports import PartStore
from storage.tables import FileRef, Part

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Ref:
    bot_id: int
    file_id: str


class FileRefs:
    """Opens stored parts, by whichever bot can."""

    def __init__(self, *, sessions: Sessions, store: PartStore, looker: Looker) -> None:
        self._sessions = sessions
        self._store = store
        self._looker = looker
        self._refs = KnownRefs(sessions)

    async def open(self, part: Part, offset: int, length: int, stack: AsyncExitStack) -> AsyncIterator[bytes]:
        """Try each known file id, then learn one from the message by each bot.

        Raises `PartDamaged` where the message is gone, `FileGone` where it is there and no bot gets its file; else the
        first error that was met.
        """
        known = await self._known(part)
        errors: list[ArchiveError] = []
        for ref in known:
            try:
                return await self._fetch(ref, offset, length, stack)
            except FileTooBig:
                raise
            except ArchiveError as error:
                errors.append(error)
                self._refs.forget(part.id)
                log.info("file_ref_failed", part_id=part.id, bot_id=ref.bot_id, error=str(error))
        if part.chat_id is None or part.message_id is None:
            raise errors[0] if errors else OutcomeUnknown(method="getFile", reason="no_file_id")
        if errors and not any(isinstance(error, CallRefused) for error in errors):
            raise errors[0]  # the file ids may be right: Telegram cannot be reached, or asks to wait
        if part.state is PartState.DAMAGED:
            raise PartDamaged(media_id=part.media_id, part=part.index + 1)
        return await self._by_looking(part, offset, length, stack, errors)

    async def _by_looking(
        self, part: Part, offset: int, length: int, stack: AsyncExitStack, errors: list[ArchiveError]
    ) -> AsyncIterator[bytes]:
        assert part.chat_id is not None
        assert part.message_id is not None
        refused: ArchiveError | None = None
        for bot_id in self._store.bot_ids:
            try:
                seen = await self._looker.look(part.chat_id, part.message_id, bot_id=bot_id)
            except MessageLocked as error:
                errors.append(error)
                continue
            except MessageMissing as error:
                await self._note_gone(part, part.chat_id, part.message_id)
                raise PartDamaged(media_id=part.media_id, part=part.index + 1) from error
            except ArchiveError as error:
                errors.append(error)
                continue
            if seen.file_id is None:
                continue
            ref = _Ref(bot_id, seen.file_id)
            await self._remember(part.id, ref, seen.file_unique_id)
            try:
                return await self._fetch(ref, offset, length, stack)
            except (BotUnavailable, FileTooBig) as error:
                errors.append(error)
            except CallRefused as error:
                refused = refused or error
        if refused is not None:
            raise FileGone(method="getFile", description=str(refused.fields.get("description", ""))) from refused
        raise errors[0] if errors else PartDamaged(media_id=part.media_id, part=part.index + 1)

    async def _note_gone(self, part: Part, chat_id: int, message_id: int) -> None:
        async with self._sessions.begin() as session:
            await part_damaged(session, part.id, chat_id=chat_id, message_id=message_id, reason="message_missing")

    async def _fetch(self, ref: _Ref, offset: int, length: int, stack: AsyncExitStack) -> AsyncIterator[bytes]:
        return await stack.enter_async_context(self._store.fetch(ref.file_id, offset, length, bot_id=ref.bot_id))

    async def _known(self, part: Part) -> Sequence[_Ref]:
        """The first bot's file id first. Until a part is stored, that of what it will be copied from."""
        found = await self._refs.of(part)
        if not found and part.source_file_id is not None:
            found = {part.source_bot_id or self._store.bot_ids[0]: part.source_file_id}
        return [_Ref(bot_id, found[bot_id]) for bot_id in self._store.bot_ids if bot_id in found]

    async def _remember(self, part_id: int, ref: _Ref, unique_id: str | None) -> None:
        values = {"file_id": ref.file_id, "file_unique_id": unique_id or ""}
        row = insert(FileRef).values(part_id=part_id, bot_id=ref.bot_id, **values)
        async with self._sessions.begin() as session:
            await session.execute(
                row.on_conflict_do_update(index_elements=[FileRef.part_id, FileRef.bot_id], set_=values)
            )
        self._refs.forget(part_id)
