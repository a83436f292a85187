"""Channels as admins see them in their chat: offered, bound, mended, lost, watched."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.admin.tools import BindChannel, UnbindChannel
from sandbox.client import SandboxClient
from storage.domain import Purpose
from storage.tables import Audit, Channel, ChannelBinding, ChannelCheck
from tests.flow.bot_running import ADMIN, BOT_ID, REQUESTS, STAFF, TENANT, RunningBot, buttons, running_bot

Json = dict[str, Any]
WAIT = 40
REPORTS = -1_001_000_000_002
HOURS = timedelta(hours=2)


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path) as running:
        await running.ask(ADMIN, "/start", timeout=WAIT)
        yield running


def data_of(message: Json, words: str) -> str:
    found: str = next(one["callback_data"] for one in buttons(message) if words in one["text"])
    return found


async def purposes(bot: RunningBot, chat: int) -> set[Purpose]:
    query = select(ChannelBinding.purpose).join(Channel, Channel.id == ChannelBinding.channel_id)
    async with bot.sessions.begin() as session:
        return set((await session.scalars(query.where(Channel.chat_id == chat))).all())


async def told(bot: RunningBot, words: str) -> Json:
    def there(messages: list[Json]) -> bool:
        return any(words in one.get("text", "") for one in messages)

    messages = await bot.answers(ADMIN, until=there, timeout=WAIT)
    return next(one for one in messages if words in one.get("text", ""))


async def test_the_list_says_what_each_channel_is_for(bot: RunningBot) -> None:
    said = await bot.ask(ADMIN, "/channels", timeout=WAIT)
    assert "4 channels" in said["text"]
    assert "Reports – 📝 Reports" in said["text"]
    await bot.sandbox.change_chat(REPORTS, protected=True)
    await bot.sandbox.press(ADMIN, said, data=data_of(said, "Reports"))
    page = await told(bot, "Looked at")
    assert "Saving content is restricted" in page["text"]
    assert "2 members" in page["text"] or "3 members" in page["text"]


async def test_a_channel_that_lets_the_bot_in_is_offered_and_bound_by_a_tap(bot: RunningBot) -> None:
    channel = await bot.sandbox.channel("New <b>files</b>", creator=ADMIN, bots=[BOT_ID])
    offer = await told(bot, "I am an administrator of New <b>files</b> now")
    await bot.sandbox.press(ADMIN, offer, data=data_of(offer, "Backup"))
    await told(bot, "New <b>files</b> is in use from now on: 💾 Backup")
    assert await purposes(bot, channel["id"]) == {Purpose.BACKUP}
    async with bot.sessions.begin() as session:
        audit = (await session.scalars(select(Audit).where(Audit.action == "channel_bound"))).one()
    assert audit.actor == f"telegram:{ADMIN}"
    said = await bot.ask(ADMIN, "/channels", timeout=WAIT)
    await bot.press(ADMIN, said, UnbindChannel(chat=channel["id"]).pack())
    assert await purposes(bot, channel["id"]) == set()


async def test_a_channel_that_does_not_fit_says_how_it_is_mended(bot: RunningBot) -> None:
    rights = {"can_manage_chat": True, "can_post_messages": True}
    channel = await bot.sandbox.channel("Open", creator=ADMIN, username="everybody")
    await bot.sandbox.member(channel["id"], BOT_ID, "administrator", rights)
    offer = await told(bot, "I am an administrator of Open now")
    await bot.sandbox.press(ADMIN, offer, data=data_of(offer, "Requests"))
    unfit = await told(bot, "I cannot use Open like this")
    for words in ("may not edit", "may not delete", "It is public"):
        assert words in unfit["text"]
    assert await purposes(bot, REQUESTS) == {Purpose.REQUESTS}
    full = rights | {"can_edit_messages": True, "can_delete_messages": True, "can_invite_users": True}
    await bot.sandbox.member(channel["id"], BOT_ID, "administrator", full)
    await bot.sandbox.change_chat(channel["id"], username=None)
    await bot.sandbox.press(ADMIN, unfit, data=data_of(unfit, "Check again"))
    await told(bot, "Open is in use from now on: 📦 Requests")
    assert await purposes(bot, channel["id"]) == {Purpose.REQUESTS}
    assert await purposes(bot, REQUESTS) == set()


async def test_a_lost_right_is_told_once_and_so_is_its_return(bot: RunningBot) -> None:
    await bot.sandbox.member(REQUESTS, BOT_ID, "administrator", {"can_manage_chat": True, "can_post_messages": True})
    alert = await told(bot, "Channel Requests: I cannot work as I should")
    assert "I may not delete messages" in alert["text"]
    await bot.sandbox.member(REQUESTS, BOT_ID, "left")
    status = await bot.ask(ADMIN, "/status", timeout=WAIT)
    assert "1 alert" in status["text"]
    full = ("can_manage_chat", "can_post_messages", "can_edit_messages", "can_delete_messages", "can_invite_users")
    await bot.sandbox.member(REQUESTS, BOT_ID, "administrator", dict.fromkeys(full, True))
    over = await told(bot, "Channel Requests is all right again")
    assert over["message_id"] == alert["message_id"]
    alerts = [one for one in await bot.answers(ADMIN) if "I cannot work as I should" in one["text"]]
    assert [one["text"].startswith("Status") for one in alerts].count(False) == 1


async def test_new_members_are_told_on_the_rounds(bot: RunningBot) -> None:
    rounds = bot.door.rounds
    async with bot.sessions.begin() as session:
        await session.execute(update(Channel).values(bound_at=Channel.bound_at - HOURS))
    for _ in range(4):
        await rounds.go()
    await bot.sandbox.person(9001, first_name="Stranger")
    await bot.sandbox.member(REQUESTS, 9001, "member")
    async with bot.sessions.begin() as session:
        await session.execute(update(ChannelCheck).values(checked_at=ChannelCheck.checked_at - HOURS))
    for _ in range(4):
        await rounds.go()
    assert "1 new member" in (await told(bot, "Channel Requests: 1 new member"))["text"]


async def test_nobody_but_admins_finds_any_of_this(bot: RunningBot) -> None:
    await bot.sandbox.person(STAFF, language_code="en")
    unknown = (await bot.ask(STAFF, "/nonsense", timeout=WAIT))["text"]
    for command in ("/channels", "/staff", "/keys", "/status", "/block", "/unblock 1", "/setup"):
        assert (await bot.ask(STAFF, command, timeout=WAIT))["text"] == unknown
    said = await bot.ask(STAFF, "/help", timeout=WAIT)
    await bot.press(STAFF, said, UnbindChannel(chat=REQUESTS).pack())
    await bot.press(TENANT, said, BindChannel(chat=REPORTS, purpose="requests").pack())
    assert await purposes(bot, REQUESTS) == {Purpose.REQUESTS}


async def test_forged_data_of_an_admin_changes_nothing(bot: RunningBot) -> None:
    said = await bot.ask(ADMIN, "/channels", timeout=WAIT)
    for data in (
        BindChannel(chat=TENANT, purpose="requests").pack(),
        BindChannel(chat=-1_009_999_999_999, purpose="requests").pack(),
        BindChannel(chat=REQUESTS, purpose="everything").pack(),
        UnbindChannel(chat=2**62).pack(),
        "acb:x:requests",
        "ach:1",
    ):
        await bot.press(ADMIN, said, data)
    assert await purposes(bot, REQUESTS) == {Purpose.REQUESTS}
