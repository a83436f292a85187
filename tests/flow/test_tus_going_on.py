"""Resumable uploads that are cut, taken over, restarted and left behind."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from sandbox.client import SandboxClient
from storage.domain import Purpose
from storage.intake.discarding import discard_interrupted
from storage.resumable import sha256
from storage.resumable.expiring import expire
from storage.tables import ChannelBinding, ResumableUpload, Upload
from tests.flow.archives import RunningArchive, count, eventually, running_archive
from tests.flow.http_door import OTHER, UPLOAD, open_door
from tests.flow.processes import gateway_process, sandbox_process
from tests.flow.tus import Tus, checksum, metadata, text
from web.deps import BodyTimes


@pytest.fixture
async def tus(archive: RunningArchive) -> AsyncIterator[Tus]:
    async with open_door(archive) as door:
        yield Tus(door)


async def test_a_body_cut_short_keeps_what_came(tus: Tus) -> None:
    data = text(200_000)
    url = await tus.begin(len(data))
    await tus.cut(url, 0, data[:123_457], len(data))
    assert (await tus.head(url)).offset == 123_457
    media_id = (await tus.patch(url, 123_457, data[123_457:])).media_id
    assert media_id is not None
    assert await tus.bytes_of(media_id) == data


async def test_a_cut_body_with_a_checksum_never_was(tus: Tus) -> None:
    """Nobody can say whether the bytes that came are right: none of them counts, none is shipped."""
    data = text(200_000)
    url = await tus.begin(len(data))
    await tus.patch(url, 0, data[:1000])
    await tus.cut(url, 1000, data[1000:190_000], len(data) - 1000, Upload_Checksum=checksum(data[1000:]))
    assert (await tus.head(url)).offset == 1000
    assert (await tus.door.left_over())["parts"] == 0
    assert (await tus.patch(url, 1000, data[1000:])).media_id is not None


async def test_a_slow_body_keeps_what_came_and_may_come_again(archive: RunningArchive) -> None:
    async with open_door(archive, times=BodyTimes(idle=0.2)) as door:
        tus = Tus(door)
        url = await tus.begin(1000)
        patch = await tus.open_patch(url, 0, 1000)
        await patch.send(text(1000)[:600])
        assert " 503 " in await patch.answer()
        assert (await tus.head(url)).offset == 600


async def test_asking_while_bytes_come_tells_what_is_durable(tus: Tus) -> None:
    """And does not disturb them."""
    data = text(100_000)
    url = await tus.begin(len(data))
    patch = await tus.open_patch(url, 0, len(data))
    await patch.send(data[:30_000])
    async with asyncio.timeout(5):
        while (reached := (await tus.head(url)).offset) < 30_000:
            await asyncio.sleep(0.01)
    assert reached == 30_000
    await patch.send(data[30_000:])
    assert " 204 " in await patch.answer()


async def test_asking_while_a_checksum_is_open_tells_what_was_before(tus: Tus) -> None:
    data = text(100_000)
    url = await tus.begin(len(data))
    patch = await tus.open_patch(url, 0, len(data), Upload_Checksum=checksum(data))
    await patch.send(data[:90_000])
    await asyncio.sleep(0.1)
    assert (await tus.head(url)).offset == 0
    await patch.send(data[90_000:])
    assert " 204 " in await patch.answer()


async def test_a_newcomer_takes_over_at_once(tus: Tus) -> None:
    """The connection of the first is half dead: it gets 423, its bytes stay, and nobody waits."""
    data = text(100_000)
    url = await tus.begin(len(data))
    first = await tus.open_patch(url, 0, len(data))
    await first.send(data[:40_000])
    async with asyncio.timeout(2):
        while (reached := (await tus.head(url)).offset) < 40_000:
            await asyncio.sleep(0.01)
        answer = await tus.patch(url, reached, data[reached:])
    assert answer.media_id is not None
    assert " 423 " in await first.answer()
    assert await tus.bytes_of(answer.media_id) == data


async def test_who_may_not_write_stops_nobody(tus: Tus) -> None:
    data = text(100_000)
    url = await tus.begin(len(data))
    patch = await tus.open_patch(url, 0, len(data))
    await patch.send(data[:40_000])
    await eventually(tus.is_writing)
    assert (await tus.patch(url, 40_000, data[40_000:], X_API_Key=OTHER)).status == 404
    await patch.send(data[40_000:])
    assert " 204 " in await patch.answer()


async def test_a_newcomer_at_an_old_offset_is_told_the_new_one(tus: Tus) -> None:
    url = await tus.begin(100_000)
    first = await tus.open_patch(url, 0, 100_000)
    await first.send(text(100_000)[:40_000])
    await asyncio.sleep(0.1)
    async with asyncio.timeout(2):
        answer = await tus.patch(url, 0, text(100_000))
    assert (answer.status, answer.json["offset"]) == (409, 40_000)
    assert " 423 " in await first.answer()


async def test_many_newcomers_leave_one(tus: Tus) -> None:
    data = text(60_000)
    url = await tus.begin(len(data))
    async with asyncio.timeout(10):
        answers = await asyncio.gather(*(tus.patch(url, 0, data) for _ in range(8)))
    statuses = sorted(answer.status for answer in answers)
    assert statuses.count(204) <= 1
    assert set(statuses) <= {204, 409, 413, 423}
    reached = (await tus.head(url)).offset
    if reached < len(data):
        assert (await tus.patch(url, reached, data[reached:])).status == 204
    media_id = (await tus.head(url)).media_id
    assert media_id is not None
    assert await tus.bytes_of(media_id) == data


async def test_terminating_ends_the_one_that_writes(tus: Tus) -> None:
    url = await tus.begin(100_000)
    first = await tus.open_patch(url, 0, 100_000)
    await first.send(text(100_000)[:40_000])
    await asyncio.sleep(0.05)
    async with asyncio.timeout(2):
        assert (await tus.delete(url)).status == 204
    assert " 423 " in await first.answer()
    assert (await tus.door.left_over())["spooled"] == 0


async def test_shutting_down_writes_down_what_came(archive: RunningArchive) -> None:
    data = text(100_000)
    async with open_door(archive) as door:
        tus = Tus(door)
        url = await tus.begin(len(data))
        patch = await tus.open_patch(url, 0, len(data))
        await patch.send(data[:40_000])
        await asyncio.sleep(0.1)
        async with asyncio.timeout(3):
            await door.close()
        assert " 503 " in await patch.answer()
    archive.archive.use_cases.intake.closing = False
    async with open_door(archive) as door:
        assert (await Tus(door).head(url)).offset == 40_000


@pytest.mark.parametrize("stops", [(1,), (40_000, 70_000), (59_999, 123_456, 123_457, 199_999)])
async def test_a_restart_at_any_byte(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, stops: tuple[int, ...]
) -> None:
    """Within a part, at its end, with parts in Telegram already: the media has the bytes and the digest of the file."""
    data = text(200_000)
    offset, url = 0, ""
    for stop in (*stops, len(data)):
        opened = running_archive(database_url, sandbox, tmp_path, part_size="64KiB")
        async with opened as archive, open_door(archive) as door:
            tus = Tus(door)
            url = url or await tus.begin(len(data))
            assert (await tus.head(url)).offset == offset
            _, shown = await door.get(f"{UPLOAD}/progress/{url.rpartition('/')[2]}")
            assert (shown["received_bytes"], shown["total_bytes"]) == (offset, len(data))
            answer = await tus.patch(url, offset, data[offset:stop])
            offset = answer.offset
            if answer.media_id is not None:
                assert await tus.bytes_of(answer.media_id) == data
                async with asyncio.timeout(10):
                    while shown["phase"] != "done":
                        _, shown = await door.get(f"{UPLOAD}/progress/{url.rpartition('/')[2]}")
                assert shown["stored_parts"] == shown["total_parts"]
                left = await door.left_over()
                assert (left["spool"], left["spooled"]) == (0, 0)
    assert answer.media_id is not None


async def test_without_a_digest_that_can_be_resumed(archive: RunningArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another Python may lack it: the bytes are then kept until the last came, and taken in from there."""
    monkeypatch.setattr(sha256, "available", False)
    data = text(200_000)
    async with open_door(archive) as door:
        tus = Tus(door)
        url = await tus.begin(len(data))
        for start, stop in ((0, 90_001), (90_001, 200_000)):
            answer = await tus.patch(url, start, data[start:stop])
            await archive.archive.use_cases.resumable.live.let_all_go()
        assert answer.media_id is not None
        assert await tus.bytes_of(answer.media_id) == data
        assert (await tus.head(url)).media_id == answer.media_id
        assert (await door.left_over())["uploads"] == 1


