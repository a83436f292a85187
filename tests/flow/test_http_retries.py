"""`Idempotency-Key`: what is sent twice is kept once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from storage.clock import SystemClock
from storage.domain import UploadPhase
from storage.intake.idempotency import Idempotency
from storage.tables import IdempotencyKey, Upload
from tests.flow.archives import some_bytes
from tests.flow.conftest import RunningArchive, eventually
from tests.flow.http_door import OTHER, UPLOAD, Door, Field, open_door

TEXT = b"Some text.\n"


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


async def media_count(door: Door) -> int:
    return (await door.left_over())["media"]


async def test_a_retry_gets_the_first_result(door: Door) -> None:
    first = await door.send(TEXT, Idempotency_Key="k1")
    async with door.client.post(
        f"{UPLOAD}/stream", data=TEXT, headers={"Content-Type": "text/plain", "Idempotency-Key": "k1"}
    ) as response:
        assert response.headers["Idempotency-Replayed"] == "true"
        assert (response.status, await response.json()) == first
    assert first[0] == 201
    assert await media_count(door) == 1


async def test_forms_are_known_by_their_fields_and_files(door: Door) -> None:
    fields: list[Field] = [("tags", "a"), ("file", ("a.txt", some_bytes(150_000)))]
    first = await door.send_form(*fields, Idempotency_Key="k1")
    assert await door.send_form(*reversed(fields), Idempotency_Key="k1") == first
    others: list[list[Field]] = [
        [("tags", "b"), fields[1]],
        [fields[0], ("file", ("a.txt", TEXT))],
        fields[1:],
    ]
    for other in others:
        status, answer = await door.send_form(*other, Idempotency_Key="k1")
        assert (status, answer["code"]) == (422, "idempotency_mismatch")
    assert await media_count(door) == 1


async def test_several_files_are_kept_once(door: Door) -> None:
    files = [("files", ("a.txt", TEXT)), ("files", ("bad", b"MZ" + bytes(500))), ("files", ("c.txt", b"c\n"))]
    first = await door.send_form(*files, path=f"{UPLOAD}/multiple", Idempotency_Key="k1")
    assert first[0] == 207
    assert await door.send_form(*files, path=f"{UPLOAD}/multiple", Idempotency_Key="k1") == first
    assert await media_count(door) == 2


async def test_other_parameters_are_refused(door: Door) -> None:
    await door.send(TEXT, Idempotency_Key="k1")
    status, answer = await door.send(TEXT, path=f"{UPLOAD}/stream?tags=x", Idempotency_Key="k1")
    assert (status, answer["code"]) == (422, "idempotency_mismatch")
    status, answer = await door.send(TEXT + b"x", Idempotency_Key="k1")
    assert (status, answer["code"]) == (422, "idempotency_mismatch")


async def test_keys_are_each_callers_own(door: Door) -> None:
    await door.send(TEXT, Idempotency_Key="k1")
    assert (await door.send(TEXT + b"x", Idempotency_Key="k1", X_API_Key=OTHER))[0] == 201
    assert await media_count(door) == 2


async def test_while_the_first_runs_a_second_is_told_so(door: Door) -> None:
    go_on = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield TEXT
        await go_on.wait()

    headers = {"Content-Type": "text/plain", "Idempotency-Key": "k1"}
    first = asyncio.create_task(_status(door, slowly(), headers))
    await eventually(lambda: _has_rows(door))
    status, answer = await door.send(TEXT, Idempotency_Key="k1")
    assert (status, answer["code"]) == (409, "idempotency_running")
    go_on.set()
    assert await first == 201


async def _status(door: Door, data: AsyncIterator[bytes], headers: dict[str, str]) -> int:
    async with door.client.post(f"{UPLOAD}/stream", data=data, headers=headers) as response:
        return response.status


async def _has_rows(door: Door) -> bool:
    return (await door.left_over())["idempotency_keys"] > 0


async def test_a_failure_frees_the_key(door: Door) -> None:
    assert (await door.send(b"", Idempotency_Key="k1"))[0] == 400
    assert await door.is_clean()
    assert (await door.send(TEXT, Idempotency_Key="k1"))[0] == 201


async def _as_if_killed(door: Door) -> None:
    """The row as a process leaves it that was killed before it could say what became of the call."""
    async with door.running.archive.sessions.begin() as session:
        rows = await session.scalars(update(IdempotencyKey).values(status=None).returning(IdempotencyKey))
        for row in rows:
            assert row.body is not None
            row.body = {"tokens": row.body["tokens"]}


async def test_after_a_kill_a_retry_finds_what_was_kept(archive: RunningArchive) -> None:
    """Acknowledged in the database, but the answer and the row's result were lost."""
    async with open_door(archive) as door:
        _, first = await door.send(TEXT, Idempotency_Key="k1")
        await door.send_form(
            ("files", ("a.txt", TEXT)), ("files", ("b.txt", b"b\n")), path=f"{UPLOAD}/multiple", Idempotency_Key="k2"
        )
        await _as_if_killed(door)
        assert (await door.send(TEXT, Idempotency_Key="k1"))[0] == 409
        reborn = Idempotency(sessions=archive.archive.sessions, node="test", clock=SystemClock())
    async with open_door(archive, idempotency=reborn) as door:
        status, again = await door.send(TEXT, Idempotency_Key="k1")
        assert (status, again["media_file_id"]) == (201, first["media_file_id"])
        status, several = await door.send_form(
            ("files", ("a.txt", TEXT)), ("files", ("b.txt", b"b\n")), path=f"{UPLOAD}/multiple", Idempotency_Key="k2"
        )
        assert (status, len(several)) == (201, 2)
        assert await media_count(door) == 3
        assert (await door.send(TEXT, Idempotency_Key="k1"))[1]["media_file_id"] == first["media_file_id"]


