"""Queues of updates, long polls, who gets to see what."""

import asyncio

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramConflictError

from sandbox.client import SandboxClient
from sandbox.server import RunningSandbox
from tests.contract.sandbox.driving import AZIZA, EMMA, OTHER_TOKEN, REQUESTS, SERGEY, STAFF, MakeBot, Raw


async def test_an_offset_confirms_and_ids_rise_by_one(bot: Bot, client: SandboxClient) -> None:
    for text in ("one", "two", "three"):
        await client.send_text(AZIZA, text)
    updates = await bot.get_updates()
    first = updates[0].update_id
    assert [update.update_id for update in updates] == [first, first + 1, first + 2]
    assert len(await bot.get_updates()) == 3
    left = await bot.get_updates(offset=first + 2)
    assert [update.message.text for update in left if update.message] == ["three"]


async def test_a_negative_offset_keeps_the_last_ones(bot: Bot, client: SandboxClient) -> None:
    for number in range(5):
        await client.send_text(AZIZA, str(number))
    kept = await bot.get_updates(offset=-2)
    assert [update.message.text for update in kept if update.message] == ["3", "4"]
    assert len(await bot.get_updates()) == 2


async def test_the_limit_is_obeyed(bot: Bot, client: SandboxClient) -> None:
    for number in range(3):
        await client.send_text(AZIZA, str(number))
    assert len(await bot.get_updates(limit=2)) == 2


async def test_a_long_poll_ends_with_the_next_update(bot: Bot, client: SandboxClient) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.sleep(0.1)
    await client.send_text(AZIZA, "wake up")
    async with asyncio.timeout(2):
        updates = await poll
    assert updates[0].message is not None
    assert updates[0].message.text == "wake up"