async def test_what_was_not_told_is_cut_at_a_restart(archive: RunningArchive) -> None:
    async with open_door(archive) as door:
        tus = Tus(door)
        url = await tus.begin(100_000)
        await tus.patch(url, 0, text(100_000)[:30_000])
        name = archive.spooled_files()[0]
        with (archive.spool / name).open("ab") as spooled:
            spooled.write(bytes(5000))
        (archive.spool / name.replace(".000000", ".000001")).write_bytes(bytes(100))
        await archive.archive.use_cases.resumable.live.let_all_go()
        await discard_interrupted(archive.archive.sessions, archive.archive.spool, "test")
        assert [(archive.spool / found).stat().st_size for found in archive.spooled_files()] == [30_000]
        assert (await tus.patch(url, 30_000, text(100_000)[30_000:])).media_id is not None


async def test_bytes_that_are_lost_end_the_upload(archive: RunningArchive) -> None:
    async with open_door(archive) as door:
        tus = Tus(door)
        url = await tus.begin(100_000)
        await tus.patch(url, 0, text(100_000)[:30_000])
        await archive.archive.use_cases.resumable.live.let_all_go()
        os.truncate(archive.spool / archive.spooled_files()[0], 100)
        answer = await tus.patch(url, 30_000, b"x")
        assert (answer.status, answer.json["reason"]) == (410, "lost")
        assert (await tus.head(url)).status == 410
        assert archive.spooled_files() == []