async def test_after_a_kill_in_the_middle_a_retry_runs(archive: RunningArchive) -> None:
    async with open_door(archive) as door:
        await door.send(TEXT, Idempotency_Key="k1")
        await _as_if_killed(door)
        async with archive.archive.sessions.begin() as session:
            await session.execute(
                update(IdempotencyKey).values(body={"tokens": ["00000000-0000-4000-8000-000000000001"]})
            )
        idempotency = Idempotency(sessions=archive.archive.sessions, node="test", clock=SystemClock())
    async with open_door(archive, idempotency=idempotency) as door:
        assert (await door.send(TEXT, Idempotency_Key="k1"))[0] == 201
        assert await media_count(door) == 2


async def _later(archive: RunningArchive, after: timedelta) -> None:
    """As if so much time had passed; what is swept then."""
    async with archive.archive.sessions.begin() as session:
        aged = {"created_at": IdempotencyKey.created_at - after, "began_at": IdempotencyKey.began_at - after}
        await session.execute(update(IdempotencyKey).values(**aged))
        ended = {"created_at": Upload.created_at - after, "finished_at": Upload.finished_at - after}
        await session.execute(update(Upload).values(**ended))
    await archive.archive.sweeper.sweep()


async def test_keys_are_forgotten_after_a_day(archive: RunningArchive) -> None:
    async with open_door(archive) as door:
        await door.send(TEXT, Idempotency_Key="k1")
        await _later(archive, timedelta(hours=23))
        assert await _has_rows(door)
        await _later(archive, timedelta(hours=1, seconds=1))
        assert not await _has_rows(door)


async def test_a_retry_long_after_a_kill_finds_what_was_kept(archive: RunningArchive) -> None:
    """Uploads are swept an hour after their end, but not while the call they belong to has no result."""
    async with open_door(archive) as door:
        _, first = await door.send(TEXT, Idempotency_Key="k1")
        await door.send(b"Another text.\n")
        await eventually(lambda: _all_done(door))
        await _as_if_killed(door)
        reborn = Idempotency(sessions=archive.archive.sessions, node="test", clock=SystemClock())
    await _later(archive, timedelta(hours=5))
    async with open_door(archive, idempotency=reborn) as door:
        status, again = await door.send(TEXT, Idempotency_Key="k1")
        assert (status, again["media_file_id"]) == (201, first["media_file_id"])
        assert (await door.left_over())["uploads"] == 2
        await _later(archive, timedelta(hours=1))
        assert (await door.left_over())["uploads"] == 0


async def test_a_call_that_runs_is_not_forgotten(archive: RunningArchive) -> None:
    """However long it takes; what a node left that never came back is, after a week."""
    async with open_door(archive) as door:
        await door.send(TEXT, Idempotency_Key="k1")
        await eventually(lambda: _all_done(door))
        await _as_if_killed(door)
        await _later(archive, timedelta(days=2))
        left = await door.left_over()
        assert (left["idempotency_keys"], left["uploads"]) == (1, 1)
        await _later(archive, timedelta(days=5, seconds=1))
        await archive.archive.sweeper.sweep()
        left = await door.left_over()
        assert (left["idempotency_keys"], left["uploads"]) == (0, 0)


async def _all_done(door: Door) -> bool:
    async with door.running.archive.sessions.begin() as session:
        return not (await session.scalars(select(Upload).where(Upload.phase != UploadPhase.DONE))).all()
