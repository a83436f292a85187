"""Topics, invite links, members, service messages."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    ChatAdministratorRights,
    ChatMemberAdministrator,
    KeyboardButton,
    KeyboardButtonRequestChat,
    KeyboardButtonRequestUsers,
    ReplyKeyboardMarkup,
    Update,
)

from sandbox.client import SandboxClient, SandboxError
from tests.contract.sandbox.driving import AZIZA, BOT, EMMA, SERGEY, Json

RIGHTS = {f"can_{name}": True for name in ("manage_topics", "delete_messages", "invite_users", "restrict_members")}


@pytest.fixture
async def forum(client: SandboxClient, bot: Bot) -> int:
    bots = [{"id": BOT, "status": "administrator", "rights": RIGHTS}]
    made = await client.chat("supergroup", "House", is_forum=True, creator=EMMA, members=[SERGEY], bots=bots)
    await bot.get_updates(offset=-1)
    return int(made["id"])


async def last(bot: Bot) -> Update:
    return (await bot.get_updates())[-1]


async def test_a_topic_divides_a_forum(bot: Bot, client: SandboxClient, forum: int) -> None:
    topic = await bot.create_forum_topic(forum, "Stairs")
    message = await bot.send_message(forum, "swept", message_thread_id=topic.message_thread_id)
    assert (message.message_thread_id, message.is_topic_message) == (topic.message_thread_id, True)
    assert message.chat.is_forum is True
    reply = (await client.send(forum, SERGEY, text="thanks", reply_to_message_id=message.message_id))[0]
    assert reply["message_thread_id"] == topic.message_thread_id
    answer = await bot.send_message(forum, "welcome", reply_to_message_id=reply["message_id"])
    assert answer.message_thread_id == topic.message_thread_id
    assert (await bot.send_message(forum, "general", message_thread_id=1)).message_thread_id is None
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(forum, "x", message_thread_id=999)
    await bot.delete_forum_topic(forum, topic.message_thread_id)
    assert [one["text"] for one in await client.messages(forum) if "text" in one] == ["general"]


async def test_a_persons_topic_can_be_closed_to_people(bot: Bot, client: SandboxClient, forum: int) -> None:
    topic = (await client.topic(forum, SERGEY, "Cellar"))["message_thread_id"]
    opened = (await last(bot)).message
    assert opened is not None
    assert opened.forum_topic_created is not None
    assert (opened.forum_topic_created.name, opened.message_thread_id) == ("Cellar", topic)
    await bot.close_forum_topic(forum, topic)
    with pytest.raises(SandboxError, match="TOPIC_CLOSED"):
        await client.send(forum, SERGEY, text="x", message_thread_id=topic)
    assert (await bot.send_message(forum, "by an administrator", message_thread_id=topic)).message_thread_id == topic


async def test_an_invite_link_lets_people_in_until_it_is_revoked(bot: Bot, client: SandboxClient, forum: int) -> None:
    link = await bot.create_chat_invite_link(forum, member_limit=1)
    await bot.get_updates(allowed_updates=["message", "chat_member"])
    assert (await client.open_link(AZIZA, link.invite_link))["status"] == "member"
    joined, said = (await bot.get_updates())[-2:]
    assert joined.chat_member is not None
    assert joined.chat_member.invite_link is not None
    assert said.message is not None
    assert said.message.new_chat_members is not None
    with pytest.raises(SandboxError, match="expired"):
        await client.open_link((await client.person(first_name="Late"))["id"], link.invite_link)
    assert (await bot.revoke_chat_invite_link(forum, link.invite_link)).is_revoked is True


async def test_a_join_request_waits_for_the_bot(bot: Bot, client: SandboxClient, forum: int) -> None:
    link = await bot.create_chat_invite_link(forum, creates_join_request=True)
    assert (await client.open_link(AZIZA, link.invite_link))["status"] == "left"
    request = (await last(bot)).chat_join_request
    assert request is not None
    assert request.from_user.id == AZIZA
    await bot.decline_chat_join_request(forum, AZIZA)
    with pytest.raises(TelegramBadRequest, match="HIDE_REQUESTER_MISSING"):
        await bot.approve_chat_join_request(forum, AZIZA)
    await client.open_link(AZIZA, link.invite_link)
    await bot.approve_chat_join_request(forum, AZIZA)
    assert (await bot.get_chat_member(forum, AZIZA)).status == "member"


async def test_who_comes_and_goes_is_said_in_the_group(bot: Bot, client: SandboxClient, forum: int) -> None:
    await client.member(forum, AZIZA, "member")
    await bot.ban_chat_member(forum, AZIZA)
    messages = await client.messages(forum)
    assert messages[-2]["new_chat_members"][0]["id"] == AZIZA
    assert messages[-1]["left_chat_member"]["id"] == AZIZA
    with pytest.raises(TelegramBadRequest, match="not enough rights"):
        await bot.promote_chat_member(forum, SERGEY, can_pin_messages=True)


async def test_promotion_and_demotion_are_updates(bot: Bot, client: SandboxClient, forum: int) -> None:
    await bot.get_updates(allowed_updates=["my_chat_member", "chat_member"])
    await client.member(forum, SERGEY, "administrator", {"can_pin_messages": True})
    change = (await last(bot)).chat_member
    assert change is not None
    assert isinstance(change.new_chat_member, ChatMemberAdministrator)
    assert (change.new_chat_member.can_pin_messages, change.old_chat_member.status) == (True, "member")
    await client.member(forum, BOT, "member")
    mine = (await last(bot)).my_chat_member
    assert mine is not None
    assert (mine.old_chat_member.status, mine.new_chat_member.status) == ("administrator", "member")


async def test_links_bring_a_bot_into_a_group_and_a_channel(bot: Bot, client: SandboxClient) -> None:
    group = (await client.chat("group", "Flat", creator=EMMA))["id"]
    sent = await client.open_link(EMMA, "https://t.me/mediagate_bot?startgroup=r1", chat=group)
    assert sent["messages"][0]["text"] == "/start@mediagate_bot r1"
    channel = (await client.chat("channel", "News", creator=EMMA))["id"]
    rights = "post_messages+delete_messages"
    await client.open_link(EMMA, f"https://t.me/mediagate_bot?startchannel&admin={rights}", chat=channel)
    assert (await bot.send_message(channel, "posted")).chat.id == channel
    await client.open_link(AZIZA, "https://t.me/mediagate_bot?start=abc")
    assert (await client.messages(AZIZA))[-1]["text"] == "/start abc"
    with pytest.raises(SandboxError, match="no bot"):
        await client.open_link(AZIZA, "https://t.me/nobody_bot?start=abc")


async def keyboard(bot: Bot, client: SandboxClient, *keys: KeyboardButton) -> Json:
    await client.start(EMMA)
    await bot.send_message(EMMA, "Choose", reply_markup=ReplyKeyboardMarkup(keyboard=[list(keys)]))
    return (await client.messages(EMMA))[-1]


async def test_keys_share_a_chat_a_contact_and_people(bot: Bot, client: SandboxClient) -> None:
    rights = ChatAdministratorRights(
        **dict.fromkeys(ChatAdministratorRights.model_fields, False) | {"can_post_messages": True}
    )
    message = await keyboard(
        bot,
        client,
        KeyboardButton(
            text="Channel",
            request_chat=KeyboardButtonRequestChat(
                request_id=7, chat_is_channel=True, request_title=True, bot_administrator_rights=rights
            ),
        ),
        KeyboardButton(text="Phone", request_contact=True),
        KeyboardButton(text="People", request_users=KeyboardButtonRequestUsers(request_id=8, request_name=True)),
        KeyboardButton(text="Plain"),
    )
    shared = (await client.press_key(EMMA, message, "Channel", create="Archive 2"))["messages"][0]["chat_shared"]
    assert (shared["request_id"], shared["title"]) == (7, "Archive 2")
    await bot.send_message(shared["chat_id"], "the bot may post")
    contact = (await client.press_key(EMMA, message, (0, 1)))["messages"][0]["contact"]
    assert (contact["user_id"], contact["phone_number"]) == (EMMA, "+998901111003")
    people = (await client.press_key(EMMA, message, "People", users=[AZIZA]))["messages"][0]["users_shared"]
    assert people == {"request_id": 8, "users": [{"user_id": AZIZA, "first_name": "Aziza"}]}
    assert (await client.press_key(EMMA, message, "Plain"))["messages"][0]["text"] == "Plain"
    assert all(update.event_type in ("message", "my_chat_member") for update in await bot.get_updates())
