"""Files that end at the same time: acknowledged in shared transactions, and on their way at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import Text, cast, column, func, select

from storage.callers.keys import KeyTerms
from storage.domain import PartState, Quota, Scope
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
    xmin = cast(column("xmin"), Text)
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
