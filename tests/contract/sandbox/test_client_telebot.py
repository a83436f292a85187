"""pyTelegramBotAPI against the sandbox: a client that was written without it."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from telebot import asyncio_helper
from telebot.async_telebot import AsyncTeleBot
from telebot.asyncio_helper import ApiTelegramException
from telebot.types import (
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InputFile,
    InputMediaDocument,
    InputTextMessageContent,
    Message,
    Update,
)

from sandbox.client import SandboxClient
from sandbox.server import RunningSandbox
from tests.contract.sandbox.driving import AZIZA, BOT, REQUESTS, SERGEY, STAFF, TOKEN

BUTTON = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="yes")]])


@pytest.fixture
def address(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's way to name another server: module variables."""
    monkeypatch.setattr(asyncio_helper, "API_URL", sandbox.url + "/bot{0}/{1}")
    monkeypatch.setattr(asyncio_helper, "FILE_URL", sandbox.url + "/file/bot{0}/{1}")


@pytest.fixture
async def telebot(address: None) -> AsyncIterator[AsyncTeleBot]:
    bot = AsyncTeleBot(TOKEN)
    yield bot
    await bot.close_session()


async def test_texts_edits_and_deletes(telebot: AsyncTeleBot, client: SandboxClient) -> None:
    sent = await telebot.send_message(REQUESTS, "<b>one</b>", parse_mode="HTML", reply_markup=BUTTON)
    assert sent.entities is not None
    assert (sent.text, sent.entities[0].type, sent.chat.type) == ("one", "bold", "channel")
    edited = await telebot.edit_message_text("two", REQUESTS, sent.message_id)
    assert isinstance(edited, Message)
    assert edited.text == "two"
    copy = await telebot.copy_message(REQUESTS, REQUESTS, sent.message_id)
    assert await telebot.delete_message(REQUESTS, sent.message_id)
    assert [one["message_id"] for one in await client.messages(REQUESTS)] == [copy.message_id]


async def test_bytes_go_up_and_come_down(telebot: AsyncTeleBot) -> None:
    data = bytes(range(256)) * 5000
    upload = InputFile(io.BytesIO(data), file_name="a.bin")
    sent = (await telebot.send_document(REQUESTS, upload, disable_content_type_detection=True)).document
    assert sent is not None
    assert (sent.file_name, sent.file_size) == ("a.bin", len(data))
    file = await telebot.get_file(sent.file_id)
    assert await telebot.download_file(file.file_path) == data
    files = [InputFile(io.BytesIO(bytes([number]) * 9), file_name=f"{number}.bin") for number in (1, 2)]
    items: list[Any] = [InputMediaDocument(file) for file in files]
    album = await telebot.send_media_group(REQUESTS, items)
    assert len({one.media_group_id for one in album}) == 1
    assert [one.document.file_name for one in album if one.document] == ["1.bin", "2.bin"]


def listen(bot: AsyncTeleBot) -> None:
    @bot.message_handler()
    async def answer(message: Message) -> None:
        await bot.reply_to(message, "Well?", reply_markup=BUTTON)

    @bot.callback_query_handler(lambda _query: True)
    async def pressed(query: CallbackQuery) -> None:
        await bot.answer_callback_query(query.id, f"you said {query.data}")
        assert query.message is not None
        await bot.edit_message_text("Thanks", query.message.chat.id, query.message.message_id)

    @bot.inline_handler(lambda _query: True)
    async def typed(query: InlineQuery) -> None:
        content = InputTextMessageContent(f"found {query.query}")
        await bot.answer_inline_query(query.id, [InlineQueryResultArticle("1", "t", content)])


async def talk(client: SandboxClient) -> None:
    await client.send_text(AZIZA, "hello")
    messages = await client.wait_for(AZIZA, lambda found: len(found) == 2)
    assert messages[-1]["reply_to_message"]["text"] == "hello"
    assert (await client.press(AZIZA, messages[-1], data="yes"))["text"] == "you said yes"
    await client.wait_for(AZIZA, lambda found: found[-1].get("text") == "Thanks")
    found = await client.inline(SERGEY, "roof")
    assert (await client.choose(SERGEY, found["query_id"], "1", chat=STAFF))["text"] == "found roof"


async def test_it_polls(telebot: AsyncTeleBot, client: SandboxClient) -> None:
    listen(telebot)
    polling = asyncio.create_task(telebot.polling(interval=0, timeout=1, request_timeout=10))
    await talk(client)
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)


async def test_it_takes_a_webhook(telebot: AsyncTeleBot, client: SandboxClient, unused_tcp_port: int) -> None:
    listen(telebot)

    async def take(request: web.Request) -> web.Response:
        assert request.headers["X-Telegram-Bot-Api-Secret-Token"] == "s3cret"
        await telebot.process_new_updates([Update.de_json(await request.json())])
        return web.Response()

    server = web.Application()
    server.router.add_post("/hook", take)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    await client.options(http_webhooks=True)
    await telebot.set_webhook(f"http://127.0.0.1:{unused_tcp_port}/hook", secret_token="s3cret")
    await talk(client)
    assert await telebot.delete_webhook()
    await runner.cleanup()


async def refused(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(ApiTelegramException) as error:
        await call()
    return error.value.error_code, error.value.description


async def test_errors_are_those_of_the_library(telebot: AsyncTeleBot, client: SandboxClient) -> None:
    poll = asyncio.create_task(refused(lambda: telebot.get_updates(timeout=5, request_timeout=10)))
    await asyncio.sleep(0.1)
    await telebot.get_updates(timeout=0)
    assert (await poll)[0] == 409
    assert await refused(lambda: telebot.send_message(REQUESTS, " ")) == (400, "Bad Request: message text is empty")
    stranger = AsyncTeleBot("7000000009:unknown-token-cccccccccccccccccc")
    assert await refused(stranger.get_me) == (401, "Unauthorized")
    await client.start(AZIZA)
    await client.change_person(AZIZA, blocked_bots=[BOT])
    assert await refused(lambda: telebot.send_message(AZIZA, "x")) == (403, "Forbidden: bot was blocked by the user")
    nothing = await refused(lambda: asyncio_helper._process_request(TOKEN, "getNothing"))
    assert nothing == (404, "Not Found: method not found")
    await client.options(max_upload=100_000)
    with pytest.raises(asyncio_helper.ApiHTTPException):
        await telebot.send_document(REQUESTS, InputFile(io.BytesIO(bytes(300_000))))
    async with client.fault("flood", retry_after=7):
        assert (await refused(lambda: telebot.send_message(REQUESTS, "x")))[0] == 429
