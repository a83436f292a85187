"""Queries and JSON bodies: what is wrong is named, what cannot be read is refused, nothing is passed over."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import Field

from sandbox.client import SandboxClient
from storage.domain import Category
from tests.flow.archives import running_archive
from tests.flow.http_door import deps_of
from web.app import create_app
from web.guard import Endpoint, add_endpoints
from web.openapi.doc import Doc
from web.openapi.reading import read_body, read_query
from web.schemas.common import Given, Instant, MediaIdNumber, RequestNumberText

JSON = {"Content-Type": "application/json"}
MOST = 4096


class Inner(Given):
    note: str = ""


class Asked(Given):
    name: Annotated[str, Field(max_length=10)] = "nobody"
    ids: list[MediaIdNumber] = Field([])
    categories: list[Category] | None = None
    wanted: bool = False
    number: RequestNumberText | None = None
    when: Instant | None = None


class Told(Asked):
    size: Annotated[float, Field(ge=0)]
    inner: Inner | None = None


async def echo_query(request: web.Request) -> web.Response:
    query = read_query(request, Asked)
    return web.json_response(query.model_dump(mode="json", exclude_unset=True))


async def echo_body(request: web.Request) -> web.Response:
    body = await read_body(request, Told, most=MOST)
    return web.json_response(body.model_dump(mode="json", exclude_unset=True))


async def echo_optional(request: web.Request) -> web.Response:
    return web.json_response((await read_body(request, Asked)).model_dump(mode="json"))


@pytest.fixture
async def client(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    doc = Doc(summary="Echo", tags=("service",), answers={200: dict[str, Any]})
    async with running_archive(database_url, sandbox, tmp_path) as running:
        app = create_app(deps_of(running))
        add_endpoints(
            app,
            [
                Endpoint("GET", "/echo", echo_query, None, doc),
                Endpoint("POST", "/echo", echo_body, None, doc),
                Endpoint("POST", "/optional", echo_optional, None, doc),
            ],
        )
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
                yield session
        finally:
            await runner.cleanup()


async def _query(client: aiohttp.ClientSession, query: str) -> tuple[int, Any]:
    async with client.get(f"/echo?{query}") as response:
        return response.status, await response.json(content_type=None)


async def _body(
    client: aiohttp.ClientSession, body: bytes, headers: dict[str, str] | None = None, path: str = "/echo"
) -> tuple[int, Any]:
    async with client.post(path, data=body, headers=JSON if headers is None else headers) as response:
        return response.status, await response.json(content_type=None)


def _wrong(answer: Any) -> dict[str, str]:
    assert answer["code"] == "invalid_fields"
    return {error["field"]: error["reason"] for error in answer["errors"]}


async def test_lists_are_repeated_or_written_with_commas(client: aiohttp.ClientSession) -> None:
    status, asked = await _query(client, "ids=1,2&ids=3&categories=avatar,other&wanted=true")
    assert status == 200
    assert asked == {"ids": [1, 2, 3], "categories": ["avatar", "other"], "wanted": True}
    assert await _query(client, "ids=&ids=,") == (200, {})


async def test_every_wrong_parameter_is_named_at_once(client: aiohttp.ClientSession) -> None:
    status, answer = await _query(client, "colour=red&name=a&name=b&wanted=true")
    assert status == 422
    assert _wrong(answer) == {
        "colour": "is unknown here: use categories, ids, name, number, wanted, when",
        "name": "is given more than once",
    }
    _, answer = await _query(client, "ids=0&categories=cat&name=12345678901")
    assert _wrong(answer).keys() == {"ids.0", "categories.0", "name"}
    assert _wrong(answer)["ids.0"] == "should be greater than or equal to 1"


@pytest.mark.parametrize("query", ["name=a%00b", "categories=%00"])
async def test_a_query_holds_text(client: aiohttp.ClientSession, query: str) -> None:
    status, answer = await _query(client, query)
    assert status == 422
    assert list(_wrong(answer).values()) == ["must not contain NUL characters or halves of surrogate pairs"]


async def test_a_wrong_request_number_has_its_own_code(client: aiohttp.ClientSession) -> None:
    status, answer = await _query(client, "number=250931-001")
    assert (status, answer["code"]) == (422, "invalid_request_number")
    status, answer = await _body(client, b'{"size": 1, "number": "1"}')
    assert (status, answer["code"]) == (422, "invalid_request_number")


@pytest.mark.parametrize("when", ["0.5", "1700000000", "2025-09-26", "yesterday", "9999-12-31T23:59:59-14:00"])
async def test_times_are_written_out(client: aiohttp.ClientSession, when: str) -> None:
    """A number, even in a text, is no time."""
    status, answer = await _query(client, f"when={when}")
    assert status == 422
    assert _wrong(answer).keys() == {"when"}
    status, answer = await _body(client, b'{"size": 1, "when": "%s"}' % when.encode())
    assert status == 422
    assert (await _query(client, "when=2025-09-26T08:15:00Z"))[0] == 200


async def test_a_body_is_read_strictly(client: aiohttp.ClientSession) -> None:
    """Enums come as texts; numbers and truths do not."""
    status, told = await _body(client, b'{"size": 1.5, "categories": ["avatar"], "inner": {"note": "x"}}')
    assert (status, told) == (200, {"size": 1.5, "categories": ["avatar"], "inner": {"note": "x"}})
    status, answer = await _body(client, b'{"ids": ["5"], "wanted": "true", "inner": {"colour": 1}, "colour": 1}')
    assert status == 422
    assert _wrong(answer) == {
        "size": "is missing",
        "ids.0": "should be a valid integer",
        "wanted": "should be a valid boolean",
        "inner.colour": "is unknown here",
        "colour": "is unknown here: use categories, ids, inner, name, number, size, wanted, when",
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"size": 1, "name": "a\\u0000"}', "name"),
        (b'{"size": 1, "name": "\\ud800"}', "name"),
        (b'{"size": 1, "inner": {"note": "\\u0000"}}', "inner.note"),
        (b'{"size": 1, "name": "a", "name": "b"}', "name"),
    ],
)
async def test_what_no_database_can_hold_is_named(client: aiohttp.ClientSession, body: bytes, field: str) -> None:
    status, answer = await _body(client, body)
    assert status == 422
    assert _wrong(answer).keys() == {field}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b'{"size": NaN}',
        b'{"name": "\xff"}',
        b"[" * 4000,
        b'{"size": ' + b"9" * 4050 + b"}",
    ],
    ids=lambda body: body[:12].decode("latin-1"),
)
async def test_what_is_no_json_object_is_malformed(client: aiohttp.ClientSession, body: bytes) -> None:
    status, answer = await _body(client, body)
    assert (status, answer["code"]) in ((400, "malformed_body"), (422, "invalid_fields"))


async def test_other_media_types_and_long_bodies_are_refused(client: aiohttp.ClientSession) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        status, answer = await _body(client, b'{"size": 1}', {"Content-Type": content_type})
        assert (status, answer["code"]) == (415, "unsupported_media_type")
    for content_type in ("application/json; charset=utf-8", "application/merge-patch+json"):
        assert (await _body(client, b'{"size": 1}', {"Content-Type": content_type}))[0] == 200
    status, answer = await _body(client, b" " * (MOST + 1))
    assert (status, answer["code"]) == (413, "request_too_large")
    status, answer = await _body(client, b'{"size": 1}', {**JSON, "Content-Encoding": "gzip"})
    assert (status, answer["code"]) == (400, "malformed_body")


async def test_a_body_may_be_left_out_where_nothing_is_required(client: aiohttp.ClientSession) -> None:
    status, told = await _body(client, b"", {}, path="/optional")
    assert (status, told["name"]) == (200, "nobody")
    status, answer = await _body(client, b"", {})
    assert status == 422
    assert _wrong(answer) == {"size": "is missing"}
