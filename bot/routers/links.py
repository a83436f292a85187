"""Giving a media away by a link: over the web, and in Telegram."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import Message

from bot.arguments import media_id
from bot.media.giving import Giver
from bot.media.links import PREFIX, Given, MediaLinks
from bot.saying import say
from bot.texts import Texts
from storage.callers.people import People, PersonView
from storage.delivery.links import Terms
from storage.domain import Caller
from storage.errors import OnlyInTelegram
from storage.use_cases import UseCases

USUAL_HOURS, MOST_HOURS = 24, 720
_HOURS = re.compile(r"[0-9]{1,4}")
_LOCAL = {"localhost", "127.0.0.1", "::1"}


def links_router() -> Router:
    router = Router(name="links")
    given = CommandStart(deep_link=True, ignore_case=True, magic=F.args.startswith(PREFIX))
    router.message.register(open_link, given)
    router.message.register(link, Command("link", ignore_case=True))
    return router


async def link(
    message: Message,
    *,
    command: CommandObject,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    media_links: MediaLinks,
    public_url: str,
) -> None:
    """``/link ID [hours]``. Where nobody outside reaches the web app, there is only the link in Telegram."""
    words = (command.args or "").split()
    wanted = media_id(words[0] if words else None)
    if wanted is None:
        await say(bot, message, texts("link-usage"))
        return
    hours = _hours(words[1:])
    if hours is None:
        await say(bot, message, texts("link-hours-wrong", most=MOST_HOURS))
        return
    view = await use_cases.reading.media(person.caller, wanted)
    life = timedelta(hours=hours)
    lines = [texts("link-local")]
    if urlsplit(public_url).hostname not in _LOCAL:
        lines = [await _web_line(use_cases, texts, person.caller, view.id, life=life, public_url=public_url)]
    parameter = media_links.make(Given(media_id=view.id, giver=person.telegram_id), life)
    if parameter is not None:
        url = f"https://t.me/{(await bot.me()).username}?start={parameter}"
        lines.append(texts("link-telegram", url=url))
    await say(bot, message, "\n\n".join([texts("link-done", id=str(view.id), hours=hours), *lines]))


async def open_link(
    message: Message,
    *,
    command: CommandObject,
    bot: Bot,
    person: PersonView,
    people: People,
    texts: Texts,
    giver: Giver,
    media_links: MediaLinks,
) -> None:
    """``/start m_…``: what the giver may see now is shown to whoever has the link."""
    given = media_links.read(command.args or "")
    if given is None:
        await say(bot, message, texts("link-old"))
        return
    on_word_of = Caller.person(given.giver, await people.role_of(given.giver))
    await giver.give(message, person, texts, given.media_id, on_word_of=on_word_of)


async def _web_line(
    use_cases: UseCases, texts: Texts, caller: Caller, wanted: int, *, life: timedelta, public_url: str
) -> str:
    try:
        made = await use_cases.links.create(caller, wanted, Terms(expires_in=life))
    except OnlyInTelegram:
        return texts("link-only-telegram")
    return texts("link-web", url=f"{public_url.rstrip('/')}/d/{made.token}")


def _hours(words: list[str]) -> int | None:
    """None for what is no number of hours that a link may live."""
    if not words:
        return USUAL_HOURS
    written = " ".join(words)
    hours = int(written) if _HOURS.fullmatch(written) else 0
    return hours if 1 <= hours <= MOST_HOURS else None
