"""The control API where other tests do not use it anyway."""

import asyncio
import json

import aiohttp
import pytest
from aiogram import Bot
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, ReplyKeyboardMarkup

from sandbox.client import SandboxClient, SandboxError
from sandbox.parsing import formatted
from sandbox.server import RunningSandbox
from tests.contract.sandbox.driving import (
    AZIZA,
    BOT,
    EMMA,
    OTHER_BOT,
    OTHER_TOKEN,
    REQUESTS,
    SERGEY,
    STAFF,
    TOKEN,
    Json,
    Raw,
)


async def test_a_fresh_sandbox_has_its_samples(client: SandboxClient) -> None:
    state = await client.state()
    assert [(one["id"], one["token"], one["username"]) for one in state["bots"]] == [(BOT, TOKEN, "mediagate_bot")]
    assert {one["id"]: one["language_code"] for one in state["people"]} == {AZIZA: "uz", SERGEY: "ru", EMMA: "en"}
    titles = {chat["id"]: chat["title"] for chat in state["chats"]}
    assert [titles[-1001000000000 - number] for number in (1, 2, 3, 4)] == ["Requests", "Reports", "Archive", "Access"]
    rights = next(member for member in state["chats"][0]["members"] if member["id"] == BOT)["rights"]
    assert all(rights[name] for name in ("can_post_messages", "can_edit_messages", "can_delete_messages"))


async def test_making_is_idempotent(client: SandboxClient) -> None:
    one = await client.person(5000, first_name="Olim", phone="+998")
    again = await client.person(5000, last_name="Karimov")
    assert again == {**one, "last_name": "Karimov"}
    assert (await client.bot(token=OTHER_TOKEN))["id"] == (await client.bot(token=OTHER_TOKEN))["id"] == OTHER_BOT
    assert (await client.person(first_name="New"))["id"] != (await client.person(first_name="Newer"))["id"]


async def test_private_chats_are_one_per_bot(client: SandboxClient) -> None:
    await client.bot(token=OTHER_TOKEN)
    await client.send_text(AZIZA, "to the first")
    await client.send_text(AZIZA, "to the second", bot=OTHER_BOT)
    assert [one["text"] for one in await client.messages(AZIZA)] == ["to the first"]
    assert [one["text"] for one in await client.messages(AZIZA, bot=OTHER_BOT)] == ["to the second"]


async def test_a_person_sees_their_chats_with_what_is_unread(bot: Bot, client: SandboxClient) -> None:
    await client.start(SERGEY)
    await bot.send_message(SERGEY, "hello")
    await bot.send_message(SERGEY, "again")
    chats = {chat["id"]: chat for chat in await client.chats(SERGEY)}
    assert set(chats) == {SERGEY, STAFF, REQUESTS, REQUESTS - 1, REQUESTS - 2, REQUESTS - 3}
    assert (chats[SERGEY]["bot_id"], chats[SERGEY]["unread"]) == (BOT, 2)
    assert chats[SERGEY]["last_message"]["text"] == "again"
    assert {chat["type"] for chat in await client.chats(AZIZA)} == {"private"}


async def test_start_parameters_are_those_of_links(client: SandboxClient) -> None:
    assert (await client.start(AZIZA, "Ab_-9" * 12))["text"] == "/start " + "Ab_-9" * 12
    for payload in ("x" * 65, "a b", "я"):
        with pytest.raises(ValueError, match="start parameter"):
            await client.start(AZIZA, payload)


async def test_messages_are_paged(client: SandboxClient) -> None:
    for number in range(10):
        await client.send_text(AZIZA, str(number))
    assert [one["text"] for one in await client.messages(AZIZA, limit=2)] == ["8", "9"]
    assert [one["text"] for one in await client.messages(AZIZA, after=2, limit=2)] == ["2", "3"]
    assert [one["text"] for one in await client.messages(AZIZA, before=3, limit=2)] == ["0", "1"]


async def test_reply_keyboards_and_edits_are_shown_to_people(bot: Bot, client: SandboxClient) -> None:
    await client.start(AZIZA)
    keyboard = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="Phone", request_contact=True)]])
    sent = await bot.send_message(AZIZA, "Who are you?", reply_markup=keyboard)
    assert sent.reply_markup is None
    shown = (await client.messages(AZIZA))[-1]
    assert shown["reply_markup"]["keyboard"][0][0]["request_contact"] is True
    assert shown["edited"] is False
    await bot.edit_message_text("Who?", chat_id=AZIZA, message_id=sent.message_id)
    assert (await client.messages(AZIZA))[-1]["edited"] is True


async def test_a_button_with_an_address_needs_no_answer(bot: Bot, client: SandboxClient) -> None:
    await client.start(AZIZA)
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Go", url="https://example.test/")]])
    await bot.send_message(AZIZA, "x", reply_markup=keyboard)
    message = (await client.messages(AZIZA))[-1]
    assert (await client.press(AZIZA, message, row=0, column=0))["url"] == "https://example.test/"
    with pytest.raises(SandboxError, match="no such button"):
        await client.press(AZIZA, message, data="none")


