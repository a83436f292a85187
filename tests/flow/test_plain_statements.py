"""Statements that go to the driver as they are: they say what SQLAlchemy's say, and who breaks one harms nobody."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import bindparam, func, select, text
from sqlalchemy.exc import DBAPIError

from storage.catalog.reading import Reading
from storage.database import Sessions
from storage.domain import Caller, Category, FileType, Inspection, MediaStatus, Purpose, Role, Scope
from storage.errors import MediaDeleted, MediaNotFound
from storage.plain_statements import fetch_row, plain
from storage.tables import Attachment, Media, Request

_OWNER = "telegram:7"
_CALLERS = (
    Caller.service("reader", frozenset({Scope.MEDIA_READ})),
    *(Caller.person(7, role) for role in Role),
    *(Caller.person(8, role) for role in Role),
    Caller.user("u1", frozenset()),
    Caller(owner="user:u1", role=Role.USER, also=_OWNER),
    Caller.user("u1", frozenset({Scope.ADMIN})),
)
_PID = plain(select(func.pg_backend_pid().label("pid")))


async def _add(sessions: Sessions, status: MediaStatus, *, attached: bool, waits: bool) -> int:
    media = Media(
        key=uuid4(), owner=_OWNER, source="http", filename="film.mp4", file_size=5, content_type="video/mp4",
        file_type=FileType.VIDEO, category=Category.OTHER, purpose=Purpose.REQUESTS, status=status,
        inspection=Inspection.DONE, verified=True, measured=True, awaits_request=waits, sha256=b"s" * 32,
    )  # fmt: skip
    async with sessions.begin() as session:
        session.add(media)
        await session.flush()
        if attached:
            session.add(Request(number="250926-001"))
            await session.flush()
            attached_as = {"attached_by": _OWNER, "category": Category.OTHER}
            session.add(Attachment(media_id=media.id, request_number="250926-001", **attached_as))
        return media.id


async def _said(sessions: Sessions, caller: Caller, media_id: int, *, as_file: bool) -> object:
    reading = Reading(sessions)
    try:
        seen = await (reading.file(caller, media_id) if as_file else reading.media(caller, media_id))
    except (MediaNotFound, MediaDeleted) as error:
        return type(error)
    return seen.id, seen.filename, seen.content_type, seen.uploaded_at


@pytest.mark.parametrize("status", [MediaStatus.ACTIVE, MediaStatus.DELETED])
@pytest.mark.parametrize(("attached", "waits"), [(False, False), (True, False), (False, True)])
async def test_a_file_is_seen_by_who_sees_its_media(
    sessions: Sessions, status: MediaStatus, *, attached: bool, waits: bool
) -> None:
    media_id = await _add(sessions, status, attached=attached, waits=waits)
    for asked in (media_id, media_id + 1, 0, 2**63):
        for caller in _CALLERS:
            file = await _said(sessions, caller, asked, as_file=True)
            assert file == await _said(sessions, caller, asked, as_file=False), (caller, asked)


async def test_a_right_that_ends_ends_at_once(sessions: Sessions) -> None:
    media_id, owner = await _add(sessions, MediaStatus.ACTIVE, attached=False, waits=False), Caller.person(7, Role.USER)
    assert await _said(sessions, owner, media_id, as_file=True) is not MediaNotFound
    async with sessions.begin() as session:
        await session.execute(text("UPDATE media SET owner = 'telegram:9'"))
    assert await _said(sessions, owner, media_id, as_file=True) is MediaNotFound


async def test_a_connection_that_broke_is_not_used_again(sessions: Sessions) -> None:
    own_end = plain(select(func.pg_terminate_backend(func.pg_backend_pid()).label("ended")))
    for _ in range(15):  # more than the pool has connections
        with pytest.raises(DBAPIError):
            await fetch_row(sessions, own_end)
        assert await fetch_row(sessions, _PID) is not None


async def test_who_stops_waiting_leaves_a_pool_that_works(sessions: Sessions) -> None:
    sleep = plain(select(func.pg_sleep(bindparam("seconds", 30.0)).label("slept")))
    for _ in range(15):  # more than the pool has connections
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await fetch_row(sessions, sleep)
    assert await fetch_row(sessions, _PID) is not None
    with pytest.raises(Exception, match="division by zero"):
        await fetch_row(sessions, plain(select((1 / bindparam("none", 0)).label("nothing"))))
    assert await fetch_row(sessions, _PID) is not None


@pytest.mark.parametrize("media_id", [0, 1, 2**31, 2**63 - 2, 2**63 - 1, 2**63, 10**30])
async def test_an_id_may_be_as_large_as_it_wants(sessions: Sessions, media_id: int) -> None:
    with pytest.raises(MediaNotFound):
        await Reading(sessions).file(_CALLERS[0], media_id)
