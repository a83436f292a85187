"""Requests: attaching by command or by a reply."""

from datetime import UTC, date, datetime, tzinfo
from typing import Any

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject, Filter
from aiogram.types import Message

from bot.arguments import request_number
from bot.incoming import Caption
from bot.keeping import Keeper
from bot.saying import PRIVATE, say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.domain import MediaId
from storage.request_numbers import RequestNumber
from storage.use_cases import UseCases


class SaysNumber(Filter):
    """Passes texts with request numbers in them, as ``numbers``."""

    async def __call__(self, message: Message, keeper: Keeper) -> bool | dict[str, Any]:
        numbers = keeper.caption_of(message.text).numbers
        return bool(numbers) and {"numbers": numbers}


def requests_router() -> Router:
    router = Router(name="requests")
    router.message.register(attach, Command("attach", ignore_case=True))
    said = F.text & ~F.text.startswith("/")
    router.message.register(attach_by_reply, F.reply_to_message, said, SaysNumber())
    return router


async def attach(
    message: Message,
    *,
    command: CommandObject,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    keeper: Keeper,
    timezone: tzinfo,
) -> None:
    number = request_number(command.args, today=_today(timezone))
    reply = message.reply_to_message
    if number is None or reply is None:
        await say(bot, message, texts("attach-usage"))
        return
    ids = await _behind(reply, person, use_cases)
    if ids:
        added = await use_cases.attaching.attach(person.caller, number, ids)
        await say(bot, message, _attached(texts, number, added))
    elif not await _kept_now(reply, person, keeper, number):
        await say(bot, message, texts("attach-no-media"))


async def attach_by_reply(
    message: Message,
    *,
    numbers: tuple[RequestNumber, ...],
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
) -> None:
    """A number in reply to a file, or to a card, says where it belongs."""
    assert message.reply_to_message is not None
    ids = await _behind(message.reply_to_message, person, use_cases)
    if not ids:
        await say(bot, message, texts("attach-no-media"))
        return
    said = [
        _attached(texts, number, await use_cases.attaching.attach(person.caller, number, ids)) for number in numbers
    ]
    await say(bot, message, "\n".join(said))


async def _behind(reply: Message, person: PersonView, use_cases: UseCases) -> list[MediaId]:
    views = await use_cases.reading.behind_message(person.caller, reply.chat.id, reply.message_id)
    return [view.id for view in views]


async def _kept_now(reply: Message, person: PersonView, keeper: Keeper, number: RequestNumber) -> bool:
    """A file in a group that was not meant for us until now: whoever attaches it gives it to us. Its card answers."""
    file = keeper.file_of(reply)
    if file is None or reply.chat.type == PRIVATE:
        return False
    written = keeper.caption_of(reply.caption)
    caption = Caption(numbers=(number,), tags=written.tags, description=written.description)
    return await keeper.keep(person, reply, file, caption)


def _attached(texts: Texts, number: RequestNumber, added: int) -> str:
    if not added:
        return texts("attach-already", number=number)
    return texts("attach-done", number=number, count=added)


def _today(timezone: tzinfo) -> date:
    return datetime.now(UTC).astimezone(timezone).date()
