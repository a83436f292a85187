"""A hostile session: whatever is sent, no answer and no line of the log holds what nobody should see."""

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
import structlog

from gateway.logging import configure_logging
from gateway.sandbox_process import TOKEN
from storage.callers.keys import KeyTerms
from storage.domain import Scope
from tests.flow.conftest import RunningArchive
from tests.flow.http_door import KEY, OTHER, READ_ONLY, UPLOAD, Door, open_door

API = "/api/v1"
NASTY = ("\x00", "' OR 1=1 --", "../../etc/passwd", "{{7*7}}", "%s%n", "\udcff", "\r\nX: y", "🦊" * 50, "9" * 400, "-1")
PATHS = (
    *(f"{API}/media/{{}}", f"{API}/media/{{}}/file", f"{API}/media/request/{{}}", f"{UPLOAD}/progress/{{}}"),
    *(f"{API}/incidents/{{}}", f"{API}/keys/{{}}", "/{}", f"{API}/audit?actor={{}}", f"{API}/audit?cursor={{}}"),
    f"{API}/media/request/250926-001?category={{}}",
)
LEAKS = re.compile(
    r"Traceback|File \"|site-packages|\.py\b|SELECT |INSERT |UPDATE |sqlalchemy|asyncpg|psycopg|/tmp/|\bvenv\b",
    re.IGNORECASE,
)


@contextmanager
def written_log() -> Iterator[io.StringIO]:
    """The log as the process writes it."""
    with redirect_stderr(io.StringIO()) as written:
        configure_logging("json", "info", ["a secret key for tests"])
        mine = logging.getLogger().handlers[-1]
        try:
            yield written
        finally:
            logging.getLogger().removeHandler(mine)
            logging.getLogger().setLevel(logging.WARNING)
            structlog.reset_defaults()


class Session:
    """Remembers every answer, headers and all."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.heard: list[str] = []
        self.statuses: set[int] = set()

    async def send(self, method: str, path: str, **kwargs: Any) -> None:
        headers = {"X-API-Key": KEY, **kwargs.pop("headers", {})}
        async with (
            aiohttp.ClientSession(self.door.url) as client,
            client.request(method, path, headers=headers, allow_redirects=False, **kwargs) as response,
        ):
            self.statuses.add(response.status)
            self.heard.append(f"{response.status} {response.headers!r} {await response.text(errors='replace')}")

    async def talk(self, head: bytes) -> None:
        self.heard.append((await self.door.talk(head)).decode("latin-1"))


async def test_nothing_leaks(archive: RunningArchive) -> None:
    with written_log() as log:
        async with open_door(archive) as door:
            terms = KeyTerms(name="crm", scopes=frozenset({Scope.MEDIA_READ}))
            _, secret = await door.deps.keys.create(terms, by="tests")
            jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm5hIiwic2NvcGUiOiJhZG1pbiJ9.c2lnbmF0dXJl"
            session = Session(door)
            await _paths(session)
            await _credentials(session, secret, jwt)
            await _bodies(session)
            await _heads(session, secret)
            assert await door.is_clean()
    assert max(session.statuses) < 500
    lines = log.getvalue().splitlines()
    assert len(lines) > 100
    assert all(json.loads(line) for line in lines)
    secrets = [TOKEN, secret, jwt, KEY, OTHER, READ_ONLY, "a secret key for tests", "x" * 9000]
    for text in [*session.heard, *lines]:
        assert not [held for held in secrets if held in text], text[:500]
        assert not LEAKS.search(text.replace("etc/passwd", "")), text[:1500]


async def _paths(session: Session) -> None:
    for path in PATHS:
        for nasty in NASTY:
            await session.send("GET", path.format(quote(nasty.encode("utf-8", "surrogateescape"), safe="")))
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        await session.send(method, f"{API}/media/1")


async def _credentials(session: Session, secret: str, jwt: str) -> None:
    path = f"{API}/media/1"
    for key in ("", "x" * 10_000, secret[:-1], f"{secret} ", "' OR 1=1 --", "null", "é"):
        await session.send("GET", path, headers={"X-API-Key": key})
    for value in (f"Bearer {jwt}", "Bearer", "Bearer ", f"Basic {secret}", f"Bearer {'x' * 9000}", "bearer a b c"):
        await session.send("GET", path, headers={"Authorization": value, "X-API-Key": "wrong"})
        async with (
            aiohttp.ClientSession(session.door.url, headers={"Authorization": value}) as client,
            client.get(path) as response,
        ):
            assert response.status == 401
            session.heard.append(await response.text())
    for method, where in (("POST", f"{UPLOAD}/stream"), ("DELETE", path), ("GET", f"{API}/keys")):
        await session.send(method, where, headers={"X-API-Key": secret})


async def _bodies(session: Session) -> None:
    for body in (b"", b"{", b"[]", b"null", b'{"name": "\\u0000"}', b'{"name": 1}', b"[" * 50_000, b"\xff\xfe"):
        await session.send("POST", f"{API}/keys", data=body, headers={"Content-Type": "application/json"})
    await session.send("POST", f"{API}/keys", data=b"<x/>", headers={"Content-Type": "text/xml"})
    deep = json.dumps({"name": "a", "scopes": ["admin"], "quota": {"day_bytes": 10**400}}).encode()
    await session.send("POST", f"{API}/keys", data=deep, headers={"Content-Type": "application/json"})
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    await session.send("POST", f"{UPLOAD}/stream", data=b"--x\r\nContent-Disposition: nonsense", headers=form)
    await session.send("POST", f"{UPLOAD}/stream?request_number=%00", data=b"text")


async def _heads(session: Session, secret: str) -> None:
    line = b"GET /api/v1/media/1 HTTP/1.1\r\nHost: x\r\nX-API-Key: " + secret.encode() + b"\r\n"
    await session.talk(line + b"X-Huge: " + b"x" * 100_000 + b"\r\n\r\n")
    await session.talk(line + b"".join(b"X-%d: y\r\n" % n for n in range(300)) + b"\r\n")
    await session.talk(line + b"X-Nul: a\x00b\r\n\r\n")
    await session.talk(b"NONSENSE\r\n\r\n")
    await session.talk(line + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    await session.talk(line + b"X-Forwarded-For: ' OR 1=1 --, \xff\xfe\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("key mg_abcdefGHIJKLMNOPQRSTUVWXYZ0123456789_-abcde!", "key mg_abcdef[redacted]!"),
        ("Bearer eyJhbGciOi.eyJzdWIi.c2ln-_x, next", "Bearer eyJ[redacted], next"),
        ("mg_short and eyJ alone", "mg_short and eyJ alone"),
    ],
)
def test_credentials_are_taken_out_wherever_they_stand(said: str, kept: str) -> None:
    from gateway.logging import Redactor

    assert Redactor([])(said) == kept
