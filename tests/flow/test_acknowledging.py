"""Files that end at the same time: acknowledged in shared transactions, and on their way at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import cast

import pytest
from sqlalchemy import Text, column, func, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncSession

from storage.callers.keys import KeyTerms
from storage.database import Sessions
from storage.details import NO_DETAILS
from storage.domain import Caller, PartState, Quota, Scope
from storage.engine.fresh import FreshParts
from storage.engine.ship_work import ShipDesk
from storage.engine.shipping import Shipper
from storage.intake.arrivals import Arrival
from storage.intake.taking_in import Intake
from storage.tables import Attachment, Audit, Media, Part
from tests.flow.conftest import RunningArchive, eventually
from tests.flow.http_door import UPLOAD, Door, open_door

TERMS = KeyTerms(name="crm", scopes=frozenset(Scope))
NUMBER = "250926-001"


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


async def transactions(door: Door) -> int:
    """How many made the media that are there."""
    xmin = sql_cast(column("xmin"), Text)
    async with door.running.archive.sessions.begin() as session:
        return await session.scalar(select(func.count(xmin.distinct())).select_from(Media)) or 0


async def test_files_that_end_together_share_transactions_and_keep_what_is_their_own(door: Door) -> None:
    numbered = f"{UPLOAD}/stream?request_number={NUMBER}"
    answers = await asyncio.gather(
        *(door.send(b"text %d" % n * 20, X_Request_ID=f"call-{n}") for n in range(20)),
        *(door.send(b"report %d" % n * 20, path=numbered, X_Request_ID=f"call-{n}") for n in range(20, 24)),
    )
    assert {status for status, _ in answers} <= {201, 202}
    assert await transactions(door) < 24
    ids = [answer["media_file_id"] for _, answer in answers]
    async with door.running.archive.sessions.begin() as session:
        attached = set(await session.scalars(select(Attachment.media_id)))
        told = select(Audit.media_id, Audit.request_id).where(Audit.action == "taken_in")
        calls = {row.media_id: row.request_id for row in await session.execute(told)}
        linked = set(await session.scalars(select(Audit.request_id).where(Audit.action == "attached")))
    assert attached == set(ids[20:])
    assert calls == {media_id: f"call-{n}" for n, media_id in enumerate(ids)}
    assert linked == {f"call-{n}" for n in range(20, 24)}


async def test_a_neighbour_over_its_quota_fails_alone(door: Door) -> None:
    _, secret = await door.deps.keys.create(replace(TERMS, quota=Quota(day_files=2)), by="tests")
    limited = [door.send(b"limited %d" % n * 20, X_API_Key=secret) for n in range(5)]
    free = [door.send(b"free %d" % n * 20) for n in range(5)]
    answers = await asyncio.gather(*(call for pair in zip(limited, free, strict=True) for call in pair))
    assert sorted(status for status, _ in answers[::2])[2:] == [429] * 3
    assert {status for status, _ in answers[1::2]} <= {201, 202}
    assert (await door.left_over())["media"] == 7


async def test_of_the_same_bytes_sent_together_one_is_the_first(door: Door) -> None:
    answers = await asyncio.gather(*(door.send(b"the same" * 20) for _ in range(6)))
    ids = {answer["media_file_id"] for _, answer in answers}
    async with door.running.archive.sessions.begin() as session:
        firsts = (await session.scalars(select(Media.duplicate_of).order_by(Media.id))).all()
    assert firsts == [None, *[min(ids)] * 5]


async def test_what_cannot_go_at_once_goes_by_a_job(door: Door) -> None:
    """Telegram asks to wait: the part arrives all the same, and without the minute's sweep."""
    await door.running.sandbox.add_fault("flood", method="sendDocument", retry_after=2, count=1)
    status, _ = await door.send(b"text" * 20, Prefer="respond-async")
    assert status == 202

    async def stored() -> bool:
        async with door.running.archive.sessions.begin() as session:
            return await session.scalar(select(Part.state)) is PartState.STORED

    await eventually(stored)


class LostAnswers:
    """Sessions whose commits from the ``first`` one on are not heard of; ``away``: and then nothing answers."""

    def __init__(self, inner: Sessions, *, first: int, away: bool) -> None:
        self._inner = inner
        self._left = first
        self._away = away

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        if self._away and self._left < 0:
            raise ConnectionRefusedError("nobody is there")
        async with self._inner.begin() as session:
            yield session
        self._left -= 1
        if self._left == -1:
            raise ConnectionResetError("the answer was lost")


@pytest.mark.parametrize("away", [False, True])
async def test_a_file_whose_acknowledgement_nobody_heard_of_keeps_its_bytes(door: Door, away: bool) -> None:
    known = door.deps.use_cases.intake
    lossy = LostAnswers(known.sessions, first=0, away=away)
    shut = FreshParts(
        sessions=known.sessions,
        shipper=cast("Shipper", None),
        desk=ShipDesk(first_bot=1, channel_most=1000),
        clock=known.clock,
        node="nobody's",
    )
    intake = Intake(
        sessions=cast("Sessions", lossy),
        spool=known.spool,
        board=known.board,
        limits=known.limits,
        clock=known.clock,
        fresh=shut,
        node="nobody's",  # no job of ours ships it meanwhile
    )
    caller = Caller.service("tests", frozenset(Scope))
    arrival = Arrival(caller=caller, filename="a.txt", declared_type=None, details=NO_DETAILS)
    with suppress(ConnectionResetError):
        async with intake.begin(arrival) as upload:
            await upload.write(b"text" * 20)
            accepted = await upload.accept(await upload.finish(), NO_DETAILS)
            assert accepted.media.file_size == 80
    assert upload.accepted is not away, "it says so where it could find out"
    left = await door.left_over()
    assert (left["media"], left["parts"], left["spool"]) == (1, 1, 1)