async def test_without_a_channel_the_last_byte_waits(archive: RunningArchive) -> None:
    """The offset never equals the length before the file is a media; who asks again tries again."""
    async with open_door(archive) as door:
        tus = Tus(door)
        said = metadata(filename="n.txt", category="access_plate")
        await _move_channels(archive, Purpose.ACCESS, Purpose.BACKUP)
        url = await tus.begin(1000, Upload_Metadata=said)
        assert (await tus.patch(url, 0, text(1000))).code == "channel_not_bound"
        assert (await tus.head(url)).status == 503
        await _move_channels(archive, Purpose.BACKUP, Purpose.ACCESS)
        assert (await tus.head(url)).media_id is not None


async def test_an_expired_upload_is_gone_and_leaves_nothing(tus: Tus) -> None:
    archive = tus.door.running.archive
    url = await tus.begin(300_000)
    await tus.patch(url, 0, text(300_000)[:200_000])
    async with archive.sessions.begin() as session:
        await session.execute(update(ResumableUpload).values(expires_at=archive.use_cases.intake.clock.now()))
    for _ in range(2):
        assert (await tus.head(url)).status == 410
        assert (await tus.patch(url, 200_000, b"x")).json["reason"] == "expired"
        await expire(archive.use_cases.resumable)
    left = await tus.door.left_over()
    assert (left["uploads"], left["parts"], left["spool"], left["spooled"]) == (0, 0, 0, 0)
    async with archive.sessions.begin() as session:
        long_ago = archive.use_cases.intake.clock.now().replace(year=2020)
        await session.execute(update(ResumableUpload).values(ended_at=long_ago))
    await expire(archive.use_cases.resumable)
    assert await count(tus.door.running, ResumableUpload) == 0
    assert (await tus.head(url)).status == 404


async def test_what_is_written_to_does_not_expire(tus: Tus) -> None:
    archive = tus.door.running.archive
    url = await tus.begin(1000)
    patch = await tus.open_patch(url, 0, 1000)
    await patch.send(text(1000)[:500])
    async with asyncio.timeout(5):
        while (await tus.head(url)).offset < 500:
            await asyncio.sleep(0.01)
    async with archive.sessions.begin() as session:
        await session.execute(update(ResumableUpload).values(expires_at=archive.use_cases.intake.clock.now()))
    await expire(archive.use_cases.resumable)
    await patch.send(text(1000)[500:])
    assert " 204 " in await patch.answer()
    assert await count(tus.door.running, Upload) == 1


async def test_kill_dash_nine_in_the_middle_of_a_body(open_path: Path) -> None:
    """What was told is there, the rest comes again, and the file is whole."""
    data = text(3_000_000)
    (open_path / "sandbox").mkdir()
    (open_path / "gateway").mkdir()
    async with (
        sandbox_process(open_path / "sandbox") as api_url,
        gateway_process(open_path / "gateway", api_url) as gateway,
    ):
        tus = Tus(_At(gateway.url, gateway.port))  # type: ignore[arg-type]
        url = await tus.begin(len(data))
        told = 0
        for kill_at in (700_001, 1_900_000):
            patch = await tus.open_patch(url, told, len(data) - told)
            await patch.send(data[told:kill_at])
            async with asyncio.timeout(10):
                while (heard := (await tus.head(url)).offset) < kill_at:
                    await asyncio.sleep(0.02)
            await patch.send(data[kill_at : kill_at + 100_000])
            await gateway.kill()
            patch.hang_up()
            await gateway.start()
            told = (await tus.head(url)).offset
            assert heard <= told <= kill_at + 100_000
        answer = await tus.patch(url, told, data[told:])
        assert answer.media_id is not None
        read = await tus.get(f"/api/v1/media/{answer.media_id}/file")
        assert read == data
        assert (await tus.head(url)).media_id == answer.media_id


class _At:
    """As much of a door as a client needs."""

    def __init__(self, url: str, port: int) -> None:
        self.url = url
        self.port = port


async def _move_channels(running: RunningArchive, of: Purpose, to: Purpose) -> None:
    async with running.archive.sessions.begin() as session:
        await session.execute(delete(ChannelBinding).where(ChannelBinding.purpose == to))
        await session.execute(update(ChannelBinding).where(ChannelBinding.purpose == of).values(purpose=to))
