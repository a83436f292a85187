"""What Telegram does to a bot: rivals, chats that move or end, people who go, crashes between two steps."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiogram.types import Update
from sqlalchemy import select, update

from bot.inbox.inbox import Inbox
from bot.inbox.polling import Poller
from bot.inbox.working import in_chat
from sandbox.client import SandboxClient
from storage.database import Sessions
from storage.domain import Caller, InboxState, Role
from storage.tables import Card, InboxUpdate
from tests import media
from tests.flow.bot_running import ADMIN, BOT_ID, STAFF, TENANT, Json, RunningBot, buttons, running_bot
from tests.flow.conftest import eventually


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path) as running:
        await sandbox.person(TENANT, language_code="en")
        yield running


async def crash_after(bot: RunningBot) -> None:
    """As if the process had been killed after its handlers' work, before it could settle the updates."""
    await bot.calm()
    async with bot.sessions.begin() as session:
        await session.execute(update(InboxUpdate).values(state=InboxState.HANDLING, handling_node="test", done_at=None))


async def test_everything_handled_twice_has_one_effect(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """Files, an album, a caption, presses and attaching: after the crash the next start handles all of it again."""
    await sandbox.person(TENANT, language_code="en")
    owner = Caller.person(TENANT, Role.USER)
    async with running_bot(database_url, sandbox, tmp_path, delete_grace="10m") as bot:
        (single,) = await sandbox.send_files(TENANT, [media.jpeg(tmp_path)], caption="250926-001")
        card = await bot.card(TENANT, single["message_id"], "Stored")
        album = await sandbox.send_files(TENANT, [media.jpeg(tmp_path, orientation=turn) for turn in (3, 6)])
        await bot.card(TENANT, album[-1]["message_id"], "Album: 2 files", "Stored")
        await sandbox.edit(TENANT, single["message_id"], TENANT, caption="Roof 250926-002")
        await bot.card(TENANT, single["message_id"], "request 250926-002")
        await bot.ask(TENANT, "/attach 250926-003", reply_to=album[0]["message_id"])
        delete = next(one["callback_data"] for one in buttons(card) if one["callback_data"].startswith("del:"))
        await sandbox.press(TENANT, card, data=delete)
        await eventually(lambda: owns(bot, owner, 2))
        await crash_after(bot)
        before = [one["text"] for one in await cards_of(bot)]
    async with running_bot(database_url, sandbox, tmp_path, delete_grace="10m") as bot:
        await bot.calm()
        assert [one["text"] for one in await cards_of(bot)] == before
        assert await owns(bot, owner, 2)
        views, _ = await bot.archive.use_cases.reading.own(owner, limit=10, offset=0)
        assert [view.request_numbers for view in views] == [("250926-003",)] * 2


async def owns(bot: RunningBot, owner: Caller, count: int) -> bool:
    _, total = await bot.archive.use_cases.reading.own(owner, limit=1, offset=0)
    return total == count


async def cards_of(bot: RunningBot) -> list[Json]:
    """The cards as the chat shows them."""
    async with bot.sessions.begin() as session:
        ids = set((await session.scalars(select(Card.message_id))).all())
    return [one for one in await bot.answers(TENANT) if one["message_id"] in ids]


async def test_one_chat_that_hangs_keeps_no_other_waiting(bot: RunningBot) -> None:
    """Answers into one chat stall; its updates wait in their order, and everybody else's are answered."""
    fault = await bot.sandbox.add_fault("stall", method="sendMessage", chat=TENANT)
    said = [await bot.sandbox.send_text(TENANT, text) for text in ("/start", "/help", "/my")]
    for person in (ADMIN, STAFF):
        await bot.ask(person, "/start", timeout=30)
    async with bot.sessions.begin() as session:
        key = InboxUpdate.chat_key == TENANT
        states = (await session.scalars(select(InboxUpdate.state).where(key).order_by(InboxUpdate.update_id))).all()
    assert list(states) == [InboxState.HANDLING, InboxState.PENDING, InboxState.PENDING]
    await bot.sandbox.remove_fault(fault)
    answers = await bot.answers(TENANT, said[-1]["message_id"], until=lambda found: len(found) == 3, timeout=60)
    assert ["Hello" in answers[0]["text"], "Which request?" in answers[1]["text"], "files" in answers[2]["text"]] == [
        True
    ] * 3


@pytest.mark.parametrize(
    "gone",
    [
        {"status": 403, "description": "Forbidden: bot was blocked by the user"},
        {"status": 403, "description": "Forbidden: user is deactivated"},
        {"status": 400, "description": "Bad Request: chat not found"},
        {"status": 403, "description": "Forbidden: bot was kicked from the supergroup chat"},
        {"status": 400, "description": "Bad Request: not enough rights to send text messages to the chat"},
    ],
)
async def test_nobody_to_answer_is_no_incident(bot: RunningBot, tmp_path: Path, gone: dict[str, Any]) -> None:
    """What they sent before they went is kept."""
    for method in ("sendMessage", "editMessageText", "answerCallbackQuery"):
        await bot.sandbox.add_fault("error", method=method, chat=TENANT, **gone)
    await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    for text in ("/start", "/my", "/get 1", "hello"):
        await bot.sandbox.send_text(TENANT, text)
    await bot.calm()
    await eventually(lambda: owns(bot, Caller.person(TENANT, Role.USER), 1))
    await bot.sandbox.clear_faults()
    asked = await bot.sandbox.send_text(TENANT, "/my")
    await bot.answers(TENANT, asked["message_id"], until=lambda found: "Your files: 1" in str(found), timeout=30)


async def test_a_group_that_moved_is_answered_where_it_is_now(bot: RunningBot) -> None:
    group = await bot.sandbox.chat("group", "Plumbers", creator=STAFF, bots=[{"id": BOT_ID}])
    await bot.sandbox.person(STAFF, language_code="en")
    async with bot.sandbox.fault("stall", method="sendMessage"):
        await bot.sandbox.send_text(STAFF, "/help", chat=group["id"])
        moved = await bot.sandbox.upgrade(group["id"])
    new = int(moved["id"])
    answers = await bot.answers(new, until=lambda found: "For staff" in str(found), timeout=30)
    assert answers
    await bot.calm()


def test_an_update_is_moved_with_all_that_stays_behind() -> None:
    chat = {"id": -5, "type": "group", "title": "G"}
    reply = {"message_id": 1, "date": 1, "chat": chat}
    person = {"id": 7, "is_bot": False, "first_name": "P"}
    said: Json = {"message_id": 2, "date": 1, "chat": chat, "from": person, "text": "x", "reply_to_message": reply}
    moved = Update.model_validate(in_chat({"update_id": 1, "message": said}, -1005))
    assert moved.message is not None
    assert (moved.message.chat.id, moved.message.chat.type) == (-1005, "supergroup")
    assert moved.message.reply_to_message is not None
    assert moved.message.reply_to_message.chat.id == -5
    press = {"id": "1", "from": person, "chat_instance": "1", "data": "x", "message": said}
    pressed = in_chat({"update_id": 2, "callback_query": press}, -1005)
    assert pressed["callback_query"]["message"]["chat"]["id"] == -1005
    assert said["chat"]["id"] == -5, "the update that is kept stays as it came"


class Clock:
    """Seconds that a test moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_rival_is_told_of_once_and_so_is_its_end(
    sessions: Sessions, bot: RunningBot, sandbox: SandboxClient, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[str | None] = []

    async def rival(description: str | None) -> None:
        told.append(description)
        raise RuntimeError("who is told may fail")

    clock = Clock()
    conflict = {"status": 409, "description": "Conflict: terminated by other getUpdates request"}
    inbox = Inbox(sessions, bot_id=BOT_ID, node="test")
    poller = Poller(bot.running.bot, inbox, rival=rival, monotonic=clock, conflict_delay=0.01)
    await sandbox.add_fault("error", method="getUpdates", count=40, **conflict)
    polling = asyncio.create_task(poller.run())
    await eventually(lambda: _is(len(told) == 1))
    assert "another process polls with this token" in capsys.readouterr().out
    await sandbox.clear_faults()
    clock.now += 61
    for at in range(2):
        await sandbox.send_text(ADMIN, f"something to poll for {at}")
    await eventually(lambda: _is(told == ["Conflict: terminated by other getUpdates request", None]))
    polling.cancel()
    await asyncio.wait([polling])


async def _is(holds: bool) -> bool:
    return holds


async def test_what_takes_long_is_shown_to_be_coming(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(ADMIN, [media.jpeg(tmp_path)])
    card = await bot.card(ADMIN, sent["message_id"], "Stored")
    media_id = card["text"].split("ID ")[1].split()[0]
    async with bot.sandbox.fault("slow", method="copyMessage", seconds=1.0):
        assert "photo" in await bot.ask(ADMIN, f"/get {media_id}", timeout=30)
    assert await announced(bot)
    await bot.sandbox.add_fault("error", method="sendChatAction", status=400, description="Bad Request: no")
    async with bot.sandbox.fault("slow", method="copyMessage", seconds=1.0):
        assert "photo" in await bot.ask(ADMIN, f"/get {media_id}", timeout=30)
    await bot.calm()


async def announced(bot: RunningBot) -> bool:
    return any(call["method"].lower() == "sendchataction" for call in await bot.sandbox.calls(limit=1000))
