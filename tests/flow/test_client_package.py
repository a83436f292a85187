"""The client package against the served application, also over connections that are cut."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from mediagate_client import (
    Gone,
    Mediagate,
    NotFound,
    NotReached,
    Refused,
    Spoilt,
    Unauthorized,
    Unavailable,
    verify_webhook,
)
from mediagate_client.legacy import MediaServiceClient
from mediagate_client.sources import Watched, source_of
from standardwebhooks import Webhook

from tests import media
from tests.flow.archives import RunningArchive
from tests.flow.cutting import CuttingProxy
from tests.flow.http_door import KEY, Door, open_door
from tests.flow.tus import text

README = Path(__file__).parents[2] / "clients" / "python" / "README.md"
DATA = text(3_000_000)
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


@pytest.fixture
async def client(door: Door) -> AsyncIterator[Mediagate]:
    async with Mediagate(door.url, key=KEY) as opened:
        yield opened


def through(proxy: CuttingProxy) -> Mediagate:
    return Mediagate(f"http://127.0.0.1:{proxy.port}", key=KEY)


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 100_000):
        yield data[start : start + 100_000]


async def test_a_file_goes_there_and_back(client: Mediagate, tmp_path: Path) -> None:
    path = tmp_path / "заявка.txt"
    path.write_bytes(DATA)
    told: list[tuple[int, int | None]] = []
    kept = await client.upload(
        path,
        request_number="250926-001",
        description="leak",
        tags=["urgent", "roof"],
        on_progress=lambda sent, size: told.append((sent, size)),
    )
    assert (kept.media.filename, kept.media.sha256, kept.media.tags) == ("заявка.txt", SHA256, ("urgent", "roof"))
    assert kept.media.request_numbers == ("250926-001",)
    assert not kept.existing
    assert told[-1] == (len(DATA), len(DATA))
    back: list[int] = []
    copy = await client.download(kept.media.id, tmp_path / "copy.txt", on_progress=lambda at, _all: back.append(at))
    assert copy.read_bytes() == DATA
    assert back[-1] == len(DATA)
    assert sorted(file.name for file in tmp_path.iterdir() if file.is_file()) == ["copy.txt", "заявка.txt"]
    assert b"".join([chunk async for chunk in client.stream(kept.media.id, 10, 1_500_010)]) == DATA[10:1_500_010]


async def test_bytes_open_files_and_streams(client: Mediagate, tmp_path: Path) -> None:
    path = tmp_path / "open.txt"
    path.write_bytes(DATA)
    with path.open("rb") as file:
        from_file = await client.upload(file)
    from_bytes = await client.upload(DATA, filename="bytes.txt")
    from_stream = await client.upload(in_pieces(DATA), filename="stream.txt")
    assert [one.media.sha256 for one in (from_file, from_bytes, from_stream)] == [SHA256] * 3
    assert from_file.media.filename == "open.txt"
    known = await client.upload(DATA, filename="again.txt", return_duplicate=True)
    assert known.existing
    assert known.media.id in {one.media.id for one in (from_file, from_bytes, from_stream)}


async def test_finding_and_changing(client: Mediagate) -> None:
    ids = [(await client.upload(text(1000 + n), filename=f"roof{n}.txt", tags=["found"])).media.id for n in range(5)]
    found = [media.id async for media in client.search_all("roof", tags=["found"], limit=2)]
    assert found == ids[::-1]
    attached = await client.attach(ids[0], "250926-007")
    assert attached.request_numbers == ("250926-007",)
    assert [media.id for media in await client.of_request("250926-007")] == [ids[0]]
    await client.detach(ids[0], "250926-007")
    assert await client.of_request("250926-007") == []
    assert (await client.update(ids[0], description="new")).description == "new"
    link = await client.link(ids[0], expires_in=600)
    assert "/d/" in link.url
    assert link.expires_at > datetime.now(UTC)
    await client.delete(ids[0])
    await client.delete(ids[0])
    with pytest.raises(Gone) as gone:
        await client.get(ids[0])
    assert gone.value.code == "media_deleted"


async def test_what_is_refused_says_what_to_do(client: Mediagate, door: Door) -> None:
    with pytest.raises(NotFound):
        await client.get(999_999)
    with pytest.raises(Refused) as refused:
        await client.upload(b"text", filename="a.txt", request_number="nonsense")
    assert (refused.value.status, refused.value.code) == (422, "invalid_request_number")
    assert refused.value.request_id
    async with Mediagate(door.url, key="wrong") as stranger:
        with pytest.raises(Unauthorized):
            await stranger.get(1)


async def test_a_lost_answer_is_no_second_file(door: Door) -> None:
    async with CuttingProxy(door.port, 2).serving() as proxy, through(proxy) as client:
        kept = await client.upload(DATA, filename="cut.txt")
        assert kept.media.sha256 == SHA256
        assert proxy.cuts_left == 0
        assert (await client.search("cut")).total_count == 1


async def test_a_file_is_closed_however_its_sending_ends(tmp_path: Path, unused_tcp_port: int) -> None:
    """A request that breaks leaves its body where it was, so what the body reads is not the body's to close."""
    path = tmp_path / "cut.txt"
    path.write_bytes(DATA)
    body = Watched(source_of(path), 0, None)
    with body.opened() as chunks:
        assert await anext(chunks) == DATA[: 1024 * 1024]
    with pytest.raises(ValueError, match="closed file"):
        await anext(chunks)
    async with Mediagate(f"http://127.0.0.1:{unused_tcp_port}", key=KEY, tries=1) as client:
        with pytest.raises(NotReached):
            await client.upload(path)
    with path.open("rb") as file:
        with Watched(source_of(file), 10, None).opened() as chunks:
            assert await anext(chunks) == DATA[10 : 10 + 1024 * 1024]
        assert not file.closed, "who opened it closes it"


