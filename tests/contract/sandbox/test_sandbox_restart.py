"""What survives: a clean end, and a kill."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from sandbox.client import SandboxClient
from sandbox.config import SandboxConfig
from sandbox.server import running
from tests.contract.sandbox.driving import AZIZA, EMMA, REQUESTS, Raw


@asynccontextmanager
async def process(data_dir: Path, *options: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """`python -m sandbox` and its address; killed at the end if it still runs."""
    arguments = ("-m", "sandbox", "--data-dir", str(data_dir), "--port", "0", *options)
    pipe = asyncio.subprocess.PIPE
    one = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe)
    try:
        assert one.stdout is not None
        line = (await one.stdout.readline()).decode()
        assert line.startswith("sandbox listening on http://127.0.0.1:")
        yield one, line.split()[-1]
    finally:
        if one.returncode is None:
            one.kill()
        await one.wait()
        if one.stdin is not None:
            one.stdin.close()


async def test_a_restart_keeps_everything(tmp_path: Path) -> None:
    config = SandboxConfig(data_dir=tmp_path, flood=False)
    async with aiohttp.ClientSession() as session:
        async with running(config) as first, SandboxClient(first.url) as client:
            raw = Raw(session, first.url)
            await client.send_text(AZIZA, "waiting")
            channel = (await client.channel("Backup", creator=EMMA, bots=[first.world.bot(None).id]))["id"]
            _, body = await raw.upload("sendDocument", {"document": ("a.txt", b"kept")}, chat_id=REQUESTS)
            gone = await raw.result("sendMessage", chat_id=REQUESTS, text="gone")
            await raw.result("deleteMessage", chat_id=REQUESTS, message_id=gone["message_id"])
            path = (await raw.result("getFile", file_id=body["result"]["document"]["file_id"]))["file_path"]
            await raw.result("getUpdates", offset=(await raw.result("getUpdates"))[4]["update_id"])
            updates = await raw.result("getUpdates")
            await client.advance(1000)
            before, state = await client.messages(REQUESTS), await client.state()
        async with running(config) as second, SandboxClient(second.url) as client:
            raw = Raw(session, second.url)
            assert await client.messages(REQUESTS) == before
            again = await client.state()
            assert [again[name] for name in ("bots", "people", "chats")] == [
                state[name] for name in ("bots", "people", "chats")
            ]
            assert again["now"] >= state["now"]
            assert await raw.result("getUpdates") == updates
            async with session.get(f"{second.url}/file/bot{state['bots'][0]['token']}/{path}") as answer:
                assert await answer.read() == b"kept"
            sent = await raw.result("sendMessage", chat_id=REQUESTS, text="next")
            assert sent["message_id"] == gone["message_id"] + 1
            assert (await raw.result("sendMessage", chat_id=channel, text="x"))["message_id"] == 1


async def test_a_rewritten_journal_says_the_same(tmp_path: Path) -> None:
    config = SandboxConfig(data_dir=tmp_path, flood=False)
    journal = tmp_path / "journal.jsonl"
    async with running(config) as first, SandboxClient(first.url) as client, aiohttp.ClientSession() as session:
        raw = Raw(session, first.url)
        message = await raw.result("sendMessage", chat_id=REQUESTS, text="0")
        for number in range(1, 1200):
            fields = {"chat_id": REQUESTS, "message_id": message["message_id"], "text": number}
            await raw.result("editMessageText", **fields)
        last = await raw.result("sendMessage", chat_id=REQUESTS, text="gone")
        await raw.result("deleteMessage", chat_id=REQUESTS, message_id=last["message_id"])
        updates = await raw.result("getUpdates", offset=-1)
        before = await client.messages(REQUESTS)
    size = journal.stat().st_size
    async with running(config) as second, SandboxClient(second.url) as client, aiohttp.ClientSession() as session:
        raw = Raw(session, second.url)
        assert journal.stat().st_size < size / 10
        assert await client.messages(REQUESTS) == before
        assert (await raw.result("sendMessage", chat_id=REQUESTS, text="x"))["message_id"] == last["message_id"] + 1
        await client.send_text(AZIZA, "new")
        assert (await raw.result("getUpdates"))[-1]["update_id"] == updates[-1]["update_id"] + 1


async def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session:
        async with process(tmp_path, "--flood", "off") as (one, url):
            raw = Raw(session, url)
            for number in range(50):
                _, body = await raw.upload("sendDocument", {"document": ("a.txt", b"%d" % number)}, chat_id=REQUESTS)
                assert body["ok"]
            one.kill()
            await one.wait()
        with (tmp_path / "journal.jsonl").open("a") as journal:
            journal.write('["message","torn')
        async with process(tmp_path) as (_, url), SandboxClient(url) as client:
            messages = await client.messages(REQUESTS)
            assert len(messages) == 50
            assert await client.file(messages[-1]["document"]["file_unique_id"]) == b"49"


async def test_it_ends_at_once_when_told_to_also_with_a_long_poll_open(tmp_path: Path) -> None:
    async with process(tmp_path) as (one, url), aiohttp.ClientSession() as session:
        raw = Raw(session, url)
        offset = (await raw.result("getUpdates"))[-1]["update_id"] + 1
        poll = asyncio.create_task(raw("getUpdates", timeout=50, offset=offset))
        events = await session.get(f"{url}/control/events")
        await asyncio.sleep(0.2)
        started = time.monotonic()
        one.send_signal(signal.SIGTERM)
        assert await one.wait() == 0
        assert time.monotonic() - started < 2
        assert (await poll)[1]["description"] == "Internal Server Error: restart"
        events.close()


async def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    async with process(tmp_path, "--exit-with-parent") as (one, _):
        assert one.stdin is not None
        one.stdin.close()
        async with asyncio.timeout(2):
            assert await one.wait() == 0
    assert os.access(tmp_path / "journal.jsonl", os.R_OK)


async def test_two_processes_cannot_share_a_state(tmp_path: Path) -> None:
    async with process(tmp_path):
        with pytest.raises(BlockingIOError):
            async with running(SandboxConfig(data_dir=tmp_path)):
                pass
