"""Many media at once, killed senders, and pictures that are gone: the staff chat is neither flooded nor forgotten."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from bot.staff.rows import AT_ONCE
from sandbox.client import SandboxClient
from storage.callers.groups import Groups
from storage.catalog.new_requests import likely_requests, open_request
from storage.database import Sessions
from storage.tables import Request, StaffCard
from tests import media
from tests.flow.bot_running import ADMIN, BOT_ID, GROUP, STAFF, TENANT, RunningBot, buttons, running_bot
from tests.flow.conftest import eventually

Json = dict[str, Any]
MIB = 1 << 20


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    await sandbox.person(TENANT, language_code="en")
    async with running_bot(database_url, sandbox, tmp_path, config={"staff_chat": GROUP}) as running:
        yield running


def cards(messages: list[Json]) -> list[Json]:
    return [one for one in messages if "➕ New request" in labels(one)]


def labels(message: Json) -> list[str]:
    return [one["text"] for one in buttons(message)]


def summary(messages: list[Json]) -> Json | None:
    return next((one for one in messages if any(label.startswith("Show the next") for label in labels(one))), None)


def says(messages: list[Json], words: str) -> bool:
    found = summary(messages)
    return found is not None and words in found["text"]


async def send_videos(bot: RunningBot, count: int) -> None:
    """Too large to be fetched, so that nothing is looked into."""
    for at in range(count):
        await bot.sandbox.send_virtual(TENANT, 21 * MIB + at, kind="video", caption=f"floor {at}")


async def test_a_burst_becomes_a_few_cards_and_a_count(bot: RunningBot) -> None:
    await send_videos(bot, AT_ONCE + 7)
    found = await bot.answers(GROUP, until=lambda found: says(found, "7 more"), timeout=60)
    assert len(cards(found)) == AT_ONCE
    count = summary(found)
    assert count is not None
    pressed = await bot.sandbox.press(STAFF, count, row=0, column=0)
    assert "5" in pressed["text"]
    found = await bot.answers(
        GROUP, until=lambda found: len(cards(found)) == AT_ONCE + 5 and says(found, "2 more"), timeout=60
    )
    first = cards(found)[0]
    await bot.sandbox.press(ADMIN, first, data=buttons(first)[-1]["callback_data"])
    found = await bot.answers(GROUP, until=lambda found: says(found, "1 more"), timeout=60)
    assert len([one for one in found if "video" in one]) == AT_ONCE + 6, "one is decided, one comes"
    (second, *_) = cards(found)
    await bot.sandbox.press(ADMIN, second, data=buttons(second)[-1]["callback_data"])
    found = await bot.answers(GROUP, until=lambda found: summary(found) is None, timeout=60)
    assert len([one for one in found if "video" in one]) == AT_ONCE + 7
    listed = await bot.ask(ADMIN, "/waiting", timeout=30)
    assert f"{AT_ONCE + 5} wait for a request" in listed["text"]
    assert "floor 12" in listed["text"]


async def test_a_card_held_by_a_killed_process_is_taken_up(bot: RunningBot, tmp_path: Path) -> None:
    await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    await bot.answers(GROUP, until=cards, timeout=40)
    await eventually(lambda: settled(bot))
    async with bot.sessions.begin() as session:
        long_ago = text("now() - interval '5 minutes'")
        held = update(StaffCard).values(sent=-1 - StaffCard.sent, wanted=StaffCard.wanted + 1, changed_at=long_ago)
        await session.execute(held)
    await bot.door.sweep()
    await eventually(lambda: settled(bot))
    assert len(cards(await bot.answers(GROUP))) == 1


async def settled(bot: RunningBot) -> bool:
    async with bot.sessions.begin() as session:
        rows = (await session.scalars(select(StaffCard))).all()
    return bool(rows) and all(row.sent == row.wanted for row in rows)


async def test_a_flood_only_delays(bot: RunningBot, tmp_path: Path) -> None:
    await bot.sandbox.add_fault("flood", method="copyMessage", chat=GROUP, count=2, retry_after=1)
    await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    found = await bot.answers(GROUP, until=cards, timeout=60)
    assert len(found) == 1


async def test_what_its_sender_took_from_the_chat_is_shown_from_the_channel(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)], caption="Leak")
    await bot.card(TENANT, sent["message_id"], "Stored", timeout=30)
    await bot.sandbox.delete(TENANT, sent["message_id"])
    (card,) = await bot.answers(GROUP, until=cards, timeout=40)
    assert "Leak" in card["caption"]
    assert "photo" in card or "document" in card


async def test_what_waited_before_there_was_a_staff_chat_is_asked_then(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    await sandbox.person(TENANT, language_code="en")
    async with running_bot(database_url, sandbox, tmp_path) as bot:
        (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
        await bot.card(TENANT, sent["message_id"], "Stored", timeout=30)
        assert await bot.answers(GROUP, until=lambda _: True) == []
        await Groups(bot.sessions).bind_staff_chat(GROUP, by=ADMIN, title="Staff")
        await bot.answers(GROUP, until=cards, timeout=40)


async def test_a_hundred_new_requests_at_once_have_a_hundred_numbers(sessions: Sessions) -> None:
    day = date(2025, 9, 26)
    async with sessions.begin() as session:
        session.add_all([Request(number="250926-002"), Request(number="250926-999"), Request(number="250925-001")])

    async def one() -> str:
        async with sessions.begin() as session:
            return await open_request(session, day, by="telegram:1")

    numbers = await asyncio.gather(*(one() for _ in range(100)))
    assert sorted(numbers)[:3] == ["250926-001", "250926-003", "250926-004"]
    assert len(set(numbers)) == 100
    async with sessions.begin() as session:
        likely = await likely_requests(session, date(2025, 9, 25), limit=3)
    assert likely[0] == "250925-001", "today's come first"


async def test_what_is_open_follows_the_staff_chat(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    """It becomes a supergroup, and the bot is put out of it and let in again: nothing is forgotten."""
    await sandbox.person(TENANT, language_code="en")
    old = await sandbox.chat("group", "Dispatchers", creator=ADMIN, members=[STAFF])
    await sandbox.member(old["id"], BOT_ID, "member")
    async with running_bot(database_url, sandbox, tmp_path, config={"staff_chat": old["id"]}) as bot:
        await sandbox.send_files(TENANT, [media.jpeg(tmp_path)], caption="Leak")
        await bot.answers(old["id"], until=cards, timeout=40)
        new = (await sandbox.upgrade(old["id"]))["id"]
        (card,) = cards(await bot.answers(new, until=cards, timeout=60))
        assert "Leak" in card["caption"]
        await sandbox.member(new, BOT_ID, "left")
        groups = Groups(bot.sessions, staff_chat=old["id"])
        await eventually(lambda: no_staff_chat(groups))
        await sandbox.send_files(TENANT, [media.jpeg(tmp_path, orientation=3)], caption="Roof")
        await bot.ask(ADMIN, "/help", timeout=30)
        await sandbox.member(new, BOT_ID, "member")
        found = cards(await bot.answers(new, until=lambda found: len(cards(found)) == 2, timeout=60))
        assert "Roof" in found[-1]["caption"]
        number = "250926-011"
        await sandbox.send_text(STAFF, f"/attach {number}", chat=new, reply_to=found[-1]["message_id"])
        await bot.answers(
            new, until=lambda found: any(f"→ {number}" in str(one.get("caption")) for one in found), timeout=40
        )


async def no_staff_chat(groups: Groups) -> bool:
    return await groups.staff_chat() is None
