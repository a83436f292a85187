"""Answering in a chat: HTML, no link previews, as a reply in groups, and never lost with the message answered to."""

from contextlib import suppress

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    CallbackQuery,
    ForceReply,
    InaccessibleMessage,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MaybeInaccessibleMessageUnion,
    Message,
    ReactionTypeEmoji,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)

PRIVATE = "private"
_POPUP_LENGTH = 200

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply


async def say(bot: Bot, message: MaybeInaccessibleMessageUnion, text: str, markup: Markup | None = None) -> Message:
    """Answer ``message`` with HTML; what was sent."""
    reply = None
    if message.chat.type != PRIVATE:
        reply = ReplyParameters(message_id=message.message_id, allow_sending_without_reply=True)
    return await bot.send_message(
        message.chat.id,
        text,
        message_thread_id=topic_of(message),
        parse_mode="HTML",
        reply_markup=markup,
        reply_parameters=reply,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )


async def change(
    bot: Bot, message: MaybeInaccessibleMessageUnion, text: str, markup: InlineKeyboardMarkup | None
) -> None:
    """Put another text into a message of ours; where it cannot be edited any more, say it anew."""
    if isinstance(message, InaccessibleMessage):
        await say(bot, message, text, markup)
        return
    try:
        await bot.edit_message_text(
            text,
            chat_id=message.chat.id,
            message_id=message.message_id,
            parse_mode="HTML",
            reply_markup=markup,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
    except TelegramBadRequest as error:
        if "message is not modified" in error.message:
            return
        await say(bot, message, text, markup)


async def end_press(bot: Bot, query: CallbackQuery, text: str | None = None, *, alert: bool = False) -> None:
    """Answer the press of a button, so that it stops spinning; too late is no error."""
    shown = text[:_POPUP_LENGTH] if text else None
    try:
        await bot.answer_callback_query(query.id, text=shown, show_alert=alert)
    except TelegramBadRequest as error:
        if "query is too old" not in error.message:
            raise


async def react(bot: Bot, message: Message, emoji: str) -> None:
    """Answer with a reaction, which nobody has to read; where a chat does not allow them, with nothing."""
    with suppress(TelegramBadRequest):
        await bot.set_message_reaction(message.chat.id, message.message_id, [ReactionTypeEmoji(emoji=emoji)])


def topic_of(message: MaybeInaccessibleMessageUnion) -> int | None:
    """The topic of a forum that a message is in; where the one it answers is gone, only this keeps an answer there."""
    return message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None


def reply_to(message_id: int | None) -> ReplyParameters | None:
    """Answer this message where it still is there. Ids below zero are of a group that the chat was: nothing is."""
    if message_id is None or message_id <= 0:
        return None
    return ReplyParameters(message_id=message_id, allow_sending_without_reply=True)


def addressed(message: Message, bot_id: int) -> bool:
    """Whether a message in a group is a reply to us."""
    reply = message.reply_to_message
    return reply is not None and reply.from_user is not None and reply.from_user.id == bot_id