async def test_the_readme_s_example_runs(door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands there, but for the address and the key."""
    source = README.read_text("utf-8").partition("```python\n")[2].partition("```")[0]
    source = source.replace("https://media.example", door.url).replace('"…"', repr(KEY))
    body = source[source.index("async with") :]
    monkeypatch.chdir(tmp_path)
    for name in ("leak.mp4", "tour.mov"):
        media.video(tmp_path).rename(tmp_path / name)
    addresses: list[str] = []
    said: dict[str, Any] = {"remember": addresses.append}
    async with asyncio.timeout(60):
        exec(source[: source.index("async with")] + f"async def example():\n{indent(body, '    ')}", said)
        await said["example"]()
    assert (tmp_path / "copy.mp4").read_bytes() == (tmp_path / "leak.mp4").read_bytes()
    assert addresses[0].startswith("/api/v1/uploads/")
    async with Mediagate(door.url, key=KEY) as client:
        (kept,) = await client.of_request("250926-002")
    assert (kept.filename, kept.tags) == ("leak.mp4", ("urgent",))


async def test_a_large_file_goes_on_where_it_stopped(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "tour.txt"
    path.write_bytes(DATA)
    created: list[str] = []
    async with CuttingProxy(door.port, 4).serving() as proxy:
        async with through(proxy) as client:
            kept = await client.upload_resumable(path, tags=["tour"], on_created=created.append)
        assert (kept.media.sha256, kept.media.tags, kept.media.filename) == (SHA256, ("tour",), "tour.txt")
    async with Mediagate(door.url, key=KEY) as client:
        again = await client.upload_resumable(path, resume=created[0])
        assert again.media.id == kept.media.id
        assert (await client.progress(created[0].rpartition("/")[2])).phase in {"storing", "done"}


async def test_a_download_goes_on_where_it_stopped(door: Door, client: Mediagate, tmp_path: Path) -> None:
    kept = await client.upload(DATA, filename="long.txt")
    async with CuttingProxy(door.port, 3, answers=True).serving() as proxy, through(proxy) as reader:
        copy = await reader.download(kept.media.id, tmp_path / "copy.txt")
        assert proxy.cuts_left == 0
    assert copy.read_bytes() == DATA


async def test_nobody_there(unused_tcp_port: int, tmp_path: Path) -> None:
    async with Mediagate(f"http://127.0.0.1:{unused_tcp_port}", key=KEY, tries=2) as client:
        with pytest.raises(NotReached):
            await client.get(1)
        with pytest.raises(NotReached):
            await client.upload(in_pieces(DATA), filename="a.txt")
        with pytest.raises(FileNotFoundError):
            await client.upload(tmp_path / "missing.txt")


async def test_a_full_spool_is_a_reason_to_wait(door: Door, client: Mediagate) -> None:
    door.running.archive.spool._max_bytes = 1
    async with Mediagate(door.url, key=KEY, tries=1) as impatient:
        with pytest.raises(Unavailable) as busy:
            await impatient.upload(DATA, filename="a.txt")
    assert busy.value.retry_after


async def test_the_names_of_the_predecessor(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "photo.txt"
    path.write_bytes(DATA)
    async with MediaServiceClient(door.url, KEY) as client:
        request = await client.upload_request_media("250926-001", path, category="request_document", uploaded_by=42)
        report = await client.upload_report_media("250926-001", DATA, report_type="report_document", filename="r.txt")
        assert (request["uploaded_by"], report["category"]) == (42, "report_document")
        found = await client.get_request_media("250926-001")
        assert {one["id"] for one in found} == {request["id"], report["id"]}
        assert "/d/" in await client.get_media_url(request["id"])
        assert [one["id"] for one in await client.search_media("photo")] == [request["id"]]
        assert await client.delete_media(request["id"])
        assert not await client.delete_media(999_999)


def test_events_are_checked() -> None:
    secret = "whsec_" + base64.b64encode(b"0" * 24).decode()
    body = json.dumps({"type": "media.stored", "timestamp": "2025-09-26T10:00:00Z", "data": {"id": 17}})
    now = datetime.now(UTC)
    headers = {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("msg_1", now, body),
    }
    event = verify_webhook(body, headers, secret)
    assert (event.id, event.type, event.data) == ("msg_1", "media.stored", {"id": 17})
    with pytest.raises(Spoilt):
        verify_webhook(body.replace("17", "18"), headers, secret)
    with pytest.raises(Spoilt):
        verify_webhook(body, {**headers, "Webhook-Id": "msg_2"}, secret)
    for minutes in (-10, 10):
        at = now + timedelta(minutes=minutes)
        signature = Webhook(secret).sign("msg_1", at, body)
        stamped = {"Webhook-Timestamp": str(int(at.timestamp())), "Webhook-Signature": signature}
        with pytest.raises(Spoilt, match="timestamp"):
            verify_webhook(body, {**headers, **stamped}, secret)
