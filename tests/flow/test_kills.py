"""Acknowledged is durable, and effectively once: the process is killed again and again while both doors are busy.

``pytest tests/flow/test_kills.py --kills 30`` for a long run.
"""

import asyncio
import hashlib
import io
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.postgres import embedded_postgres
from sandbox.client import SandboxClient
from storage.database import open_database, session_factory
from storage.engine.captions import parse_manifest
from storage.tables import InboxUpdate, Intent, Part, StrayMessage, Upload
from tests.flow.processes import GatewayProcess, gateway_process, sandbox_process

REQUESTS = -1_001_000_000_001
TENANT = 1001
HEADERS = {"X-API-Key": "test-key"}
LOST_ANSWERS = ("sendDocument", "copyMessage")


class Load:
    """Clients of both doors that go on while the process is killed under them."""

    def __init__(self, gateway: GatewayProcess, sandbox: SandboxClient, seed: int) -> None:
        self.gateway = gateway
        self.sandbox = sandbox
        self.random = random.Random(seed)
        self.acknowledged: dict[int, str] = {}
        self.sent: list[dict[str, Any]] = []
        self.stopping = False

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(self._upload())
            group.create_task(self._send())

    async def _upload(self) -> None:
        async with aiohttp.ClientSession(self.gateway.url, headers=HEADERS) as session:
            while not self.stopping:
                data = b"text " + self.random.randbytes(self.random.choice([500, 40_000, 600_000])).hex().encode()
                query = {"filename": "load.txt", "request_number": "250926-001", "category": "request_document"}
                with suppress(aiohttp.ClientError, OSError, TimeoutError):
                    async with session.post(
                        "/api/v1/streaming/upload/stream", params=query, data=io.BytesIO(data)
                    ) as answer:
                        if answer.status in (201, 202):
                            media_id = (await answer.json())["media_file_id"]
                            self.acknowledged[media_id] = hashlib.sha256(data).hexdigest()
                await asyncio.sleep(0.05)

    async def _send(self) -> None:
        while not self.stopping:
            size = self.random.choice([2_000, 300_000])
            media = {"kind": "document", "virtual_size": size, "file_name": "note.mp4", "mime_type": "video/mp4"}
            self.sent += await self.sandbox.send(TENANT, TENANT, media=[media], caption="#250926-002")
            await asyncio.sleep(0.3)


@pytest.mark.timeout(600)
async def test_nothing_is_lost_and_nothing_is_there_twice(
    open_path: Path, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    kills = request.config.getoption("--kills")
    seed = random.randrange(1 << 32)
    print("seed", seed)
    async with (
        sandbox_process(open_path / "telegram") as api_url,
        SandboxClient(api_url) as sandbox,
        gateway_process(open_path, api_url) as gateway,
    ):
        load = Load(gateway, sandbox, seed)
        running = asyncio.create_task(load.run())
        for number in range(kills):
            if number % 3 == 1:
                for method in LOST_ANSWERS:
                    await sandbox.add_fault("answer_lost", method=method, probability=0.15, seed=seed + number)
            await asyncio.sleep(load.random.uniform(0.5, 4.0))
            await gateway.kill()
            if number % 3 == 2:
                gateway.kill_postgres()
            await sandbox.clear_faults()
            await gateway.start()
        load.stopping = True
        await running
        assert len(load.acknowledged) > kills
        await _quiet(gateway, load)
        await _everything_acknowledged_is_there(gateway, load)
        assert await gateway.stop() == 0
        await _nothing_else_is_left(gateway, sandbox)
    record_property("acknowledged", len(load.acknowledged))
    record_property("sent", len(load.sent))


async def _quiet(gateway: GatewayProcess, load: Load) -> None:
    """Until all that was sent is stored and the sweep has settled what was open."""
    async with asyncio.timeout(240), aiohttp.ClientSession(gateway.url, headers=HEADERS) as session:
        while await _unsettled(session, load) or await _busy(gateway):
            await asyncio.sleep(2)


async def _unsettled(session: aiohttp.ClientSession, load: Load) -> bool:
    bot = await _get(session, "/api/v1/media/request/250926-002?limit=200")
    if len(bot) < min(len(load.sent), 200) or not all(media["stored"] for media in bot):
        return True
    for media_id in load.acknowledged:
        if not (await _get(session, f"/api/v1/media/{media_id}"))["stored"]:
            return True
    return False


async def _busy(gateway: GatewayProcess) -> bool:
    return any((gateway.data_dir / "spool").iterdir()) or await _tables_are_busy(gateway)


async def _tables_are_busy(gateway: GatewayProcess) -> bool:
    async with opened(gateway) as session:
        intents = await session.scalar(select(Intent.id).limit(1))
        strays = await session.scalar(select(StrayMessage.chat_id).limit(1))
    return (intents, strays) != (None, None)


@asynccontextmanager
async def opened(gateway: GatewayProcess) -> AsyncIterator[AsyncSession]:
    """A look into the gateway's database, whether it runs or not."""
    async with (
        embedded_postgres(gateway.data_dir) as dsn,
        open_database(dsn) as engine,
        session_factory(engine).begin() as session,
    ):
        yield session


async def _get(session: aiohttp.ClientSession, path: str) -> Any:
    async with session.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def _everything_acknowledged_is_there(gateway: GatewayProcess, load: Load) -> None:
    async with aiohttp.ClientSession(gateway.url, headers=HEADERS) as session:
        for media_id, digest in load.acknowledged.items():
            async with session.get(f"/api/v1/media/{media_id}/file") as answer:
                assert answer.status == 200
                assert hashlib.sha256(await answer.read()).hexdigest() == digest


async def _nothing_else_is_left(gateway: GatewayProcess, sandbox: SandboxClient) -> None:
    in_channel = []
    after = 1  # the message that binding posted
    while page := await sandbox.messages(REQUESTS, after=after, limit=1000):
        after = page[-1]["message_id"]
        in_channel += [m["message_id"] for m in page if parse_manifest(m.get("caption"))]
        assert not [m for m in page if "forward_origin" in m]
    async with opened(gateway) as session:
        owned = (await session.scalars(select(Part.message_id).where(Part.chat_id == REQUESTS))).all()
        assert sorted(message_id or 0 for message_id in owned) == sorted(in_channel)
        assert (await session.scalars(select(Part).where(Part.media_id.is_(None)))).all() == []
        assert (await session.scalars(select(Upload).where(Upload.media_id.is_(None)))).all() == []
        assert (await session.scalars(select(InboxUpdate).where(InboxUpdate.state != "done"))).all() == []
    assert list((gateway.data_dir / "spool").iterdir()) == []
