"""Offering the upload page in a chat: for files that are too large to come, or to be fetched back, through Telegram.

The link is an invitation of the person's own, so what comes by it is theirs. It stands behind a button of the offer;
the card that shows how far the uploads are answers the offer and is sent with the first of them.
"""

from datetime import timedelta, tzinfo

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MaybeInaccessibleMessageUnion,
    Message,
    ReplyParameters,
)

from bot.saying import PRIVATE
from bot.sizes import size_text
from bot.texts import Texts
from storage.callers.invitations import CardPlace, Invited, Terms
from storage.callers.people import PersonView
from storage.request_numbers import RequestNumber
from storage.use_cases import UseCases

VALID = timedelta(days=1)
MOST_FILES = 10
_URL_REFUSED = ("BUTTON_URL_INVALID", "Wrong HTTP URL")


async def offer_upload(
    bot: Bot,
    message: MaybeInaccessibleMessageUnion,
    *,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    public_url: str,
    timezone: tzinfo,
    request_number: RequestNumber | None = None,
    introduction: str | None = None,
) -> Message:
    """Answer ``message`` with a button that opens the upload page, and have a card show what comes by it.

    ``introduction`` is HTML to stand before the offer: why it is made. With ``request_number`` all of it goes to that
    request. Each call makes an invitation of its own, which ends after a day. Returns the offer as it was sent.
    """
    terms = Terms(
        expires_in=VALID,
        max_files=MOST_FILES,
        max_size=use_cases.intake.limits.max_file_size,
        request_number=request_number,
    )
    invited, token = await use_cases.invitations.create(person.caller, terms)
    text = "\n\n".join(filter(None, (introduction, _offer(texts, invited, timezone))))
    sent = await _send(bot, message, texts, text, f"{public_url.rstrip('/')}/upload#{token}")
    place = CardPlace(
        chat_id=sent.chat.id,
        message_id=sent.message_id,
        person_id=person.telegram_id,
        language=person.language,
        thread_id=sent.message_thread_id if sent.is_topic_message else None,
    )
    await use_cases.invitations.show_in_chat(invited.id, place)
    return sent


def _offer(texts: Texts, invited: Invited, timezone: tzinfo) -> str:
    until = invited.expires_at.astimezone(timezone).strftime("%d.%m.%Y %H:%M")
    offer = texts("upload-offer", files=invited.max_files, size=size_text(texts, invited.max_size), until=until)
    if invited.request_number is None:
        return offer
    return f"{offer}\n{texts('upload-offer-number', number=invited.request_number)}"


async def _send(bot: Bot, message: MaybeInaccessibleMessageUnion, texts: Texts, text: str, link: str) -> Message:
    """Telegram takes no button to an address that only this machine knows: then the link stands in the text."""
    opening = InlineKeyboardButton(text=texts.plain("button-upload"), url=link)
    try:
        return await _say(bot, message, text, InlineKeyboardMarkup(inline_keyboard=[[opening]]))
    except TelegramBadRequest as error:
        if not any(reason in error.message for reason in _URL_REFUSED):
            raise
    return await _say(bot, message, f"{text}\n\n{texts('upload-offer-link', link=link)}", None)


async def _say(
    bot: Bot, message: MaybeInaccessibleMessageUnion, text: str, keyboard: InlineKeyboardMarkup | None
) -> Message:
    reply = None
    if message.chat.type != PRIVATE:
        reply = ReplyParameters(message_id=message.message_id, allow_sending_without_reply=True)
    return await bot.send_message(
        message.chat.id,
        text,
        parse_mode="HTML",
        reply_markup=keyboard,
        message_thread_id=_topic(message),
        reply_parameters=reply,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )


def _topic(message: MaybeInaccessibleMessageUnion) -> int | None:
    return message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None
