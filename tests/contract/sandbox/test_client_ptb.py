"""python-telegram-bot against the sandbox: a client that was written without it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputMediaDocument,
    InputTextMessageContent,
    Update,
)
from telegram.error import BadRequest, Conflict, EndPointNotFound, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ContextTypes,
    InlineQueryHandler,
    MessageHandler,
    filters,
)
from telegram.request import HTTPXRequest

from sandbox.client import SandboxClient
from sandbox.server import RunningSandbox
from tests.contract.sandbox.driving import AZIZA, REQUESTS, SERGEY, STAFF, TOKEN

App = Application[Any, Any, Any, Any, Any, Any]
BUTTON = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="yes")]])


def request() -> HTTPXRequest:
    return HTTPXRequest(httpx_kwargs={"trust_env": False})


def make(sandbox: RunningSandbox, token: str = TOKEN) -> Bot:
    return Bot(
        token,
        base_url=f"{sandbox.url}/bot",
        base_file_url=f"{sandbox.url}/file/bot",
        request=request(),
        get_updates_request=request(),
    )


@pytest.fixture
async def ptb(sandbox: RunningSandbox) -> AsyncIterator[Bot]:
    async with make(sandbox) as bot:
        yield bot


async def test_texts_edits_and_deletes(ptb: Bot, client: SandboxClient) -> None:
    sent = await ptb.send_message(REQUESTS, "<b>one</b>", parse_mode="HTML", reply_markup=BUTTON)
    assert (sent.text, sent.entities[0].type, sent.chat.type) == ("one", "bold", "channel")
    edited = await ptb.edit_message_text("two", REQUESTS, sent.message_id)
    assert isinstance(edited, type(sent))
    assert edited.text == "two"
    copy = await ptb.copy_message(REQUESTS, REQUESTS, sent.message_id)
    assert await ptb.delete_message(REQUESTS, sent.message_id)
    assert [one["message_id"] for one in await client.messages(REQUESTS)] == [copy.message_id]


async def test_bytes_go_up_and_come_down(ptb: Bot, tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    (tmp_path / "план.bin").write_bytes(data)
    sent = await ptb.send_document(REQUESTS, tmp_path / "план.bin", disable_content_type_detection=True)
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.file_size) == ("план.bin", len(data))
    file = await ptb.get_file(sent.document.file_id)
    assert bytes(await file.download_as_bytearray()) == data
    album = await ptb.send_media_group(
        REQUESTS, [InputMediaDocument(b"one", filename="1.txt"), InputMediaDocument(b"two")]
    )
    assert len({one.media_group_id for one in album}) == 1
    replaced = await ptb.edit_message_media(InputMediaDocument(b"three"), REQUESTS, album[0].message_id)
    assert not isinstance(replaced, bool)
    assert replaced.document is not None
    assert replaced.document.file_size == 5


async def answer(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    if update.effective_message is not None:
        await update.effective_message.reply_text("Well?", reply_markup=BUTTON)


async def pressed(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.callback_query is not None
    await update.callback_query.answer(f"you said {update.callback_query.data}")
    await update.callback_query.edit_message_text("Thanks")


async def typed(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.inline_query is not None
    content = InputTextMessageContent(f"found {update.inline_query.query}")
    await update.inline_query.answer([InlineQueryResultArticle("1", "t", content)])


@pytest.fixture
async def app(sandbox: RunningSandbox) -> AsyncIterator[App]:
    built = ApplicationBuilder().bot(make(sandbox)).build()
    built.add_handler(CallbackQueryHandler(pressed))
    built.add_handler(InlineQueryHandler(typed))
    built.add_handler(MessageHandler(filters.TEXT, answer))
    async with built:
        await built.start()
        yield built
        await built.stop()


async def talk(client: SandboxClient) -> None:
    """A conversation with the bot of `app`."""
    await client.send_text(AZIZA, "hello")
    messages = await client.wait_for(AZIZA, lambda found: len(found) == 2)
    assert (await client.press(AZIZA, messages[-1], data="yes"))["text"] == "you said yes"
    await client.wait_for(AZIZA, lambda found: found[-1].get("text") == "Thanks")
    found = await client.inline(SERGEY, "roof")
    assert (await client.choose(SERGEY, found["query_id"], "1", chat=STAFF))["text"] == "found roof"


async def test_an_application_polls(app: App, client: SandboxClient) -> None:
    assert app.updater is not None
    await app.updater.start_polling(poll_interval=0, timeout=2)
    await talk(client)
    await app.updater.stop()


async def test_an_application_takes_a_webhook(
    app: App, client: SandboxClient, sandbox: RunningSandbox, unused_tcp_port: int
) -> None:
    """Its own web server needs a further package: the updates are put into its queue, as its documentation says."""
    from aiohttp import web

    async def take(request: web.Request) -> web.Response:
        assert request.headers["X-Telegram-Bot-Api-Secret-Token"] == "s3cret"
        await app.update_queue.put(Update.de_json(await request.json(), app.bot))
        return web.Response()

    server = web.Application()
    server.router.add_post("/hook", take)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    await client.options(http_webhooks=True)
    assert await app.bot.set_webhook(f"http://127.0.0.1:{unused_tcp_port}/hook", secret_token="s3cret")
    await talk(client)
    assert await app.bot.delete_webhook()
    await runner.cleanup()


@pytest.mark.filterwarnings("ignore:.*attribute `retry_after` will be:telegram.warnings.PTBDeprecationWarning")
async def test_errors_are_those_of_the_library(ptb: Bot, client: SandboxClient, sandbox: RunningSandbox) -> None:
    poll = asyncio.create_task(ptb.get_updates(timeout=5))
    await asyncio.sleep(0.1)
    await ptb.get_updates(timeout=0)
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await poll
    with pytest.raises(BadRequest, match="Message text is empty"):
        await ptb.send_message(REQUESTS, " ")
    stranger = make(sandbox, "7000000009:unknown-token-cccccccccccccccccc")
    with pytest.raises(InvalidToken):
        await stranger.get_me()
    await stranger.request.shutdown()
    await client.start(AZIZA)
    await client.change_person(AZIZA, blocked_bots=[ptb.id])
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await ptb.send_message(AZIZA, "x")
    with pytest.raises(EndPointNotFound):
        await ptb.do_api_request("get_nothing")
    await client.options(max_upload=100_000)
    with pytest.raises(NetworkError):
        await ptb.send_document(REQUESTS, bytes(300_000))
    async with client.fault("flood", retry_after=7):
        with pytest.raises(RetryAfter) as flood:
            await ptb.send_message(REQUESTS, "x")
    assert int(flood.value._retry_after.total_seconds()) == 7
