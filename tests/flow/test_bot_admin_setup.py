"""From a one-time link to a gateway that keeps files, and people who come by links, as they see it in their chats."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from sandbox.client import SandboxClient
from storage.callers.invite_links import InviteLinks, Opening
from storage.callers.people import Access, People
from storage.clock import SystemClock
from storage.database import Sessions
from storage.domain import Purpose, Role
from storage.tables import Audit, Channel, ChannelBinding, InviteLink, Recovery
from tests.flow.bot_running import ADMIN, GROUP, TENANT, RunningBot, buttons, running_bot

Json = dict[str, Any]
NOBODY_YET: Json = {"admin_ids": frozenset(), "staff_ids": frozenset(), "access": Access.INVITE}
WAIT = 40


def links_of(sessions: Sessions) -> InviteLinks:
    people = People(sessions, access=Access.INVITE)
    return InviteLinks(sessions=sessions, people=people, clock=SystemClock())


def keys_of(message: Json) -> list[str]:
    return [key["text"] for row in message.get("reply_markup", {}).get("keyboard", []) for key in row]


async def answered(bot: RunningBot, person: int, after: int, *words: str) -> Json:
    """The first answer after a message that says all of ``words``."""

    def says(message: Json) -> bool:
        return all(word in message.get("text", "") for word in words)

    found = await bot.answers(person, after, until=lambda all_: any(map(says, all_)), timeout=WAIT)
    return next(one for one in found if says(one))


async def test_the_first_to_open_the_link_is_led_to_a_gateway_that_keeps_files(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    async with running_bot(database_url, sandbox, tmp_path, config=NOBODY_YET) as bot:
        async with bot.sessions.begin() as session:
            await session.execute(delete(ChannelBinding))
        code = await links_of(bot.sessions).create(Role.ADMIN, by="cli", expires_in=timedelta(hours=1))
        said = await sandbox.start(ADMIN, code)
        await answered(bot, ADMIN, said["message_id"], "You are the administrator")
        steps = await answered(bot, ADMIN, said["message_id"], "▫️ a channel where all files are kept")
        names = [words.partition(" ")[2] for words in keys_of(steps)]
        assert names == ["Choose the archive channel", "Choose the backup channel", "Choose the staff group"]
        await sandbox.press_key(ADMIN, steps, keys_of(steps)[0], create="Our files")
        steps = await answered(bot, ADMIN, steps["message_id"], "✅ a channel where all files are kept")
        assert keys_of(steps) == ["💾 Choose the backup channel", "👥 Choose the staff group"]
        await sandbox.press_key(ADMIN, steps, keys_of(steps)[0], create="Copies")
        steps = await answered(bot, ADMIN, steps["message_id"], "✅ a channel for backups")
        await sandbox.press_key(ADMIN, steps, keys_of(steps)[0], chat=GROUP)
        last = await answered(bot, ADMIN, steps["message_id"], "opens the backups")
        async with bot.sessions.begin() as session:
            bound = {
                row.purpose: row.title
                for row in await session.execute(
                    select(ChannelBinding.purpose, Channel.title).join(Channel, Channel.id == ChannelBinding.channel_id)
                )
            }
        assert bound == {Purpose.REQUESTS: "Our files", Purpose.BACKUP: "Copies"}
        await passphrase_is_shown_once(bot, last)
        asked = await sandbox.send_text(ADMIN, "/setup")
        await answered(bot, ADMIN, asked["message_id"], "Everything is set up")
        await a_second_opener_is_a_stranger(bot, code)


async def passphrase_is_shown_once(bot: RunningBot, message: Json) -> None:
    await bot.sandbox.press(ADMIN, message, data=buttons(message)[0]["callback_data"])
    shown = await answered(bot, ADMIN, message["message_id"], "disappears")
    passphrase = shown["text"].split()[-1]
    assert len(passphrase.replace("-", "")) == 30
    async with bot.sessions.begin() as session:
        kept = (await session.scalars(select(Recovery.verifier))).one()
    assert passphrase not in kept
    again = await bot.sandbox.press(ADMIN, message, data=buttons(message)[0]["callback_data"])
    assert "mediagate setup --new-passphrase" in again["text"]


async def a_second_opener_is_a_stranger(bot: RunningBot, code: str) -> None:
    await bot.sandbox.person(TENANT, language_code="en")
    assert "has expired or has been used" in (await bot.ask(TENANT, f"/start {code}", timeout=WAIT))["text"]
    await bot.sandbox.send_text(TENANT, "/status")
    assert "Status" in (await bot.ask(ADMIN, "/status", timeout=WAIT))["text"]
    assert not any("Status" in one["text"] for one in await bot.answers(TENANT))


async def test_a_link_is_counted_expires_is_revoked_and_ends_with_its_maker(sessions: Sessions) -> None:
    people, links = People(sessions, access=Access.INVITE), links_of(sessions)
    for telegram_id in range(1, 6):
        await people.meet(User(telegram_id))
    twice = await links.create(Role.STAFF, by="cli", most_uses=2)
    assert await links.open(twice, 1) == (Opening.WELCOME, Role.STAFF)
    assert await links.open(twice, 1) == (Opening.AGAIN, Role.STAFF)
    assert (await links.open(twice, 2))[0] is Opening.WELCOME
    assert (await links.open(twice, 3))[0] is Opening.OVER
    assert [await people.role_of(one) for one in (1, 2, 3)] == [Role.STAFF, Role.STAFF, Role.USER]
    by_staff = await links.create(Role.USER, by="telegram:1", most_uses=9)
    too_high = await links.create(Role.ADMIN, by="telegram:1", most_uses=9)
    assert (await links.open(too_high, 4))[0] is Opening.OVER
    assert (await links.open(by_staff, 3))[0] is Opening.WELCOME
    assert (await people.meet(User(3))).admitted
    revoked = await links.create(Role.STAFF, by="cli", most_uses=9)
    newest = (await links.list())[0]
    assert await links.revoke(newest.id, by="cli")
    assert await links.revoke(newest.id, by="cli")
    assert not await links.revoke(999, by="cli")
    assert (await links.open(revoked, 4))[0] is Opening.OVER
    async with sessions.begin() as session:
        await session.execute(update(InviteLink).values(expires_at=InviteLink.created_at))
    assert (await links.open(by_staff, 4))[0] is Opening.OVER
    assert await links.list() == []
    async with sessions.begin() as session:
        admitted = await session.scalars(select(Audit.detail).where(Audit.action == "admitted").order_by(Audit.id))
        assert [one["person"] for one in admitted if one] == [1, 2, 3]


async def test_one_last_use_lets_one_in_however_many_come_at_once(sessions: Sessions) -> None:
    people, links = People(sessions, access=Access.INVITE), links_of(sessions)
    for telegram_id in range(1, 9):
        await people.meet(User(telegram_id))
    code = await links.create(Role.ADMIN, by="cli")
    openings = await asyncio.gather(*(links.open(code, one) for one in range(1, 9)))
    assert sorted(opening for opening, _ in openings).count(Opening.WELCOME) == 1
    assert [await people.role_of(one) for one in range(1, 9)].count(Role.ADMIN) == 1


@pytest.mark.parametrize("guess", ["i_", "i_" + "A" * 62, "i_" + "A" * 32, "i_ä", "i_\ud800", "i_' or 1=1 --"])
async def test_a_made_up_code_opens_nothing(sessions: Sessions, guess: str) -> None:
    people = People(sessions, access=Access.INVITE)
    await people.meet(User(1))
    assert (await links_of(sessions).open(guess, 1))[0] is Opening.OVER


class User:
    """What Telegram says of a person."""

    def __init__(self, telegram_id: int) -> None:
        self.id = telegram_id
        self.first_name = f"P{telegram_id}"
        self.username = None
        self.language_code = "en"
