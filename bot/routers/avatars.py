"""``/avatar``: one's picture at the company, from a photo that it answers or from the Telegram profile."""

from collections.abc import AsyncIterator
from io import BytesIO

import aiohttp
from aiogram import Bot, F, Router
from aiogram.exceptions import AiogramError
from aiogram.filters import Command
from aiogram.types import Document, Message, PhotoSize

from bot.saying import PRIVATE, say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.domain import Caller
from storage.errors import FileTooLarge, InvalidFields, SourceUnavailable, TypeNotAllowed
from storage.use_cases import UseCases
from storage.users.avatars import MOST_BYTES

_RETRY_AFTER = 15.0
_CHUNK = 256 * 1024


def avatars_router() -> Router:
    router = Router(name="avatars")
    private = F.chat.type == PRIVATE
    router.message.register(
        set_avatar, private, Command("avatar", ignore_case=True), flags={"chat_action": "upload_photo"}
    )
    return router


async def set_avatar(message: Message, *, bot: Bot, person: PersonView, texts: Texts, use_cases: UseCases) -> None:
    """As a reply to a photo or an image file that one; alone the newest picture of the person's profile."""
    if person.known_as is None:
        await say(bot, message, texts("avatar-unknown"))
        return
    answered = message.reply_to_message
    picture = await _profile_photo(bot, person.telegram_id) if answered is None else _picture_in(answered)
    if picture is None:
        await say(bot, message, texts("avatar-usage" if answered is None else "avatar-no-picture"))
        return
    owner = Caller.person(person.telegram_id, person.role, person.quota, f"user:{person.known_as}")
    try:
        await use_cases.avatars.put(owner, person.known_as, await _fetched(bot, picture))
    except (TypeNotAllowed, InvalidFields):
        await say(bot, message, texts("avatar-no-picture"))
        return
    await say(bot, message, texts("avatar-set"))


def _picture_in(message: Message) -> PhotoSize | Document | None:
    if message.photo:
        return message.photo[-1]
    document = message.document
    is_image = document is not None and (document.mime_type or "").startswith("image/")
    return document if is_image else None


async def _profile_photo(bot: Bot, telegram_id: int) -> PhotoSize | None:
    found = await bot.get_user_profile_photos(telegram_id, limit=1)
    return found.photos[0][-1] if found.photos and found.photos[0] else None


async def _fetched(bot: Bot, picture: PhotoSize | Document) -> AsyncIterator[bytes]:
    """Raises `FileTooLarge`, and `SourceUnavailable` where Telegram does not give it; no error says the token."""
    if (picture.file_size or 0) > MOST_BYTES:
        raise FileTooLarge(limit=MOST_BYTES)
    held = BytesIO()  # at most `MOST_BYTES`, as Telegram said
    try:
        await bot.download(picture, destination=held)
    except (AiogramError, aiohttp.ClientError, OSError, TimeoutError):
        raise SourceUnavailable(retry_after=_RETRY_AFTER) from None
    return _chunks(held.getvalue())


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), _CHUNK):
        yield data[start : start + _CHUNK]
