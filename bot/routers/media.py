"""Files that people send, their captions, and edited captions."""

from dataclasses import replace
from typing import Any

from aiogram import Bot, Router
from aiogram.filters import Filter
from aiogram.fsm.context import FSMContext
from aiogram.types import Message, Update

from bot.attaching.tools import AttachTools
from bot.media.incoming import Caption
from bot.media.keeping import Keeper, with_spoken
from bot.media.words import Words
from bot.routers.words import Telling
from bot.saying import PRIVATE
from bot.staff.groups import meant_for_us
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
    words: Words,
    event_update: Update,
    bot: Bot,
    state: FSMContext,
    attaching: AttachTools,
    raw_state: str | None = None,
) -> None:
    """Keep a file; in groups only those meant for us."""
    earlier = await keeper.album_before(message, event_update.update_id)
    written = caption or _captioned(earlier, keeper)
    session = None if written.numbers else await attaching.sessions.current(state, message.date)
    if not (message.chat.type == PRIVATE or written.numbers or session or await meant_for_us(bot, message)):
        return
    if raw_state in Telling:
        await state.clear()  # a question about an earlier file is not about this one
    if message.chat.type == PRIVATE:
        written = with_spoken(written, await words.hear_file(person.telegram_id, message), keeper)
    if session is not None:
        written = replace(written, numbers=(session.number,), stage=session.stage, elsewhere=True)
    await keeper.keep(person, message, file, written)
    if session is not None:
        await attaching.take(state, session, message, person)
    if caption:
        await keeper.keep_earlier(person, earlier, written)


async def caption_edited(
    message: Message,
    *,
    file: TelegramFile,
    caption: Caption,
    person: PersonView,
    keeper: Keeper,
    use_cases: UseCases,
    event_update: Update,
) -> None:
    """A number that is written into the caption later attaches all the same; another one takes its place."""
    views = await use_cases.reading.behind_message(person.caller, message.chat.id, message.message_id)
    if views:
        before = await keeper.caption_before(message, event_update.update_id)
        ids = [view.id for view in views]
        await keeper.follow(person, ids, caption, before=before, whole=message.media_group_id is None)
    elif not caption:
        return
    elif message.chat.type == PRIVATE or caption.numbers:
        await keeper.keep(person, message, file, caption)


def _captioned(earlier: list[dict[str, Any]], keeper: Keeper) -> Caption:
    """The caption that an album's earlier items brought, the latest word counting."""
    for raw in reversed(earlier):
        message = raw.get("message") or raw.get("edited_message") or {}
        if caption := keeper.caption_of(message.get("caption")):
            return caption
    return Caption()
