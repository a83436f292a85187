"""Sending, editing, copying, forwarding, deleting."""

import asyncio
from typing import Any

from aiogram import Bot
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BotCommandScopeDefault,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
)

from sandbox.client import SandboxClient
from tests.contract.sandbox.driving import AZIZA, EMMA, OTHER_TOKEN, REPORTS, REQUESTS, MakeBot, Raw

HOUR = 3600
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)


def document(name: str, data: bytes = b"bytes", caption: str | None = None) -> InputMediaDocument:
    return InputMediaDocument(media=BufferedInputFile(data, name), caption=caption, disable_content_type_detection=True)


async def sent(bot: Bot, text: str = "text", chat: int = REQUESTS) -> int:
    return (await bot.send_message(chat, text)).message_id


async def test_ids_rise_and_those_of_deleted_messages_stay_gaps(bot: Bot) -> None:
    first = await sent(bot)
    last = await sent(bot)
    await bot.delete_message(REQUESTS, last)
    assert await sent(bot) == last + 1 == first + 2


async def test_an_album_comes_back_as_messages_of_one_group(bot: Bot, client: SandboxClient) -> None:
    messages = await bot.send_media_group(REQUESTS, [document("a.txt", caption="both"), document("b.txt", b"other")])
    assert len({message.media_group_id for message in messages}) == 1
    assert [message.document.file_name for message in messages if message.document] == ["a.txt", "b.txt"]
    assert messages[0].caption == "both"
    second = messages[1].document
    assert second is not None
    assert await client.file(second.file_unique_id) == b"other"


async def test_a_copy_is_ones_own_and_a_forward_names_its_origin(bot: Bot) -> None:
    original = await bot.send_document(REQUESTS, BufferedInputFile(b"abc", "a.txt"), caption="caption")
    copy = await bot.copy_message(REPORTS, REQUESTS, original.message_id)
    forward = await bot.forward_message(REPORTS, REQUESTS, original.message_id)
    assert copy.message_id + 1 == forward.message_id
    assert forward.forward_origin is not None
    assert forward.forward_origin.type == "channel"
    assert forward.document is not None
    assert original.document is not None
    assert forward.document.file_unique_id == original.document.file_unique_id
    edited = await bot.edit_message_caption(chat_id=REPORTS, message_id=copy.message_id, caption="own")
    assert not isinstance(edited, bool)
    assert edited.caption == "own"


async def test_copies_of_an_album_stay_together_under_a_new_group(bot: Bot, client: SandboxClient) -> None:
    album = await bot.send_media_group(REQUESTS, [document("a.txt"), document("b.txt")])
    ids = [message.message_id for message in album]
    copies = await bot.copy_messages(REPORTS, REQUESTS, [*ids, ids[-1] + 50])
    assert len(copies) == 2
    groups = {message["media_group_id"] for message in await client.messages(REPORTS)}
    assert len(groups) == 1
    assert groups != {album[0].media_group_id}