async def test_a_second_poll_ends_the_first(bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.sleep(0.1)
    assert await bot.get_updates() == []
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request; make sure that only one"):
        await first


async def test_updates_expire_after_a_day(bot: Bot, client: SandboxClient) -> None:
    await client.send_text(AZIZA, "old")
    await client.advance(25 * 3600)
    await client.send_text(AZIZA, "new")
    assert [update.message.text for update in await bot.get_updates() if update.message] == ["new"]


async def test_allowed_updates_are_kept_until_they_are_named_again(bot: Bot, client: SandboxClient) -> None:
    await bot.get_updates(allowed_updates=["edited_message"])
    message = await client.send_text(AZIZA, "one")
    await client.edit(AZIZA, message["message_id"], AZIZA, text="two")
    updates = await bot.get_updates()
    assert [update.event_type for update in updates] == ["edited_message"]


async def test_reactions_come_only_when_asked_for(bot: Bot, client: SandboxClient) -> None:
    message = await client.send_text(AZIZA, "hello")
    await client.react(AZIZA, message, "👍")
    assert [update.event_type for update in await bot.get_updates()] == ["message"]
    await bot.get_updates(offset=-1, allowed_updates=["message", "message_reaction"])
    await client.react(AZIZA, message, None)
    assert (await bot.get_updates())[-1].event_type == "message_reaction"
    assert (await client.messages(AZIZA))[0]["reactions"] == []


async def test_a_channel_post_has_no_from_and_own_posts_give_no_update(bot: Bot, client: SandboxClient) -> None:
    await bot.send_message(REQUESTS, "mine")
    await client.send_text(EMMA, "hers #r250926_001", chat=REQUESTS)
    (update,) = await bot.get_updates()
    post = update.channel_post
    assert post is not None
    assert post.from_user is None
    assert post.sender_chat is not None
    assert post.sender_chat.id == REQUESTS
    assert [entity.type for entity in post.entities or []] == ["hashtag"]


async def test_an_album_comes_as_separate_updates_with_one_group(bot: Bot, client: SandboxClient) -> None:
    media = [{"kind": "photo"}, {"kind": "photo"}, {"kind": "video", "virtual_size": 5_000_000}]
    await client.send(AZIZA, AZIZA, media=media, caption="250926-001")
    messages = [update.message for update in await bot.get_updates() if update.message]
    assert len({message.media_group_id for message in messages}) == 1
    assert [message.caption for message in messages] == ["250926-001", None, None]
    assert [message.content_type for message in messages] == ["photo", "photo", "video"]


async def test_privacy_mode_shows_only_what_is_for_the_bot(bot: Bot, client: SandboxClient) -> None:
    group = await client.chat("supergroup", "Yard", creator=EMMA, members=[SERGEY], bots=[{"id": bot.id}])
    await bot.get_updates(offset=-1)
    said = await bot.send_message(group["id"], "What is broken?")
    await client.send_text(SERGEY, "nothing for bots", chat=group["id"])
    await client.send_text(SERGEY, "@mediagate_bot neither is this", chat=group["id"])
    await client.send_text(SERGEY, "/help@other_bot", chat=group["id"])
    await client.send_text(SERGEY, "/help@mediagate_bot", chat=group["id"])
    await client.send_text(SERGEY, "the tap", chat=group["id"], reply_to=said.message_id)
    await client.send(group["id"], SERGEY, media=[{"kind": "photo"}] * 2, reply_to_message_id=said.message_id)
    seen = [update.message for update in (await bot.get_updates())[1:] if update.message]
    assert [message.text for message in seen] == ["/help@mediagate_bot", "the tap", None]
    assert seen[1].reply_to_message is not None


async def test_admins_read_all_and_a_changed_setting_waits_for_being_added_again(
    bot: Bot, client: SandboxClient, sandbox: RunningSandbox, make_bot: MakeBot
) -> None:
    await client.send_text(SERGEY, "for staff", chat=STAFF)
    assert len(await bot.get_updates()) == 1
    other = make_bot(OTHER_TOKEN)
    await client.bot(token=OTHER_TOKEN)
    await client.member(STAFF, other.id, "member")
    await client.bot(token=OTHER_TOKEN, can_read_all_group_messages=True)
    await client.send_text(SERGEY, "not yet", chat=STAFF)
    await client.member(STAFF, other.id, "left")
    await client.member(STAFF, other.id, "member")
    await client.send_text(SERGEY, "now", chat=STAFF)
    texts = [update.message.text for update in await other.get_updates() if update.message]
    assert "now" in texts
    assert "not yet" not in texts
    assert (await other.get_me()).can_read_all_group_messages is True


async def test_rights_in_a_channel_arrive_as_my_chat_member(bot: Bot, client: SandboxClient) -> None:
    channel = await client.channel("Backup", creator=EMMA, bots=[bot.id])
    (update,) = await bot.get_updates()
    assert update.my_chat_member is not None
    assert update.my_chat_member.chat.id == channel["id"]
    assert update.my_chat_member.new_chat_member.status == "administrator"
    assert update.my_chat_member.old_chat_member.status == "left"


async def test_an_anonymous_admin_writes_as_the_group(bot: Bot, client: SandboxClient) -> None:
    await client.send(STAFF, EMMA, text="/who", anonymous=True)
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.from_user is not None
    assert update.message.from_user.id == 1087968824
    assert update.message.sender_chat is not None
    assert update.message.sender_chat.id == STAFF


async def test_a_shared_chat_gives_the_bot_its_rights(bot: Bot, client: SandboxClient) -> None:
    channel = await client.channel("Private", creator=EMMA)
    await client.send(EMMA, EMMA, chat_shared={"request_id": 7, "chat_id": channel["id"]})
    member, shared = await bot.get_updates()
    assert member.event_type == "my_chat_member"
    assert shared.message is not None
    assert shared.message.chat_shared is not None
    assert (shared.message.chat_shared.request_id, shared.message.chat_shared.chat_id) == (7, channel["id"])
    assert (await bot.send_message(channel["id"], "bound")).chat.id == channel["id"]


async def test_a_shared_contact_arrives(bot: Bot, client: SandboxClient) -> None:
    contact = {"phone_number": "+998901111001", "first_name": "Aziza", "user_id": AZIZA}
    await client.send(AZIZA, AZIZA, contact=contact)
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.contact is not None
    assert update.message.contact.user_id == AZIZA


async def test_blocking_is_told_and_felt(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    await client.start(AZIZA, "deep_link-1")
    await client.change_person(AZIZA, blocked_bots=[bot.id])
    assert await raw.error("sendMessage", chat_id=AZIZA, text="x") == "Forbidden: bot was blocked by the user"
    updates = await bot.get_updates()
    assert [update.event_type for update in updates] == ["message", "my_chat_member"]
    assert updates[0].message is not None
    assert updates[0].message.text == "/start deep_link-1"
