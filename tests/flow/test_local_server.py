"""A local Bot API server on a shared disk: parts over 20 MiB go and come by path, and no bytes by HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from sandbox.config import SandboxConfig
from sandbox.server import running as running_sandbox
from tests.flow.archives import REQUESTS, RunningArchive, read_back, running_archive, some_bytes, take_in

DATA = some_bytes(22 << 20)


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[SandboxClient]:
    config = SandboxConfig(data_dir=tmp_path / "telegram", flood=False, local=True)
    async with running_sandbox(config) as server, SandboxClient(server.url) as client:
        yield client


async def sent_by_path(running: RunningArchive) -> int:
    """Bytes that the server was sent over HTTP while a large file was stored; it comes back whole."""
    before = (await running.sandbox.stats())["bytes_in"]
    media_id = (await take_in(running, DATA)).media.id
    assert await read_back(running, media_id, 21 << 20, len(DATA)) == DATA[21 << 20 :]
    assert await read_back(running, media_id, 0, 1 << 20) == DATA[: 1 << 20]
    return int((await running.sandbox.stats())["bytes_in"] - before)


async def test_parts_go_and_come_by_path(database_url: str, local: SandboxClient, tmp_path: Path) -> None:
    async with running_archive(database_url, local, tmp_path, telegram_local="true") as running:
        assert await sent_by_path(running) < 100_000
        assert (await local.stats())["bytes_out"] == 0
        [message] = [one for one in await local.messages(REQUESTS, limit=10) if "document" in one]
        assert message["document"]["file_name"] == "notes.txt"
        assert message["document"]["file_size"] == len(DATA)
        assert [*(tmp_path / "data" / "sending").iterdir()] == []


async def test_a_server_that_does_not_see_our_disk_is_sent_the_bytes(
    database_url: str, local: SandboxClient, tmp_path: Path
) -> None:
    """It answers as to a wrong file id; that had no effect, and the next parts are uploaded at once."""
    fault = {"status": 400, "description": "Bad Request: wrong file identifier/HTTP URL specified"}
    await local.add_fault("error", method="sendDocument", count=1, **fault)
    async with running_archive(database_url, local, tmp_path, telegram_local="true") as running:
        assert await sent_by_path(running) > len(DATA)
        assert len([one for one in await local.messages(REQUESTS, limit=10) if "document" in one]) == 1
