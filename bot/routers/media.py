"""Files that people send, their captions, and edited captions."""

from typing import Any

from aiogram import Bot, Router
from aiogram.filters import Filter
from aiogram.types import Message, Update

from bot.incoming import Caption
from bot.keeping import Keeper
from bot.saying import PRIVATE, addressed
from storage.callers.people import PersonView
from storage.intake.adopting import TelegramFile
from storage.use_cases import UseCases


class HasFile(Filter):
    """Passes messages with a file, as ``file``, and what their caption says, as ``caption``."""

    async def __call__(self, message: Message, keeper: Keeper) -> bool | dict[str, Any]:
        file = keeper.file_of(message)
        return file is not None and {"file": file, "caption": keeper.caption_of(message.caption)}


def media_router() -> Router:
    router = Router(name="media")
    router.message.register(keep, HasFile())
    router.edited_message.register(caption_edited, HasFile())
    return router


async def keep(
    message: Message,
    *,
    file: TelegramFile,
    caption: Caption,
    person: PersonView,
    keeper: Keeper,
    event_update: Update,
    bot: Bot,
) -> None:
    """Keep a file; in groups only those meant for us."""
    earlier = await keeper.album_before(message, event_update.update_id)
    inherited = caption or _captioned(earlier, keeper)
    if not (message.chat.type == PRIVATE or inherited.numbers or addressed(message, bot.id)):
        return
    await keeper.keep(person, message, file, inherited)
    if caption:
        await keeper.keep_earlier(person, earlier, caption)


async def caption_edited(
    message: Message,
    *,
    file: TelegramFile,
    caption: Caption,
    person: PersonView,
    keeper: Keeper,
    use_cases: UseCases,
) -> None:
    """A number that is written into the caption later attaches all the same."""
    if not caption:
        return
    views = await use_cases.reading.behind_message(person.caller, message.chat.id, message.message_id)
    if views:
        await keeper.describe(person, [view.id for view in views], caption)
    elif message.chat.type == PRIVATE or caption.numbers:
        await keeper.keep(person, message, file, caption)


def _captioned(earlier: list[dict[str, Any]], keeper: Keeper) -> Caption:
    """The caption that an album's earlier items brought, the latest word counting."""
    for raw in reversed(earlier):
        message = raw.get("message") or raw.get("edited_message") or {}
        if caption := keeper.caption_of(message.get("caption")):
            return caption
    return Caption()
