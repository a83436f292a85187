"""Copies whose outcome was unknown, as a search of their channel settles them: see `storage.engine.reconciling`."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import CopyRole, CopyState
from storage.engine.captions import Manifest
from storage.engine.copies import copy_arrived, copy_failed, copy_verified, lock_copy, part_of
from storage.engine.copy_checks import is_copy_of
from storage.engine.searching import Found
from storage.engine.strays import cast_off
from storage.tables import Intent, PartCopy
from storage.wakeups import REPLACEMENTS, wake_copier


async def place_copy(session: AsyncSession, chat_id: int, message: Found, *, now: datetime) -> bool:
    """Adopt the message for the copy that was sent here, or cast it off. False where it is no copy's business."""
    manifest = message.manifest
    assert manifest is not None
    here = (PartCopy.media_key == manifest.media_key) & (PartCopy.part_index == manifest.index)
    here &= PartCopy.chat_id == chat_id
    copies = (await session.scalars(select(PartCopy).where(here).with_for_update())).all()
    if any(copy.message_id == message.message_id for copy in copies):
        return True
    for copy in copies:
        if copy.state is CopyState.COPYING and await _adopt(session, copy, chat_id, message, now):
            return True
    if copies and not await _sent_as_part(session, chat_id, manifest):
        # One more of a copy that is there, or is being made: never the part itself.
        await cast_off(session, [(chat_id, message.message_id)])
        return True
    return False


async def copy_again(session: AsyncSession, intent: Intent, *, now: datetime) -> bool:
    """The channel was searched, or given up: what was not found there is copied again."""
    copy = None if intent.copy_id is None else await lock_copy(session, intent.copy_id)
    if copy is None or copy.state is not CopyState.COPYING or copy.attempt != intent.attempt:
        return False
    await copy_failed(session, copy.id, problem="not found", now=now, delay=0)
    await session.flush()
    replacement = copy.role is CopyRole.REPLACEMENT
    await wake_copier(session, REPLACEMENTS if replacement else intent.chat_id)
    return True


async def _adopt(session: AsyncSession, copy: PartCopy, chat_id: int, message: Found, now: datetime) -> bool:
    seen, part = message.seen, await part_of(session, copy)
    if part is None or not is_copy_of(seen, part):
        return False
    arrived = await copy_arrived(session, copy.id, chat_id=chat_id, message_id=message.message_id, caption=None)
    if arrived is not None:
        await copy_verified(
            session, arrived, bot_id=seen.bot_id, file_id=seen.file_id, unique_id=seen.file_unique_id, now=now
        )
    return True


async def _sent_as_part(session: AsyncSession, chat_id: int, manifest: Manifest) -> bool:
    """Whether the part itself was sent into this channel too, and that is not settled."""
    same = (Intent.media_key == manifest.media_key) & (Intent.part_index == manifest.index)
    return bool(await session.scalar(select(exists().where(same, Intent.chat_id == chat_id, Intent.copy_id.is_(None)))))
