"""Flood control by the sandbox clock."""

import asyncio
import json

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramRetryAfter
from aiogram.types import BufferedInputFile

from sandbox.client import SandboxClient
from tests.contract.sandbox.driving import AZIZA, OTHER_TOKEN, REPORTS, REQUESTS, TOKEN, MakeBot, Raw


async def fill(bot: Bot, chat: int, count: int = 20) -> None:
    for number in range(count):
        await bot.send_message(chat, str(number))


async def test_the_21st_message_a_minute_is_refused_with_the_time_to_wait(
    bot: Bot, client: SandboxClient, raw: Raw
) -> None:
    await fill(bot, REQUESTS)
    async with raw.session.post(f"{raw.url}/bot{TOKEN}/sendMessage", data={"chat_id": REQUESTS, "text": "x"}) as answer:
        body = await answer.json()
        wait = body["parameters"]["retry_after"]
        assert answer.status == body["error_code"] == 429
        assert answer.headers["Retry-After"] == str(wait)
        assert body["description"] == f"Too Many Requests: retry after {wait}"
    assert 50 <= wait <= 60
    await client.advance(wait)
    await bot.send_message(REQUESTS, "again")


async def test_edits_count_and_deletes_do_not(bot: Bot, client: SandboxClient) -> None:
    message = await bot.send_message(REQUESTS, "x")
    await fill(bot, REQUESTS, 18)
    await bot.edit_message_text("y", chat_id=REQUESTS, message_id=message.message_id)
    with pytest.raises(TelegramRetryAfter):
        await bot.edit_message_text("z", chat_id=REQUESTS, message_id=message.message_id)
    assert await bot.delete_message(REQUESTS, message.message_id)


async def test_lanes_are_per_bot_and_chat(bot: Bot, client: SandboxClient, make_bot: MakeBot) -> None:
    await client.bot(token=OTHER_TOKEN)
    other = make_bot(OTHER_TOKEN)
    await client.member(REQUESTS, other.id, "administrator")
    await fill(bot, REQUESTS)
    await other.send_message(REQUESTS, "another lane")
    await bot.send_message(REPORTS, "another chat")


async def test_private_chats_take_a_burst_and_then_one_a_second(bot: Bot, client: SandboxClient) -> None:
    await client.start(AZIZA)
    await fill(bot, AZIZA, 20)
    with pytest.raises(TelegramRetryAfter) as refused:
        await fill(bot, AZIZA, 5)
    assert refused.value.retry_after == 1
    await client.advance(1)
    await bot.send_message(AZIZA, "again")


async def test_a_bot_sends_30_a_second(bot: Bot, client: SandboxClient) -> None:
    await client.options(flood={"per_bot_per_second": 5, "per_chat_per_minute": 1000})
    with pytest.raises(TelegramRetryAfter) as refused:
        await asyncio.gather(*(bot.send_message(REQUESTS, "x") for _ in range(20)))
    assert refused.value.retry_after == 1


async def test_inside_an_album_flood_is_a_400_with_some_items_sent(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    await fill(bot, REQUESTS, 19)
    media = [{"type": "document", "media": "attach://a"}, {"type": "document", "media": "attach://b"}]
    files = {"a": ("a.txt", b"a"), "b": ("b.txt", b"b")}
    status, body = await raw.upload("sendMediaGroup", files, chat_id=REQUESTS, media=json.dumps(media))
    assert status == 400
    assert body["description"].startswith(
        'Bad Request: failed to send message #2 with the error message "Too Many Requests: retry after '
    )
    assert len(await client.messages(REQUESTS)) == 20
    status, body = await raw.upload("sendMediaGroup", files, chat_id=REQUESTS, media=json.dumps(media))
    assert (status, body["error_code"]) == (429, 429)


async def test_uploads_of_one_size_are_spaced_and_others_are_not(bot: Bot, client: SandboxClient) -> None:
    clock = asyncio.get_running_loop().time

    async def upload(size: int) -> None:
        await bot.send_document(REQUESTS, BufferedInputFile(bytes(size), "a.bin"), disable_content_type_detection=True)

    await upload(150_000)
    started = clock()
    for size in (150_001, 150_002, 99_000, 99_000):
        await upload(size)
    assert clock() - started < 0.15
    await upload(150_000)
    await upload(150_000)
    assert clock() - started > 0.19


async def test_flood_control_can_be_switched_off(bot: Bot, client: SandboxClient) -> None:
    await client.options(flood={"enabled": False})
    await fill(bot, REQUESTS, 40)
    assert (await client.stats())["floods"] == 0
