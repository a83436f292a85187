"""Inline mode and Mini Apps."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultCachedPhoto,
    InlineQueryResultUnion,
    InputTextMessageContent,
    KeyboardButton,
    MenuButtonWebApp,
    ReplyKeyboardMarkup,
    WebAppInfo,
)
from aiogram.utils.web_app import safe_parse_webapp_init_data

from sandbox.client import SandboxClient, SandboxError
from tests.contract.sandbox.driving import AZIZA, BOT, OTHER_TOKEN, SERGEY, STAFF, TOKEN, Json, MakeBot, Raw

BUTTONS = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Yes", callback_data="yes")]])


def article(number: int, **fields: Any) -> InlineQueryResultArticle:
    content = InputTextMessageContent(message_text=f"<b>result {number}</b>", parse_mode="HTML")
    return InlineQueryResultArticle(id=str(number), title="t", input_message_content=content, **fields)


async def asked(bot: Bot, client: SandboxClient, *results: InlineQueryResultUnion, **fields: Any) -> Json:
    """What the person sees of the bot's answer to their query."""
    query = asyncio.create_task(client.inline(SERGEY, "leak", **fields))
    updates = await bot.get_updates(timeout=5, offset=-1)
    assert updates[0].inline_query is not None
    assert updates[0].inline_query.query == "leak"
    await bot.answer_inline_query(updates[0].inline_query.id, list(results), next_offset="2")
    return await query


async def test_results_are_chosen_and_come_via_the_bot(bot: Bot, client: SandboxClient) -> None:
    found = await asked(bot, client, article(1), article(2, reply_markup=BUTTONS), chat=STAFF)
    assert [one["id"] for one in found["results"]] == ["1", "2"]
    assert (found["answered"], found["next_offset"]) == (True, "2")
    message = await client.choose(SERGEY, found["query_id"], "2", chat=STAFF)
    assert (message["text"], message["via_bot"]["id"], message["from"]["id"]) == ("result 2", BOT, SERGEY)
    assert message["entities"][0]["type"] == "bold"
    chosen = (await bot.get_updates())[-1].chosen_inline_result
    assert chosen is not None
    assert (chosen.result_id, chosen.query) == ("2", "leak")
    assert await bot.edit_message_text("changed", inline_message_id=chosen.inline_message_id) is True
    assert (await client.messages(STAFF))[-1]["text"] == "changed"


async def test_a_button_of_an_inline_message_names_it_without_its_chat(bot: Bot, client: SandboxClient) -> None:
    found = await asked(bot, client, article(1, reply_markup=BUTTONS))
    message = await client.choose(SERGEY, found["query_id"], "1", chat=STAFF)
    press = asyncio.create_task(client.press(SERGEY, message, data="yes"))
    updates = await bot.get_updates(timeout=5, offset=-1)
    while updates[0].callback_query is None:
        updates = await bot.get_updates(timeout=5, offset=updates[0].update_id + 1)
    query = updates[0].callback_query
    assert query.message is None
    assert query.inline_message_id
    await query.answer("thanks").as_(bot)
    assert (await press)["text"] == "thanks"


async def test_a_cached_photo_is_a_result(bot: Bot, client: SandboxClient) -> None:
    (sent,) = await client.send(SERGEY, SERGEY, media=[{"kind": "photo"}])
    photo = InlineQueryResultCachedPhoto(id="p", photo_file_id=sent["photo"][0]["file_id"], caption="roof")
    found = await asked(bot, client, photo)
    message = await client.choose(SERGEY, found["query_id"], "p")
    assert message["photo"][-1]["file_unique_id"] == sent["photo"][-1]["file_unique_id"]
    assert message["caption"] == "roof"


