"""Bodies of the Bot API as a server reads them: of a known length, whatever the files are called."""

from collections.abc import AsyncIterator

import pytest
from aiogram.types import BufferedInputFile
from aiohttp import BodyPartReader, ClientError, ClientSession, web
from aiohttp.test_utils import TestServer

from storage.telegram.forms import Form, SizedFile, sized
from tests.flow.archives import some_bytes

NAMES = ("plan.pdf", 'a "quoted" \\ name.txt', "протечка № 3.jpg", "line\r\nend.txt")


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def show(request: web.Request) -> web.Response:
        reader, found = await request.multipart(), {}
        while (part := await reader.next()) is not None:
            assert isinstance(part, BodyPartReader)
            found[part.name] = (part.filename, len(await part.read()))
        return web.json_response({"length": request.content_length, "parts": found})

    app = web.Application(client_max_size=1 << 30)
    app.router.add_post("/", show)
    started = TestServer(app)
    async with started:
        yield started


def of(*pieces: bytes, size: int | None = None, name: str = "a.txt") -> SizedFile:
    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return SizedFile(stream, name, sum(map(len, pieces)) if size is None else size)


@pytest.mark.parametrize("name", NAMES)
async def test_fields_and_files_arrive_as_they_were(server: TestServer, name: str) -> None:
    large = some_bytes(700_000)
    form = Form(
        {"chat_id": "-1001", "caption": "первая строка\nвторая", "document": "attach://file"},
        {"file": of(large[:600_000], large[600_000:], name=name), "thumb": BufferedInputFile(b"jpeg", "t.jpg")},
    )
    async with ClientSession() as http, http.post(server.make_url("/"), data=form) as answer:
        told = await answer.json()
    assert told["length"] == form.size
    shown = name.replace("\r\n", "  ")
    assert told["parts"]["file"] == [shown, len(large)]
    assert told["parts"]["thumb"] == ["t.jpg", 4]
    assert told["parts"]["caption"][1] == len("первая строка\nвторая".encode())


@pytest.mark.parametrize("pieces", [(b"too", b"short"), (b"too long for it",)])
async def test_a_file_of_another_length_is_never_sent_whole(server: TestServer, pieces: tuple[bytes, ...]) -> None:
    form = Form({"chat_id": "-1001"}, {"file": of(*pieces, size=10)})
    async with ClientSession() as http:
        with pytest.raises((ClientError, OSError)):
            await http.post(server.make_url("/"), data=form)


async def test_the_length_is_known_only_where_that_of_each_file_is() -> None:
    known = {"a": of(b"x"), "b": BufferedInputFile(b"y", "b.txt")}
    assert sized(known) == known
