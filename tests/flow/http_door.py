"""The HTTP door on a real socket, over a running archive."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from aiohttp import web
from multidict import CIMultiDictProxy
from sqlalchemy import func, select

from storage.callers.keys import BootstrapKey, Keys
from storage.clock import SystemClock
from storage.domain import Scope
from storage.intake.idempotency import Idempotency
from storage.intake.uploads import Uploads
from storage.tables import Audit, IdempotencyKey, Media, Part, Upload
from tests.flow.conftest import RunningArchive
from web.app import create_app
from web.deps import BodyTimes, HealthLine, WebDeps

KEY = "test-key"
UPLOAD = "/api/v1/streaming/upload"
READ_ONLY = "read-only-key"
OTHER = "other-key"

Field = tuple[str, str | tuple[str, bytes]]
"""A form field: its name, and a text or (file name, bytes)."""


@dataclass
class Door:
    """A served application, and a client that has every scope."""

    running: RunningArchive
    deps: WebDeps
    url: str
    client: aiohttp.ClientSession
    runner: web.AppRunner

    async def close(self) -> None:
        """Shut the server down, as the process does at its end."""
        self.deps.use_cases.intake.closing = True
        await self.runner.cleanup()

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    async def send(self, data: bytes, *, path: str = f"{UPLOAD}/stream", **headers: str) -> tuple[int, Any]:
        """Upload a raw body of plain text; the status and the JSON of the answer."""
        given = {"Content-Type": "text/plain", **{name.replace("_", "-"): value for name, value in headers.items()}}
        async with self.client.post(path, data=data, headers=given) as response:
            return response.status, await response.json(content_type=None)

    async def send_form(self, *fields: Field, path: str = f"{UPLOAD}/stream", **headers: str) -> tuple[int, Any]:
        """Upload a form; a field's value is a text, or (file name, bytes)."""
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in fields:
            if isinstance(value, str):
                form.add_field(name, value)
            else:
                form.add_field(name, value[1], filename=value[0])
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.post(path, data=form, headers=given) as response:
            return response.status, await response.json(content_type=None)

    async def fetch(self, path: str, **headers: str) -> tuple[int, bytes, CIMultiDictProxy[str]]:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.get(path, headers=given) as response:
            return response.status, await response.read(), response.headers

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.get(path, headers=given) as response:
            return response.status, await response.json(content_type=None)

    async def talk(self, request: bytes, *, within: float = 5.0) -> bytes:
        """Send bytes as they are, and return the one answer; empty where the server closes without one."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            await writer.drain()
            async with asyncio.timeout(within):
                try:
                    head = await reader.readuntil(b"\r\n\r\n")
                except asyncio.IncompleteReadError as error:
                    return error.partial
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                return head + await reader.readexactly(length)
        finally:
            writer.close()

    async def left_over(self) -> dict[str, int]:
        """What there is, by table, and in the spool; a refused upload leaves nothing."""
        found: dict[str, int] = {}
        async with self.running.archive.sessions.begin() as session:
            for table in (Media, Part, Upload, IdempotencyKey):
                found[table.__tablename__] = await session.scalar(select(func.count()).select_from(table)) or 0
            taken_in = select(func.count()).select_from(Audit).where(Audit.action == "taken_in")
            found["taken_in"] = await session.scalar(taken_in) or 0
        return {**found, "spool": len(self.running.spooled_files()), "spooled": self.running.archive.spool.used_bytes}

    async def is_clean(self) -> bool:
        return not any((await self.left_over()).values())


async def _healthy() -> list[HealthLine]:
    return [HealthLine(name="database", ok=True, detail="answers")]


def deps_of(running: RunningArchive) -> WebDeps:
    archive, settings, clock = running.archive, running.settings, SystemClock()
    every = frozenset(Scope)
    bootstrap = [
        BootstrapKey(name="tests", secret=KEY, scopes=every),
        BootstrapKey(name="other", secret=OTHER, scopes=every),
        BootstrapKey(name="reader", secret=READ_ONLY, scopes=frozenset({Scope.MEDIA_READ})),
    ]
    return WebDeps(
        use_cases=archive.use_cases,
        keys=Keys(sessions=archive.sessions, secret_key="secret", bootstrap=bootstrap, clock=clock),
        idempotency=Idempotency(sessions=archive.sessions, node="test", clock=clock),
        uploads=Uploads(sessions=archive.sessions, board=archive.use_cases.board, clock=clock),
        health=_healthy,
        max_file_size=settings.max_file_size,
        max_files_per_request=settings.max_files_per_request,
        allowed_types=settings.allowed_types,
        part_size=archive.part_size,
        archive_wait=10.0,
        public_url=settings.public_url,
        timezone=settings.timezone,
    )


@asynccontextmanager
async def open_door(
    running: RunningArchive, *, times: BodyTimes | None = None, shutdown_timeout: float = 1, **changes: Any
) -> AsyncIterator[Door]:
    deps = replace(deps_of(running), times=times or BodyTimes(), **changes)
    runner = web.AppRunner(create_app(deps), shutdown_timeout=shutdown_timeout)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        url = f"http://{host}:{port}"
        async with aiohttp.ClientSession(url, headers={"X-API-Key": KEY}) as client:
            yield Door(running, deps, url, client, runner)
    finally:
        await runner.cleanup()
