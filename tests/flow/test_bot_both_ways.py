"""What people see is the same whether we poll for updates or Telegram brings them: one suite over both."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from sandbox.client import SandboxClient
from storage.domain import Caller, Role
from storage.request_numbers import RequestNumber
from tests import media
from tests.flow.bot_running import ADMIN, GROUP, STAFF, TENANT, WEBHOOK_SECRET, RunningBot, buttons, running_bot
from tests.flow.conftest import eventually

Start = Callable[[], AbstractAsyncContextManager[RunningBot]]


@pytest.fixture(params=["polling", "webhook"])
async def start(request: pytest.FixtureRequest, database_url: str, sandbox: SandboxClient, tmp_path: Path) -> Start:
    """Starts the bot one way or the other, as often as it is called."""
    for person in (TENANT, STAFF):
        await sandbox.person(person, language_code="en")
    return partial(running_bot, database_url, sandbox, tmp_path, webhook=request.param == "webhook")


@pytest.fixture
async def bot(start: Start) -> AsyncIterator[RunningBot]:
    async with start() as running:
        yield running
        await running.calm()


async def test_a_photo_its_card_and_its_buttons(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)], caption="Leak #250926-001")
    card = await bot.card(TENANT, sent["message_id"], "Stored", "250926-001", timeout=30)
    media_id = card["text"].split("ID ")[1].split()[0]
    delete = next(one["callback_data"] for one in buttons(card) if one["callback_data"].startswith("del:"))
    assert "Deleted" in (await bot.sandbox.press(TENANT, card, data=delete))["text"]
    card = await bot.card(TENANT, sent["message_id"], "You can still undo", timeout=30)
    assert (await bot.sandbox.press(TENANT, card, row=0, column=0))["text"] == "It is back."
    await bot.card(TENANT, sent["message_id"], "Stored", timeout=30)
    assert "photo" in await bot.ask(TENANT, f"/get {media_id}", timeout=30)
    assert (await bot.ask(ADMIN, "/get 4711", timeout=30))["text"] == "I have no such file."


async def test_an_album_is_one_card_and_an_edited_caption_is_for_all_of_it(bot: RunningBot, tmp_path: Path) -> None:
    files = [media.jpeg(tmp_path, orientation=turn) for turn in (1, 3, 6)]
    sent = await bot.sandbox.send_files(TENANT, files)
    await bot.card(TENANT, sent[-1]["message_id"], "Album: 3 files", "Stored", timeout=30)
    await bot.sandbox.edit(TENANT, sent[0]["message_id"], TENANT, caption="250926-002")
    card = await bot.card(TENANT, sent[-1]["message_id"], "250926-002", timeout=30)
    assert len([one for one in await bot.answers(TENANT) if one["message_id"] == card["message_id"]]) == 1


async def test_commands_are_answered_in_their_order(bot: RunningBot) -> None:
    for text in ("/help", "/my", "/nonsense", "/get 1", "/delete"):
        await bot.sandbox.send_text(TENANT, text)
    answers = await bot.answers(TENANT, until=lambda found: len(found) == 5, timeout=30)
    wanted = ("Which request?", "not sent me any files", "do not know this command", "no such file", "/delete 17")
    assert [word in one["text"] for word, one in zip(wanted, answers, strict=True)] == [True] * 5


async def test_in_a_group_a_reply_attaches(bot: RunningBot, tmp_path: Path) -> None:
    (plain,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)], chat=GROUP)
    await bot.sandbox.send_text(STAFF, "/attach 250926-004", chat=GROUP, reply_to=plain["message_id"])
    await bot.reacted(GROUP, plain, "👍")


async def test_what_comes_while_we_are_away_is_answered_later(
    start: Start, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """In an album too: items come before the stop, while we are away, and after the next start, and it is one card."""
    files = [media.jpeg(tmp_path, orientation=turn) for turn in (1, 3, 6)]
    one_by_one = partial(sandbox.send_files, TENANT, media_group_id="4711")
    async with start() as bot:
        (first,) = await one_by_one(files[:1], caption="Roof 250926-005")
        await bot.card(TENANT, first["message_id"], "Stored", timeout=30)
    await one_by_one(files[1:2])
    await sandbox.send_text(ADMIN, "/help")
    async with start() as bot:
        await bot.card(TENANT, first["message_id"], "Album: 2 files", timeout=60)
        await bot.card(ADMIN, 0, "For staff", timeout=60)
        await one_by_one(files[2:])
        card = await bot.card(TENANT, first["message_id"], "Album: 3 files", timeout=30)
        assert card["text"].count("250926-005") == 3, "the caption came before the stop"
        await bot.calm()
        assert len(await bot.answers(TENANT)) == 1


async def test_an_album_may_take_its_time(bot: RunningBot, tmp_path: Path) -> None:
    """The next item comes only when the first has long been answered, in a group without a word of its own."""
    files = [media.jpeg(tmp_path, orientation=turn) for turn in (1, 3)]
    one_by_one = partial(bot.sandbox.send_files, STAFF, chat=GROUP, media_group_id="4712")
    (first,) = await one_by_one(files[:1], caption="250926-006")
    await bot.reacted(GROUP, first, "👍")
    for at in range(30):
        await bot.sandbox.send_text(STAFF, f"meanwhile {at}", chat=GROUP)
    await one_by_one(files[1:])
    reading, number = bot.archive.use_cases.reading, RequestNumber("250926-006")

    async def both() -> bool:
        return len(await reading.of_request(Caller.person(STAFF, Role.STAFF), number)) == 2

    await eventually(both)


async def test_only_telegram_may_bring_updates(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    """Without the secret, with a wrong one, with nonsense: nothing is kept, and the right one still works."""
    async with running_bot(database_url, sandbox, tmp_path, webhook=True) as bot:
        url = f"{bot.public_url}/telegram/webhook"
        forged = {"update_id": 99, "message": {"chat": {"id": ADMIN, "type": "private"}, "text": "/start"}}
        async with aiohttp.ClientSession() as stranger:
            for secret in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guess"}):
                async with stranger.post(url, json=forged, headers=secret) as answer:
                    assert answer.status == 401
            known = {"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET}
            for body in (b"", b"[]", b'{"update_id": "x"}', b"\xff"):
                async with stranger.post(url, data=body, headers=known) as answer:
                    assert answer.status == 400
        assert "Hello" in (await bot.ask(ADMIN, "/start", timeout=30))["text"]
        assert len(await bot.answers(ADMIN)) == 1