async def test_people_forward_and_their_forwards_keep_the_origin(bot: Bot, client: SandboxClient) -> None:
    post = await client.send_text(EMMA, "from the channel", chat=REQUESTS)
    forward = await client.forward(EMMA, post, EMMA)
    assert forward["forward_origin"]["chat"]["id"] == REQUESTS
    updates = await bot.get_updates()
    assert updates[-1].message is not None
    assert updates[-1].message.forward_origin is not None


async def test_events_tell_a_person_what_happens_in_their_chats(
    bot: Bot, client: SandboxClient, sandbox: RunningSandbox
) -> None:
    await client.start(AZIZA)
    events: list[Json] = []
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{sandbox.url}/control/events?person={AZIZA}") as stream,
    ):
        assert stream.content_type == "text/event-stream"
        await stream.content.readuntil(b"\n\n")
        await bot.send_message(REQUESTS, "not for her")
        sent = await bot.send_message(AZIZA, "for her")
        await bot.send_chat_action(AZIZA, "upload_photo")
        await bot.edit_message_text("changed", chat_id=AZIZA, message_id=sent.message_id)
        await bot.delete_message(AZIZA, sent.message_id)
        async with asyncio.timeout(5):
            while not events or events[-1]["type"] != "deleted":
                block = (await stream.content.readuntil(b"\n\n")).decode()
                events.append(json.loads(block.partition("data: ")[2]))
    told = [event for event in events if event["type"] != "call"]
    assert [event["type"] for event in told] == ["message", "chat_action", "edited", "deleted"]
    assert told[0]["message"]["text"] == "for her"
    assert all(event["chat_id"] == AZIZA for event in told)


async def test_stats_and_calls_tell_what_was_called(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    await client.reset_stats()
    await bot.send_message(REQUESTS, "x")
    await raw.error("sendMessage", chat_id=REQUESTS, text="")
    stats = await client.stats()
    assert stats["calls"] == {"sendMessage": 2}
    assert stats["by_chat"] == {str(REQUESTS): {"sendMessage": 2}}
    assert (stats["errors"], stats["messages"]) == (1, 1)
    good, bad = await client.calls()
    assert (good["status"], bad["status"], bad["description"]) == (200, 400, "Bad Request: message text is empty")
    assert [call["id"] for call in await client.calls(after=good["id"])] == [bad["id"]]


async def test_the_chat_page_is_served_without_being_cached(raw: Raw) -> None:
    async with raw.session.get(raw.url) as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
        assert answer.headers["Cache-Control"] == "no-cache"
    async with raw.session.get(f"{raw.url}/static/%2e%2e/server.py") as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("mode", "source", "plain", "kinds"),
    [
        ("HTML", "a <b>b <i>c</i></b> &lt;", "a b c <", ["bold:2:3", "italic:4:1"]),
        ("HTML", '<a href="https://x.y/?a=1&amp;b=2">link</a>', "link", ["text_link:0:4"]),
        ("HTML", '<pre><code class="language-python">x</code></pre>', "x", ["pre:0:1"]),
        ("HTML", "<blockquote expandable>q</blockquote>", "q", ["expandable_blockquote:0:1"]),
        ("HTML", "😀 <b>b</b>", "😀 b", ["bold:3:1"]),
        ("MarkdownV2", r"*b* _i_ __u__ ~s~ ||p|| `c` 1\.", "b i u s p c 1.", None),
        ("MarkdownV2", "[t](https://x.y)", "t", ["text_link:0:1"]),
        ("Markdown", "*b* a_b [t](https://x.y)", None, None),
        ("", "/start@mediagate_bot #r250926_001 #250926-001 https://x.y/z.", None,
         ["bot_command:0:20", "hashtag:21:12", "url:46:13"]),
    ],
)  # fmt: skip
def test_parse_modes(mode: str, source: str, plain: str | None, kinds: list[str] | None) -> None:
    if mode == "Markdown":
        source = "*b* ab [t](https://x.y)"
        plain, kinds = "b ab t", ["bold:0:1", "text_link:5:1"]
    text, entities = formatted(source, mode, None)
    assert plain is None or text == plain
    assert kinds is None or [f"{one['type']}:{one['offset']}:{one['length']}" for one in entities] == kinds


@pytest.mark.parametrize(
    ("mode", "source", "error"),
    [
        ("HTML", "я <x>", 'Unsupported start tag "x" at byte offset 3'),
        ("HTML", "</b>", "Unexpected end tag at byte offset 0"),
        ("HTML", "<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("HTML", "a < b", "Unclosed start tag at byte offset 2"),
        ("MarkdownV2", "1.", r"Character '.' is reserved and must be escaped with the preceding '\'"),
        ("MarkdownV2", "a *b", "Can't find end of Bold entity at byte offset 2"),
    ],
)
async def test_parse_errors(raw: Raw, mode: str, source: str, error: str) -> None:
    found = await raw.error("sendMessage", chat_id=REQUESTS, text=source, parse_mode=mode)
    assert found == f"Bad Request: can't parse entities: {error}"
