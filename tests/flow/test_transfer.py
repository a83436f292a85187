"""`mediagate put` and `get` against a small real server that can cut, lie and refuse."""

import asyncio
import fcntl
import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web as aioweb
from aiohttp.test_utils import TestServer

from gateway import http_client
from gateway.transfer import Server, TransferError, get, put

KEY = "test-key"
BYTES = bytes(range(256)) * 12_000  # 3 MB, about three chunks
ETAG = '"v1"'


class Gateway:
    """A server of one media, with switches for what goes wrong."""

    def __init__(self) -> None:
        self.kept = BYTES
        self.told_sha256: str | None = hashlib.sha256(BYTES).hexdigest()
        self.told_size: int | None = len(BYTES)
        self.filename = "clip.mp4"
        self.etag: str | None = ETAG
        self.delivery = "http"
        self.cut_after: int | None = None
        self.refuse_after: int | None = None
        self.received: list[tuple[dict[str, str], int, str]] = []
        self.read_bytes = 0
        self.ranges: list[str | None] = []

    def app(self) -> aioweb.Application:
        app = aioweb.Application(middlewares=[_guard])
        app.router.add_post("/api/v1/streaming/upload/stream", self.take, expect_handler=_decide_later)
        app.router.add_get("/api/v1/media/17", self.show)
        app.router.add_get("/api/v1/media/17/file", self.send)
        return app

    async def take(self, request: aioweb.Request) -> aioweb.Response:
        if request.headers.get("Expect") and request.transport:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        digest = hashlib.sha256()
        async for chunk in request.content.iter_any():
            self.read_bytes += len(chunk)
            digest.update(chunk)
            if self.refuse_after is not None and self.read_bytes > self.refuse_after:
                return problem(413, "file_too_large", "larger than 1 MiB")
        self.received.append((dict(request.query), request.content_length or -1, digest.hexdigest()))
        return aioweb.json_response({"success": True, "media_file_id": 17}, status=201)

    async def show(self, _request: aioweb.Request) -> aioweb.Response:
        url = "/api/v1/media/17/file" if self.delivery == "http" else None
        about = {"id": 17, "filename": self.filename, "file_size": self.told_size, "file_url": url}
        return aioweb.json_response(about | {"sha256": self.told_sha256})

    async def send(self, request: aioweb.Request) -> aioweb.StreamResponse:
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        start = 0
        if asked and request.headers.get("If-Range") == self.etag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        response = aioweb.StreamResponse(status=206 if start else 200)
        if self.etag:
            response.headers["ETag"] = self.etag
        if start:
            response.headers["Content-Range"] = f"bytes {start}-{len(self.kept) - 1}/{len(self.kept)}"
        body = self.kept[start:]
        response.content_length = len(body)
        await response.prepare(request)
        if self.cut_after is not None:
            await response.write(body[: self.cut_after])
            await asyncio.sleep(0.05)  # what a client has not read when the connection ends is lost to it
            assert request.transport
            request.transport.close()
        else:
            await response.write(body)
        return response


async def _decide_later(_request: aioweb.Request) -> None:
    """The handler sends 100 Continue itself, once nothing in the headers is wrong."""


@aioweb.middleware
async def _guard(request: aioweb.Request, handler: Any) -> aioweb.StreamResponse:
    if request.headers.get("X-API-Key") != KEY:
        return problem(401, "unauthenticated", "this key is not known")
    try:
        answer: aioweb.StreamResponse = await handler(request)
    except aioweb.HTTPNotFound:
        return problem(404, "media_not_found", "there is no such media")
    return answer


def problem(status: int, code: str, detail: str) -> aioweb.Response:
    body = {"status": status, "code": code, "detail": detail, "title": "refused"}
    return aioweb.json_response(body, status=status, content_type="application/problem+json")


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
async def server(gateway: Gateway) -> AsyncIterator[Server]:
    async with TestServer(gateway.app()) as running:
        yield Server(url=str(running.make_url("/")), api_key=KEY)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "отчёт №1.bin"
    path.write_bytes(BYTES)
    return path


