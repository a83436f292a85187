"""Faults on order."""

import asyncio
import time

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiogram.types import BufferedInputFile

from sandbox.client import SandboxClient, SandboxError
from sandbox.server import RunningSandbox
from tests.contract.sandbox.driving import REPORTS, REQUESTS, TOKEN, Raw


async def texts(client: SandboxClient) -> list[str]:
    return [message.get("text", "") for message in await client.messages(REQUESTS)]


async def test_after_a_lost_answer_the_message_is_there_and_the_client_saw_a_cut(
    bot: Bot, client: SandboxClient
) -> None:
    async with client.fault("answer_lost", method="sendMessage", count=1):
        with pytest.raises(TelegramNetworkError):
            await bot.send_message(REQUESTS, "lost")
        assert await texts(client) == ["lost"]
        await bot.send_message(REQUESTS, "answered")
    assert await texts(client) == ["lost", "answered"]


async def test_a_lost_answer_keeps_the_uploaded_bytes(bot: Bot, client: SandboxClient) -> None:
    data = bytes(range(256)) * 10_000
    async with client.fault("answer_lost", method="sendDocument"):
        with pytest.raises(TelegramNetworkError):
            await bot.send_document(REQUESTS, BufferedInputFile(data, "a.bin"), disable_content_type_detection=True)
    (message,) = await client.messages(REQUESTS)
    assert await client.file(message["document"]["file_unique_id"]) == data


async def test_a_late_call_takes_effect_after_its_time(bot: Bot, client: SandboxClient) -> None:
    data = bytes(range(256)) * 10_000
    await client.add_fault("late", seconds=0.5, count=1)
    started = time.monotonic()
    with pytest.raises(TelegramNetworkError):
        await bot.send_document(REQUESTS, BufferedInputFile(data, "a.bin"), disable_content_type_detection=True)
    assert time.monotonic() - started < 0.4
    await bot.send_message(REQUESTS, "retried")
    assert await texts(client) == ["retried"]
    messages = await client.wait_for(REQUESTS, lambda found: len(found) == 2, timeout=2)
    assert time.monotonic() - started > 0.5
    assert await client.file(messages[1]["document"]["file_unique_id"]) == data


async def test_flood_and_errors_are_answered_as_ordered(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    async with client.fault("flood", retry_after=7):
        with pytest.raises(TelegramRetryAfter) as refused:
            await bot.send_message(REQUESTS, "x")
        assert refused.value.retry_after == 7
    async with client.fault("error", status=502, description="Bad Gateway"):
        with pytest.raises(TelegramServerError, match="Bad Gateway"):
            await bot.get_me()
    assert await texts(client) == []


async def test_faults_hit_only_what_they_name(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    await client.add_fault("error", method="SendMessage", bot=bot.id, chat=REQUESTS, status=500)
    assert (await raw("sendMessage", chat_id=REQUESTS, text="x"))[0] == 500
    assert (await raw("sendMessage", chat_id=REPORTS, text="x"))[0] == 200
    assert (await raw("getChat", chat_id=REQUESTS))[0] == 200
    await client.clear_faults()
    assert (await raw("sendMessage", chat_id=REQUESTS, text="x"))[0] == 200


async def test_a_seeded_die_falls_the_same_way_twice(client: SandboxClient, raw: Raw) -> None:
    async def falls() -> list[int]:
        async with client.fault("error", method="getMe", probability=0.5, seed=3):
            return [(await raw("getMe"))[0] for _ in range(12)]

    first = await falls()
    assert first == await falls()
    assert set(first) == {200, 500}


async def test_slow_calls_take_their_time(bot: Bot, client: SandboxClient) -> None:
    async with client.fault("slow", seconds=0.3):
        started = time.monotonic()
        await bot.get_me()
    assert time.monotonic() - started > 0.3


async def test_a_reset_cuts_within_the_body_and_nothing_happens(
    bot: Bot, client: SandboxClient, sandbox: RunningSandbox
) -> None:
    async with client.fault("reset", method="sendDocument", count=1):
        with pytest.raises((TelegramNetworkError, aiohttp.ClientError)):
            await bot.send_document(REQUESTS, BufferedInputFile(bytes(5_000_000), "a.bin"))
    assert await texts(client) == []
    assert not any((sandbox.world.store.root / "incoming").iterdir())


async def test_away_cuts_calls_and_downloads(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    message = await bot.send_document(REQUESTS, BufferedInputFile(b"abc", "a.txt"))
    assert message.document is not None
    path = (await bot.get_file(message.document.file_id)).file_path
    async with client.fault("away"):
        with pytest.raises(TelegramNetworkError):
            await bot.get_me()
        with pytest.raises(aiohttp.ClientError):
            await raw.session.get(f"{raw.url}/file/bot{TOKEN}/{path}")
    async with raw.session.get(f"{raw.url}/file/bot{TOKEN}/{path}") as answer:
        assert await answer.read() == b"abc"


async def test_a_truncated_download_ends_early(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    message = await bot.send_document(REQUESTS, BufferedInputFile(bytes(3_000_000), "a.txt"))
    assert message.document is not None
    path = (await bot.get_file(message.document.file_id)).file_path
    got: list[int] = []

    async def read(answer: aiohttp.ClientResponse) -> None:
        while piece := await answer.content.readany():
            got.append(len(piece))

    async with client.fault("truncate"), raw.session.get(f"{raw.url}/file/bot{TOKEN}/{path}") as answer:
        assert answer.content_length == 3_000_000
        with pytest.raises(aiohttp.ClientPayloadError):
            await read(answer)
    assert 0 < sum(got) <= 1_500_000


async def test_a_stalled_call_is_answered_once_the_fault_is_gone(bot: Bot, client: SandboxClient) -> None:
    fault = await client.add_fault("stall", method="sendMessage", count=1)
    call = asyncio.create_task(bot.send_message(REQUESTS, "held"))
    await asyncio.sleep(0.2)
    assert not call.done()
    assert await texts(client) == []
    await client.remove_fault(fault)
    assert (await call).text == "held"


async def test_a_stalled_call_whose_client_gave_up_never_happens(bot: Bot, client: SandboxClient) -> None:
    async with client.fault("stall", method="sendMessage"):
        with pytest.raises(TelegramNetworkError):
            await bot.send_message(REQUESTS, "gone", request_timeout=1)
        await asyncio.sleep(0.1)
    await bot.send_message(REQUESTS, "next")
    assert await texts(client) == ["next"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"kind": "nonsense"},
        {"kind": "slow", "seconds": "long"},
        {"kind": "away", "chat": 1},
        {"kind": "flood", "count": 0},
    ],
)
async def test_faults_that_make_no_sense_are_refused(client: SandboxClient, wanted: dict[str, object]) -> None:
    with pytest.raises(SandboxError):
        await client.call("POST", "/faults", wanted)
