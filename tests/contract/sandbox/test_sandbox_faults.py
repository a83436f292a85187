"""Faults on order."""

import asyncio
import json
import time

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import (
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import BufferedInputFile

from sandbox.client import SandboxClient, SandboxError
from sandbox.server import RunningSandbox
from tests.contract.sandbox.driving import EMMA, REPORTS, REQUESTS, TOKEN, Raw

PART = 'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


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


async def test_a_reset_comes_before_in_or_after_the_body(bot: Bot, client: SandboxClient) -> None:
    for when in ("before", "after"):
        async with client.fault("reset", method="sendDocument", when=when, count=1):
            with pytest.raises((TelegramNetworkError, aiohttp.ClientError)):
                await bot.send_document(REQUESTS, BufferedInputFile(bytes(3_000_000), "a.bin"))
    assert await texts(client) == []
    with pytest.raises(SandboxError, match="when has to be"):
        await client.add_fault("reset", when="never")


async def test_a_flood_error_hides_in_a_400_with_some_of_an_album_sent(client: SandboxClient, raw: Raw) -> None:
    (photo,) = await client.send(EMMA, EMMA, media=[{"kind": "photo"}])
    media = json.dumps([{"type": "photo", "media": photo["photo"][0]["file_id"]}] * 3)
    async with client.fault("hidden_flood", sent=2, retry_after=9, count=2):
        refused = await raw.error("sendMediaGroup", chat_id=REQUESTS, media=media)
        assert refused == (
            'Bad Request: failed to send message #3 with the error message "Too Many Requests: retry after 9"'
        )
        assert len(await client.messages(REQUESTS)) == 2
        refused = await raw.error("getFile", file_id=photo["photo"][0]["file_id"])
        assert refused == "Bad Request: wrong file_id or the file is temporarily unavailable"


async def test_an_answer_can_lie_about_the_size(bot: Bot, client: SandboxClient) -> None:
    async with client.fault("wrong_size", bytes=-2, count=1):
        message = await bot.send_document(REQUESTS, BufferedInputFile(b"abcdef", "a.txt"))
    assert message.document is not None
    assert message.document.file_size == 4
    assert (await bot.get_file(message.document.file_id)).file_size == 6


async def test_confirmed_updates_come_again(bot: Bot, client: SandboxClient) -> None:
    await client.start(EMMA)
    first = await bot.get_updates()
    async with client.fault("duplicate", count=1):
        assert await bot.get_updates() == first
        again = await bot.get_updates(offset=first[-1].update_id + 1)
    assert [update.update_id for update in again] == [update.update_id for update in first]
    assert await bot.get_updates(offset=first[-1].update_id + 1) == []


async def test_a_revoked_bot_is_unknown_from_then_on(bot: Bot, client: SandboxClient) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.sleep(0.1)
    fault = await client.add_fault("revoked", bot=bot.id)
    with pytest.raises(TelegramUnauthorizedError):
        await poll
    for _ in range(2):
        with pytest.raises(TelegramUnauthorizedError):
            await bot.get_me()
    await client.remove_fault(fault)
    assert (await bot.get_me()).id == bot.id


async def test_transfers_that_break_off_leave_no_traceback(
    client: SandboxClient, sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    video = (await client.send_virtual(EMMA, 50_000_000))["video"]
    head = f"Host: x\r\nContent-Length: 9000000\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n{PART}"
    path = sandbox.url.removeprefix("http://")
    host, port = path.split(":")
    uploads = (f"/bot{TOKEN}/sendDocument", f"/control/chats/{EMMA}/messages", f"/control/people/{EMMA}/photo")
    for request in (
        f"GET /control/files/{video['file_unique_id']} HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /control/events HTTP/1.1\r\nHost: x\r\n\r\n",
        *(f"POST {upload} HTTP/1.1\r\n{head}" for upload in uploads),
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request.encode() + bytes(100_000))
        await writer.drain()
        if request.startswith("GET"):
            await reader.readexactly(20)
        await asyncio.sleep(0.05)
        writer.transport.abort()
        await asyncio.sleep(0.1)
    await client.send_text(EMMA, "still there")
    assert [record.getMessage() for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []
    assert not any((sandbox.world.store.root / "incoming").iterdir())
