"""Admins hear of damage and of a mirror that cannot be used, once, and of the end of it."""

from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import update

from bot.admin.archive_watch import ArchiveWatch
from storage.auditing.alerts import Alerts
from storage.clock import SystemClock
from storage.database import Sessions
from storage.domain import Category, FileType, Inspection, MediaStatus, PartState, Purpose
from storage.tables import Media, MirrorNode, Part

ADMIN = 1001
NOW = datetime.now(UTC)


def watch(sessions: Sessions) -> tuple[ArchiveWatch, Alerts]:
    alerts = Alerts(sessions=sessions, clock=SystemClock(), node="test")
    return ArchiveWatch(sessions=sessions, alerts=alerts, clock=SystemClock()), alerts


async def kinds(alerts: Alerts) -> list[tuple[str, dict[str, str | int]]]:
    return [(one.kind, one.fields) for one in await alerts.current()]


async def test_damage_is_told_until_all_is_whole_again(sessions: Sessions) -> None:
    archive, alerts = watch(sessions)
    async with sessions.begin() as session:
        media = _media()
        session.add(media)
        await session.flush()
        for index in range(3):
            session.add(_part(media, index))
    await archive.look([ADMIN])
    assert await kinds(alerts) == [("damaged", {"count": 1})]
    await archive.look([ADMIN])
    assert len(await kinds(alerts)) == 1
    async with sessions.begin() as session:
        await session.execute(update(Part).values(state=PartState.STORED))
    await archive.look([ADMIN])
    assert await kinds(alerts) == []


async def test_a_mirror_in_trouble_is_told_by_node_and_by_what_it_is(sessions: Sessions) -> None:
    archive, alerts = watch(sessions)
    async with sessions.begin() as session:
        session.add(MirrorNode(node="one", trouble="wrong_key", since=NOW, seen_at=NOW))
        session.add(MirrorNode(node="two", trouble=None, since=NOW, seen_at=NOW))
    await archive.look([ADMIN])
    assert await kinds(alerts) == [("mirror_missing", {"node": "one"})]
    for trouble, expected in (("full", "mirror_full"), ("slow", "mirror_failed")):
        async with sessions.begin() as session:
            await session.execute(update(MirrorNode).where(MirrorNode.node == "one").values(trouble=trouble))
        await archive.look([ADMIN])
        assert await kinds(alerts) == [(expected, {"node": "one"})]
    async with sessions.begin() as session:
        await session.execute(update(MirrorNode).values(trouble=None))
    await archive.look([ADMIN])
    assert await kinds(alerts) == []


def _media() -> Media:
    return Media(
        key=uuid4(),
        owner="service:test",
        source="http",
        filename="notes.txt",
        file_size=3,
        content_type="text/plain",
        file_type=FileType.DOCUMENT,
        category=Category.OTHER,
        purpose=Purpose.REQUESTS,
        status=MediaStatus.ACTIVE,
        inspection=Inspection.DONE,
        verified=True,
    )


def _part(media: Media, index: int) -> Part:
    return Part(
        media_key=media.key,
        media_id=media.id,
        index=index,
        offset=index,
        size=1,
        state=PartState.DAMAGED,
        origin="spool",
        node="test",
        purpose=Purpose.REQUESTS,
        chat_id=-1,
        message_id=index + 1,
    )
