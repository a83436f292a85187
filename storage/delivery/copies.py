"""Reading a part from its copies in the backup channels, where its own message does not give it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import structlog
from sqlalchemy import update

from storage.database import Sessions
from storage.delivery.sources import PartSource
from storage.engine.copies import Place, copies_there, place_gone
from storage.engine.damage import part_damaged
from storage.engine.looking import Looker
from storage.errors import ArchiveError, FileGone, MessageLocked, MessageMissing, PartDamaged
from storage.ports import PartStore
from storage.tables import Part, PartCopy

log = structlog.get_logger(__name__)


class CopySource:
    """A `PartSource`: the verified copies of a part, by whichever bot can."""

    def __init__(self, *, sessions: Sessions, store: PartStore, looker: Looker) -> None:
        self._sessions = sessions
        self._store = store
        self._looker = looker

    async def open(self, part: Part, offset: int, length: int, stack: AsyncExitStack) -> AsyncIterator[bytes]:
        """`PartSource.open`."""
        errors: list[ArchiveError] = []
        for copy in await self._copies(part):
            try:
                return await self._from(part, copy, offset, length, stack)
            except ArchiveError as error:
                errors.append(error)
                log.info("copy_not_read", part_id=part.id, copy_id=copy.id, error=str(error))
        gone = PartDamaged(media_id=part.media_id, part=part.index + 1)
        raise next((error for error in errors if not isinstance(error, PartDamaged)), gone)

    async def _copies(self, part: Part) -> Sequence[PartCopy]:
        async with self._sessions.begin() as session:
            return await copies_there(session, part)

    async def _from(
        self, part: Part, copy: PartCopy, offset: int, length: int, stack: AsyncExitStack
    ) -> AsyncIterator[bytes]:
        errors: list[ArchiveError] = []
        if copy.file_id is not None and copy.file_bot_id is not None and copy.file_bot_id in self._store.bot_ids:
            try:
                return await self._fetch((copy.file_bot_id, copy.file_id), offset, length, stack)
            except ArchiveError as error:
                errors.append(error)
        for bot_id in self._store.bot_ids:
            try:
                file_id = await self._learn(part, copy, bot_id)
                return await self._fetch((bot_id, file_id), offset, length, stack)
            except PartDamaged:
                raise
            except ArchiveError as error:
                errors.append(error)
        raise errors[0]

    async def _learn(self, part: Part, copy: PartCopy, bot_id: int) -> str:
        """The file id under which this bot gets the copy's file. Raises `PartDamaged` where the message is gone."""
        assert copy.chat_id is not None
        assert copy.message_id is not None
        gone = PartDamaged(media_id=part.media_id, part=part.index + 1)
        try:
            seen = await self._looker.look(copy.chat_id, copy.message_id, bot_id=bot_id)
        except MessageLocked:
            raise
        except MessageMissing as error:
            place = Place(chat_id=copy.chat_id, message_id=copy.message_id, copy_id=copy.id)
            async with self._sessions.begin() as session:
                await place_gone(session, part.id, place, reason=error.code)
            raise gone from error
        if seen.file_id is None:
            raise gone
        await self._remember(copy, bot_id, seen.file_id)
        return seen.file_id

    async def _fetch(
        self, file: tuple[int, str], offset: int, length: int, stack: AsyncExitStack
    ) -> AsyncIterator[bytes]:
        bot_id, file_id = file
        return await stack.enter_async_context(self._store.fetch(file_id, offset, length, bot_id=bot_id))

    async def _remember(self, copy: PartCopy, bot_id: int, file_id: str) -> None:
        same = (PartCopy.id == copy.id) & (PartCopy.message_id == copy.message_id)
        async with self._sessions.begin() as session:
            await session.execute(update(PartCopy).where(same).values(file_bot_id=bot_id, file_id=file_id))


class WithCopies:
    """A part's own message, and where that gives nothing its copies: one `PartSource`.

    A file that no bot gets while a copy's can be had is gone, and Telegram is not: that damages the part.
    """

    def __init__(self, *, sessions: Sessions, own: PartSource, copies: PartSource) -> None:
        self._sessions = sessions
        self._own = own
        self._copies = copies

    async def open(self, part: Part, offset: int, length: int, stack: AsyncExitStack) -> AsyncIterator[bytes]:
        """`PartSource.open`."""
        try:
            return await self._own.open(part, offset, length, stack)
        except ArchiveError as error:
            missed = error
        try:
            chunks = await self._copies.open(part, offset, length, stack)
        except PartDamaged:
            raise missed from None
        except ArchiveError as error:
            raise (error if isinstance(missed, PartDamaged) else missed) from error
        log.info("part_read_from_copy", part_id=part.id, missed=missed.code)
        if isinstance(missed, FileGone) and part.chat_id is not None and part.message_id is not None:
            async with self._sessions.begin() as session:
                await part_damaged(
                    session, part.id, chat_id=part.chat_id, message_id=part.message_id, reason=missed.code
                )
        return chunks