async def test_inline_answers_that_are_refused(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    query = asyncio.create_task(client.inline(SERGEY, ""))
    update = (await bot.get_updates(timeout=5))[0].inline_query
    assert update is not None
    for results, error in (
        ([article(number) for number in range(51)], "RESULTS_TOO_MUCH"),
        ([article(1), article(1)], "RESULT_ID_DUPLICATE"),
    ):
        with pytest.raises(TelegramBadRequest, match=error):
            await bot.answer_inline_query(update.id, list(results))
    await bot.answer_inline_query(update.id, [])
    assert (await query)["results"] == []
    with pytest.raises(TelegramBadRequest, match="query is too old and response timeout expired"):
        await bot.answer_inline_query(update.id, [])
    with pytest.raises(SandboxError, match="no such result"):
        await client.choose(SERGEY, (await query)["query_id"], "1")
    assert await raw.error("editMessageText", inline_message_id="x", text="y") == "Bad Request: MESSAGE_ID_INVALID"


def init_data(opened: Json) -> str:
    return parse_qs(urlsplit(opened["url"]).fragment)["tgWebAppData"][0]


async def test_a_mini_app_opens_with_data_the_bots_server_can_check(bot: Bot, client: SandboxClient) -> None:
    await client.start(AZIZA)
    app = WebAppInfo(url="https://app.test/upload?x=1")
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Upload", web_app=app)]])
    sent = await bot.send_message(AZIZA, "Here", reply_markup=keyboard)
    opened = await client.open_web_app(AZIZA, message=sent.message_id, button="Upload", start_param="r250926_001")
    assert opened["url"].startswith("https://app.test/upload?x=1#tgWebAppData=")
    data = safe_parse_webapp_init_data(TOKEN, init_data(opened))
    assert data.user is not None
    assert (data.user.id, data.user.first_name, data.start_param) == (AZIZA, "Aziza", "r250926_001")
    assert data.query_id == opened["query_id"]
    with pytest.raises(ValueError, match="Invalid init data signature"):
        safe_parse_webapp_init_data(OTHER_TOKEN, init_data(opened))
    with pytest.raises(ValueError, match="Invalid init data signature"):
        safe_parse_webapp_init_data(TOKEN, init_data(opened).replace("Aziza", "Azizb"))


async def test_a_mini_app_answers_its_query_once(bot: Bot, client: SandboxClient, make_bot: MakeBot) -> None:
    await client.start(AZIZA)
    button = MenuButtonWebApp(text="Open", web_app=WebAppInfo(url="https://app.test/"))
    await bot.set_chat_menu_button(chat_id=AZIZA, menu_button=button)
    kept = await bot.get_chat_menu_button(chat_id=AZIZA)
    assert isinstance(kept, MenuButtonWebApp)
    assert kept.web_app.url == "https://app.test/"
    assert (await client.chats(AZIZA))[0]["menu_button"]["web_app"]["url"] == "https://app.test/"
    opened = await client.open_web_app(AZIZA, menu=True)
    await bot.answer_web_app_query(opened["query_id"], article(1))
    assert (await client.messages(AZIZA))[-1]["via_bot"]["id"] == BOT
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_web_app_query(opened["query_id"], article(1))


async def test_a_keyboards_mini_app_sends_its_data(bot: Bot, client: SandboxClient) -> None:
    await client.start(AZIZA)
    key = KeyboardButton(text="Form", web_app=WebAppInfo(url="https://app.test/form"))
    await bot.send_message(AZIZA, "Fill", reply_markup=ReplyKeyboardMarkup(keyboard=[[key]]))
    message = (await client.messages(AZIZA))[-1]
    assert "query_id" not in init_data(await client.press_key(AZIZA, message, "Form"))
    await client.send_web_app_data(AZIZA, json.dumps({"flat": 5}), button_text="Form")
    update = (await bot.get_updates())[-1].message
    assert update is not None
    assert update.web_app_data is not None
    assert (update.web_app_data.data, update.web_app_data.button_text) == ('{"flat": 5}', "Form")


async def test_a_bot_without_inline_mode_is_not_asked(client: SandboxClient) -> None:
    await client.bot(token=TOKEN, supports_inline_queries=False)
    with pytest.raises(SandboxError, match="no inline mode"):
        await client.inline(SERGEY, "x")