async def test_put_sends_the_bytes_and_the_fields(gateway: Gateway, server: Server, source: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    answer = await put(
        server,
        source,
        request_number="250926-001",
        category="other",
        tags=["a", "b"],
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert answer == {"success": True, "media_file_id": 17}
    fields = {"filename": source.name, "request_number": "250926-001", "category": "other", "tags": "a,b"}
    assert gateway.received == [(fields, len(BYTES), hashlib.sha256(BYTES).hexdigest())]
    assert seen[-1] == (len(BYTES), len(BYTES))
    assert seen == sorted(seen)
    assert len(seen) == 3


async def test_put_holds_a_few_chunks_whatever_the_size(gateway: Gateway, server: Server, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(100 << 20)
    tracemalloc.start()
    try:
        await put(server, large)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert gateway.read_bytes == 100 << 20
    assert peak < 16 << 20


async def test_put_of_an_unknown_key_is_refused_before_the_bytes_go(
    gateway: Gateway, server: Server, source: Path
) -> None:
    with pytest.raises(TransferError, match=r"this key is not known \(401 unauthenticated\)") as caught:
        await put(Server(url=server.url, api_key="wrong"), source)
    assert (caught.value.status, caught.value.code) == (401, "unauthenticated")
    assert gateway.read_bytes == 0


async def test_put_that_is_refused_on_its_way_says_why(gateway: Gateway, server: Server, tmp_path: Path) -> None:
    gateway.refuse_after = 1 << 20
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(20 << 20)
    with pytest.raises(TransferError, match=r"larger than 1 MiB \(413 file_too_large\)"):
        await put(server, large)


async def test_put_of_what_cannot_be_read(server: Server, tmp_path: Path) -> None:
    with pytest.raises(TransferError, match="absent cannot be read: No such file"):
        await put(server, tmp_path / "absent")


async def test_put_of_a_file_that_shrinks_says_so(server: Server, source: Path) -> None:
    def shrink(_done: int, _total: int | None) -> None:
        with source.open("r+b") as file:
            file.truncate(1 << 20)

    with pytest.raises(TransferError, match="became shorter while it was sent"):
        await put(server, source, on_progress=shrink)


async def test_get_fetches_checks_and_names_the_file(gateway: Gateway, server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    fetched = await get(server, 17, tmp_path, on_progress=lambda done, total: seen.append((done, total)))
    assert fetched.path == tmp_path / "clip.mp4"
    assert (fetched.size, fetched.resumed_from, fetched.verified) == (len(BYTES), 0, True)
    assert fetched.path.read_bytes() == BYTES
    assert seen[-1] == (len(BYTES), len(BYTES))
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


async def test_get_to_a_named_file(server: Server, tmp_path: Path) -> None:
    fetched = await get(server, 17, tmp_path / "mine.bin")
    assert fetched.path == tmp_path / "mine.bin"
    assert fetched.path.read_bytes() == BYTES


async def test_get_goes_on_after_a_cut(gateway: Gateway, server: Server, tmp_path: Path) -> None:
    gateway.cut_after = 1_000_000
    with pytest.raises(TransferError, match=rf"lost after \d+ of {len(BYTES)} bytes; the same command goes on"):
        await get(server, 17, tmp_path)
    kept = (tmp_path / "clip.mp4.part").stat().st_size
    assert 0 < kept <= 1_000_000
    gateway.cut_after = None
    fetched = await get(server, 17, tmp_path)
    assert fetched.resumed_from == kept
    assert fetched.path.read_bytes() == BYTES
    assert gateway.ranges == [None, f"bytes={kept}-"]
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


async def test_get_begins_anew_when_the_bytes_have_changed(gateway: Gateway, server: Server, tmp_path: Path) -> None:
    gateway.cut_after = 1_000_000
    with pytest.raises(TransferError):
        await get(server, 17, tmp_path)
    gateway.cut_after = None
    gateway.etag = '"v2"'
    gateway.kept = BYTES[::-1]
    gateway.told_sha256 = hashlib.sha256(gateway.kept).hexdigest()
    fetched = await get(server, 17, tmp_path)
    assert fetched.resumed_from == 0
    assert fetched.path.read_bytes() == BYTES[::-1]


@pytest.mark.parametrize("etag", [None, 'W/"v1"'])
async def test_get_does_not_go_on_without_a_strong_etag(
    gateway: Gateway, server: Server, tmp_path: Path, etag: str | None
) -> None:
    gateway.etag = etag
    gateway.cut_after = 1_000_000
    with pytest.raises(TransferError):
        await get(server, 17, tmp_path)
    gateway.cut_after = None
    assert (await get(server, 17, tmp_path)).resumed_from == 0
    assert gateway.ranges == [None, None]


async def test_get_of_a_complete_part_only_checks_it(gateway: Gateway, server: Server, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4.part").write_bytes(BYTES)
    (tmp_path / "clip.mp4.part.etag").write_text(ETAG)
    fetched = await get(server, 17, tmp_path)
    assert fetched.resumed_from == len(BYTES)
    assert gateway.ranges == []


async def test_get_drops_what_has_another_digest(gateway: Gateway, server: Server, tmp_path: Path) -> None:
    gateway.kept = BYTES[:-1] + b"x"
    with pytest.raises(TransferError, match="came with other bytes than were kept") as caught:
        await get(server, 17, tmp_path)
    assert caught.value.code == "digest_mismatch"
    assert list(tmp_path.iterdir()) == []


async def test_get_says_when_nothing_could_be_checked(gateway: Gateway, server: Server, tmp_path: Path) -> None:
    gateway.told_sha256 = None
    assert not (await get(server, 17, tmp_path)).verified


async def test_get_leaves_an_existing_file_alone_unless_told(server: Server, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_text("mine")
    with pytest.raises(TransferError, match="exists already"):
        await get(server, 17, tmp_path)
    assert (tmp_path / "clip.mp4").read_text() == "mine"
    await get(server, 17, tmp_path, overwrite=True)
    assert (tmp_path / "clip.mp4").read_bytes() == BYTES


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "a/evil"])
async def test_a_servers_filename_never_leaves_the_directory(
    gateway: Gateway, server: Server, tmp_path: Path, name: str
) -> None:
    gateway.filename = name
    assert (await get(server, 17, tmp_path)).path == tmp_path / "evil"


async def test_get_of_what_is_not_there(server: Server, tmp_path: Path) -> None:
    with pytest.raises(TransferError, match=r"there is no such media \(404 media_not_found\)"):
        await get(server, 18, tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_get_of_what_only_telegram_delivers(gateway: Gateway, server: Server, tmp_path: Path) -> None:
    gateway.delivery = "telegram_only"
    with pytest.raises(TransferError, match="Telegram only"):
        await get(server, 17, tmp_path)


async def test_two_gets_of_one_file_do_not_mix(server: Server, tmp_path: Path) -> None:
    with (tmp_path / "clip.mp4.part").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(TransferError, match=r"clip.mp4.part is being written by another process"):
            await get(server, 17, tmp_path)
    assert (await get(server, 17, tmp_path)).path.read_bytes() == BYTES


async def test_no_server_there(unused_tcp_port: int, source: Path) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(TransferError, match=f"cannot reach {url}.*is Mediagate running there"):
        await put(Server(url=url, api_key=KEY), source)


@pytest.mark.parametrize("url", ["127.0.0.1", "http://", "not a url"])
async def test_no_address_of_a_server(url: str, source: Path) -> None:
    with pytest.raises(TransferError, match="is no address of a server"):
        await put(Server(url=url, api_key=KEY), source)


async def test_a_server_that_does_not_move_is_given_up(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = asyncio.Event()

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    monkeypatch.setattr(http_client, "_STALL_SECONDS", 0.2)
    listener = await asyncio.start_server(silence, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        with pytest.raises(TransferError, match="did not move for"):
            await put(Server(url=f"http://127.0.0.1:{port}", api_key=KEY), source)
        await asyncio.wait_for(left.wait(), 5)


async def test_an_answer_that_is_not_mediagates(source: Path) -> None:
    async def other(_request: aioweb.Request) -> aioweb.Response:
        return aioweb.Response(status=502, text="<h1>Bad Gateway</h1>", content_type="text/html")

    app = aioweb.Application()
    app.router.add_route("*", "/{any:.*}", other)
    async with TestServer(app) as running:
        with pytest.raises(TransferError, match=r"Bad Gateway \(502\)"):
            await put(Server(url=str(running.make_url("/")), api_key=KEY), source)
