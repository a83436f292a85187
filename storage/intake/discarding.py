"""Dropping an upload that was not acknowledged: rows, spool files, and the messages already shipped of it."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, exists, select

from storage.database import Sessions
from storage.domain import UploadPhase
from storage.engine.strays import cast_off
from storage.mirror.rows import note_unneeded
from storage.resumable.loading import files_to_keep
from storage.spool import Spool
from storage.tables import Part, ResumableUpload, Upload


async def discard_upload(sessions: Sessions, spool: Spool, media_key: UUID, *, spooled: int, recorded: bool) -> None:
    """Drop what one upload left. ``spooled``: files begun; ``recorded``: whether there are rows.

    A part that is being sent right now is found by its intent and removed when it arrives.
    """
    if recorded:
        async with sessions.begin() as session:
            deleted = delete(Part).where(Part.media_key == media_key).returning(Part)
            rows = (await session.execute(deleted)).scalars().all()
            await note_unneeded(session, [part.sha256 for part in rows])
            await cast_off(session, [place for part in rows if (place := _place(part))])
            await session.execute(delete(Upload).where(Upload.media_key == media_key))
    await spool.remove(media_key, range(spooled))


async def discard_interrupted(sessions: Sessions, spool: Spool, node: str) -> int:
    """At start: drop this node's uploads that a killed process left, and spool files that no part owns.

    Resumable uploads stay, cut to the last offset that was told.
    """
    resumable = exists().where(ResumableUpload.id == Upload.id, ResumableUpload.outcome.is_(None))
    receiving = (Upload.node == node) & (Upload.phase == UploadPhase.RECEIVING)
    async with sessions.begin() as session:
        interrupted = (await session.scalars(select(Upload.media_key).where(receiving, ~resumable))).all()
        going_on = await files_to_keep(session, spool, node)
    for key in interrupted:
        await discard_upload(sessions, spool, key, spooled=0, recorded=True)
    await _remove_unowned(sessions, spool, set(spool.keys()) - going_on)
    return len(interrupted)


async def _remove_unowned(sessions: Sessions, spool: Spool, found: Collection[tuple[UUID, int]]) -> None:
    async with sessions.begin() as session:
        owned = await session.execute(
            select(Part.media_key, Part.index).where(
                Part.media_key.in_({key for key, _ in found}), Part.origin == "spool", Part.message_id.is_(None)
            )
        )
        kept = {(key, index) for key, index in owned}
    for key, index in set(found) - kept:
        await spool.remove(key, [index])


def _place(part: Part) -> tuple[int, int] | None:
    return None if part.chat_id is None or part.message_id is None else (part.chat_id, part.message_id)
