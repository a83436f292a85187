"""Staff, links and blocking as an admin does them in chats, and as those concerned see it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.admin.tools import SetBlocked, SetRole
from sandbox.client import SandboxClient
from storage.domain import Role
from storage.tables import Audit, Media, Person
from tests import media
from tests.flow.bot_running import ADMIN, GROUP, STAFF, TENANT, RunningBot, buttons, running_bot

Json = dict[str, Any]
WAIT = 40
NEW = 5001


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path) as running:
        await sandbox.person(TENANT, language_code="en")
        await sandbox.person(NEW, first_name="<b>Anvar</b>", username="anvar", language_code="en")
        yield running


def data_of(message: Json, words: str) -> str:
    found: str = next(one["callback_data"] for one in buttons(message) if words in one["text"])
    return found


async def role_of(bot: RunningBot, person: int) -> Role | None:
    async with bot.sessions.begin() as session:
        role: Role | None = await session.scalar(select(Person.role).where(Person.telegram_id == person))
    return role


async def said(bot: RunningBot, chat: int, words: str) -> Json:
    found = await bot.answers(chat, until=lambda all_: any(words in one.get("text", "") for one in all_), timeout=WAIT)
    return next(one for one in found if words in one.get("text", ""))


async def test_somebody_chosen_becomes_staff_and_loses_it_by_a_tap(bot: RunningBot) -> None:
    asked = await bot.ask(ADMIN, "/staff", timeout=WAIT)
    assert "2 people with a role" in asked["text"]
    assert "Emma (@emma) – admin (by the settings)" in asked["text"]
    await bot.sandbox.press(ADMIN, asked, data=data_of(asked, "Choose people"))
    keys = await said(bot, ADMIN, "Choose up to ten people")
    await bot.sandbox.press_key(ADMIN, keys, [0, 0], users=[NEW])
    await said(bot, ADMIN, "<b>Anvar</b> is staff now")
    assert await role_of(bot, NEW) is Role.STAFF
    asked = await bot.ask(ADMIN, "/staff", timeout=WAIT)
    await bot.sandbox.press(ADMIN, asked, data=data_of(asked, "Anvar"))
    shown = await bot.answers(
        ADMIN, asked["message_id"] - 1, until=lambda all_: "Take" in str(buttons(all_[0])), timeout=WAIT
    )
    page = shown[0]
    await bot.sandbox.press(ADMIN, page, data=data_of(page, "Take the role away"))
    assert await role_of(bot, NEW) is Role.USER
    async with bot.sessions.begin() as session:
        audit = (await session.scalars(select(Audit).where(Audit.action == "role_changed").order_by(Audit.id))).all()
    assert [(one.actor, one.detail and one.detail["to"]) for one in audit] == [
        (f"telegram:{ADMIN}", "staff"),
        (f"telegram:{ADMIN}", "user"),
    ]


async def test_a_reply_in_a_group_and_a_contact_make_staff(bot: RunningBot) -> None:
    await bot.sandbox.member(GROUP, NEW, "member")
    words = await bot.sandbox.send_text(NEW, "I fix pipes", chat=GROUP)
    await bot.sandbox.send_text(ADMIN, "/staff", chat=GROUP, reply_to=words["message_id"])
    await said(bot, GROUP, "<b>Anvar</b> is staff now")
    await bot.sandbox.send_text(ADMIN, "/staff remove", chat=GROUP, reply_to=words["message_id"])
    await said(bot, GROUP, "<b>Anvar</b> is not staff any more")
    card = {"phone_number": "+99890", "first_name": "Anvar", "user_id": NEW}
    await bot.sandbox.send(ADMIN, ADMIN, contact=card)
    await said(bot, ADMIN, "Anvar is staff now")
    assert await role_of(bot, NEW) is Role.STAFF
    await bot.sandbox.send(ADMIN, ADMIN, contact={"phone_number": "+99890", "first_name": "Nobody"})
    await said(bot, ADMIN, "This contact is not in Telegram")


async def test_a_link_for_staff_works_once(bot: RunningBot) -> None:
    asked = await bot.ask(ADMIN, "/staff", timeout=WAIT)
    await bot.sandbox.press(ADMIN, asked, data=data_of(asked, "A link for staff"))
    link = (await said(bot, ADMIN, "becomes staff"))["text"].split()[-1]
    await bot.sandbox.open_link(NEW, link)
    await said(bot, NEW, "You are staff now")
    await bot.sandbox.open_link(TENANT, link)
    await said(bot, TENANT, "has expired or has been used")
    assert [await role_of(bot, one) for one in (NEW, TENANT)] == [Role.STAFF, Role.USER]


async def test_a_link_is_closed_by_a_tap(bot: RunningBot) -> None:
    asked = await bot.ask(ADMIN, "/staff", timeout=WAIT)
    await bot.sandbox.press(ADMIN, asked, data=data_of(asked, "A link for staff"))
    link = (await said(bot, ADMIN, "becomes staff"))["text"].split()[-1]
    await bot.sandbox.press(ADMIN, asked, data=data_of(asked, "Open links"))
    listed = await said(bot, ADMIN, "Links that are open")
    await bot.sandbox.press(ADMIN, listed, data=data_of(listed, "Close"))
    await said(bot, ADMIN, "No link is open")
    await bot.sandbox.open_link(NEW, link)
    await said(bot, NEW, "has expired or has been used")
    assert await role_of(bot, NEW) is Role.USER


async def test_admins_of_the_settings_stay_and_the_last_one_too(bot: RunningBot) -> None:
    asked = await bot.ask(ADMIN, "/staff", timeout=WAIT)
    await bot.press(ADMIN, asked, SetRole(id=ADMIN, role="user").pack())
    await bot.press(ADMIN, asked, SetRole(id=NEW, role="emperor").pack())
    await bot.press(ADMIN, asked, SetBlocked(id=ADMIN, blocked=True).pack())
    await bot.press(STAFF, asked, SetRole(id=STAFF, role="admin").pack())
    assert "Status" in (await bot.ask(ADMIN, "/status", timeout=WAIT))["text"]
    async with bot.sessions.begin() as session:
        assert (await session.scalars(select(Audit).where(Audit.action.in_(["role_changed", "blocked"])))).all() == []


async def test_who_is_blocked_gets_no_answers_and_nothing_is_kept(bot: RunningBot, tmp_path: Path) -> None:
    await bot.ask(NEW, "/start", timeout=WAIT)
    assert "Blocked" not in (await bot.ask(ADMIN, "/block", timeout=WAIT))["text"]
    blocked = await bot.ask(ADMIN, "/block @ANVAR", timeout=WAIT)
    assert "<b>Anvar</b> is blocked" in blocked["text"]
    await bot.sandbox.send_text(NEW, "/help")
    await bot.sandbox.send_files(NEW, [media.jpeg(tmp_path)])
    listed = await bot.ask(ADMIN, "/block", timeout=WAIT)
    assert "1 person is blocked" in listed["text"]
    await bot.calm()
    await bot.sandbox.press(ADMIN, listed, data=data_of(listed, "Unblock"))
    helped = await bot.ask(NEW, "/help", timeout=WAIT)
    before = [one for one in await bot.answers(NEW) if one["message_id"] < helped["message_id"]]
    assert len(before) == 1
    async with bot.sessions.begin() as session:
        assert (await session.scalars(select(Media))).all() == []
        actions = (await session.scalars(select(Audit.action).order_by(Audit.id))).all()
    assert [one for one in actions if one in ("blocked", "unblocked")] == ["blocked", "unblocked"]


@pytest.mark.parametrize("args", ["@nobody", "12345678901234567890123", "0", "<b>", "-5"])
async def test_strangers_cannot_be_blocked(bot: RunningBot, args: str) -> None:
    assert "do not know this person" in (await bot.ask(ADMIN, f"/block {args}", timeout=WAIT))["text"]