async def test_protected_chats_let_nothing_out(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    channel = (await client.channel("Secret", creator=EMMA, bots=[bot.id], protected=True))["id"]
    mid = await sent(bot, chat=channel)
    fields = {"chat_id": REQUESTS, "from_chat_id": channel, "message_id": mid}
    assert await raw.error("copyMessage", **fields) == "Bad Request: the message can't be copied"
    assert await raw.error("forwardMessage", **fields) == "Bad Request: the message can't be forwarded"


async def test_forwarded_messages_cannot_be_edited(bot: Bot, raw: Raw) -> None:
    mid = await sent(bot)
    forward = (await bot.forward_message(REQUESTS, REQUESTS, mid)).message_id
    error = await raw.error("editMessageText", chat_id=REQUESTS, message_id=forward, text="new")
    assert error == "Bad Request: message can't be edited"


async def test_media_is_replaced_by_another_bot_with_the_right(
    bot: Bot, client: SandboxClient, make_bot: MakeBot
) -> None:
    await client.bot(token=OTHER_TOKEN)
    other = make_bot(OTHER_TOKEN)
    await client.member(REQUESTS, other.id, "administrator", {"can_edit_messages": True})
    message = await bot.send_document(REQUESTS, BufferedInputFile(b"secret", "a.txt"))
    await client.advance(100 * HOUR)
    edited = await other.edit_message_media(
        document("gone.txt", b"gone"), chat_id=REQUESTS, message_id=message.message_id
    )
    assert not isinstance(edited, bool)
    assert edited.document is not None
    assert edited.document.file_name == "gone.txt"
    shown = (await client.messages(REQUESTS))[0]
    assert shown["edited"] is True
    (update,) = (await bot.get_updates())[-1:]
    assert update.event_type == "edited_channel_post"


async def test_voice_video_notes_and_stickers_cannot_be_replaced(bot: Bot, raw: Raw) -> None:
    voice = await bot.send_voice(REQUESTS, BufferedInputFile(b"OggS", "v.ogg"), duration=3)
    files = {"new": ("n.txt", b"new")}
    media = '{"type": "document", "media": "attach://new"}'
    status, body = await raw.upload(
        "editMessageMedia", files, chat_id=REQUESTS, message_id=voice.message_id, media=media
    )
    assert (status, body["description"]) == (400, "Bad Request: there is no media in the message to edit")


async def test_deleting_ends_after_48_hours_also_in_channels(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    old = await sent(bot)
    await client.advance(47.9 * HOUR)
    young = await sent(bot)
    assert await bot.delete_message(REQUESTS, young)
    await client.advance(0.2 * HOUR)
    refused = "Bad Request: message can't be deleted"
    assert await raw.error("deleteMessage", chat_id=REQUESTS, message_id=old) == refused
    assert await raw.error("deleteMessages", chat_id=REQUESTS, message_ids=[old]) == refused
    await client.delete(REQUESTS, old)
    assert await client.messages(REQUESTS) == []


async def test_delete_messages_skips_the_unknown_and_fails_as_a_whole(
    bot: Bot, client: SandboxClient, raw: Raw
) -> None:
    old = await sent(bot)
    await client.advance(49 * HOUR)
    young = await sent(bot)
    error = await raw.error("deleteMessages", chat_id=REQUESTS, message_ids=[old, young])
    assert error == "Bad Request: message can't be deleted"
    assert len(await client.messages(REQUESTS)) == 2
    assert await bot.delete_messages(REQUESTS, [young, young + 7])
    assert len(await client.messages(REQUESTS)) == 1


async def test_deleting_others_posts_needs_the_right(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    post = await client.send_text(EMMA, "hers", chat=REQUESTS)
    await client.member(REQUESTS, bot.id, "administrator", {"can_post_messages": True})
    error = await raw.error("deleteMessage", chat_id=REQUESTS, message_id=post["message_id"])
    assert error == "Bad Request: message can't be deleted"


async def test_a_reply_needs_its_message_unless_it_may_do_without(bot: Bot, raw: Raw) -> None:
    mid = await sent(bot)
    reply = await raw.result("sendMessage", chat_id=REQUESTS, text="x", reply_parameters=f'{{"message_id": {mid}}}')
    assert reply["reply_to_message"]["message_id"] == mid
    fields: dict[str, Any] = {"chat_id": REQUESTS, "text": "x", "reply_to_message_id": mid + 50}
    assert await raw.error("sendMessage", **fields) == "Bad Request: message to be replied not found"
    alone = await raw.result("sendMessage", allow_sending_without_reply="true", **fields)
    assert "reply_to_message" not in alone


async def test_commands_are_kept_by_scope_and_language(bot: Bot) -> None:
    start, admin = BotCommand(command="start", description="Start"), BotCommand(command="keys", description="Keys")
    await bot.set_my_commands([start], scope=BotCommandScopeDefault())
    await bot.set_my_commands([admin], scope=BotCommandScopeChat(chat_id=EMMA), language_code="en")
    assert [one.command for one in await bot.get_my_commands()] == ["start"]
    narrow = await bot.get_my_commands(BotCommandScopeChat(chat_id=EMMA), "en")
    assert [one.command for one in narrow] == ["keys"]
    await bot.delete_my_commands()
    assert await bot.get_my_commands() == []


async def test_a_press_is_answered_once(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    await client.start(AZIZA)
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Да", callback_data="yes")]])
    await bot.send_message(AZIZA, "Sure?", reply_markup=keyboard)
    message = (await client.messages(AZIZA))[-1]
    await bot.get_updates(offset=2_000_000_000)
    query_id = ""

    async def answer() -> None:
        nonlocal query_id
        query = (await bot.get_updates(timeout=5))[-1].callback_query
        assert query is not None
        assert (query.data, query.from_user.id) == ("yes", AZIZA)
        query_id = query.id
        await query.answer("Done", show_alert=True)

    pressed, _ = await asyncio.gather(client.press(AZIZA, message, row=0, column=0), answer())
    assert pressed == {"text": "Done", "show_alert": True, "url": None, "answered": True}
    error = await raw.error("answerCallbackQuery", callback_query_id=query_id)
    assert error == "Bad Request: query is too old and response timeout expired or query ID is invalid"


async def test_lengths_count_after_parsing(bot: Bot, raw: Raw) -> None:
    message = await bot.send_message(REQUESTS, f"<b>{'я' * 4096}</b>", parse_mode="HTML")
    assert message.text is not None
    assert len(message.text) == 4096
    assert await raw.error("sendMessage", chat_id=REQUESTS, text="я" * 4097) == "Bad Request: message is too long"


async def test_edits_that_change_nothing_and_edits_of_the_wrong_kind(bot: Bot, raw: Raw) -> None:
    mid = await sent(bot, "same")
    assert await raw.error("editMessageText", chat_id=REQUESTS, message_id=mid, text="same") == NOT_MODIFIED
    error = await raw.error("editMessageCaption", chat_id=REQUESTS, message_id=mid, caption="x")
    assert error == "Bad Request: there is no caption in the message to edit"
    file = await bot.send_document(REQUESTS, BufferedInputFile(b"abc", "a.txt"))
    error = await raw.error("editMessageText", chat_id=REQUESTS, message_id=file.message_id, text="x")
    assert error == "Bad Request: there is no text in the message to edit"


async def test_small_calls_answer(bot: Bot) -> None:
    mid = await sent(bot)
    assert await bot.pin_chat_message(REQUESTS, mid)
    chat = await bot.get_chat(REQUESTS)
    assert chat.pinned_message is not None
    later = await sent(bot)
    assert await bot.pin_chat_message(REQUESTS, later)
    assert await bot.pin_chat_message(REQUESTS, mid)
    chat = await bot.get_chat(REQUESTS)
    assert chat.pinned_message is not None
    assert chat.pinned_message.message_id == later  # "the most recent pinned message (by sending date)"
    assert await bot.unpin_chat_message(REQUESTS)
    assert (await bot.get_chat_member(REQUESTS, bot.id)).status == "administrator"
    assert len(await bot.get_chat_administrators(REQUESTS)) == 2
    assert await bot.get_chat_member_count(REQUESTS) == 3
    assert await bot.set_message_reaction(REQUESTS, mid, [])
    assert (await bot.get_user_profile_photos(AZIZA)).total_count == 0
    assert await bot.set_my_commands([]) is True
    assert await bot.get_my_commands() == []
    assert await bot.set_my_description("x")
    assert await bot.leave_chat(REQUESTS)
    assert await bot.log_out()
