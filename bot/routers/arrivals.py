"""People who come by a link, and `/invite`, by which staff make one."""

from typing import Any

from aiogram import Bot, Router
from aiogram.filters import Command, CommandObject, Filter
from aiogram.types import Message

from bot.admin.invitations import INVITE_USES, Arrival, Invitations
from bot.admin.tools import AdminTools
from bot.media.hello import greet
from bot.menu import set_menu
from bot.routers.admin_setup import setup
from bot.saying import PRIVATE, say
from bot.texts import Catalogue, Texts
from storage.callers.invite_links import MOST_USES, VALID, Opening
from storage.callers.people import PersonView
from storage.domain import Role
from storage.errors import MissingScope


class CameByLink(Filter):
    """Passes who followed a link of ours just now."""

    async def __call__(self, _message: Message, arrival: Arrival | None = None, **_: Any) -> bool:
        return arrival is not None


def arrivals_router() -> Router:
    router = Router(name="arrivals")
    router.message.register(arrived, CameByLink())
    router.message.register(invite, Command("invite", ignore_case=True))
    return router


async def arrived(
    message: Message,
    *,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    catalogue: Catalogue,
    arrival: Arrival,
    admin: AdminTools,
) -> None:
    """A second handling, and a second opening, say the same and change nothing."""
    if arrival.opening is Opening.OVER:
        await say(bot, message, texts("invite-over-known"))
        return
    if person.role is not Role.USER:
        language = person.language if person.chose_language else None
        await set_menu(bot, catalogue, person.telegram_id, person.role, language)
    if person.role is Role.ADMIN and arrival.role is Role.ADMIN:
        await say(bot, message, texts("arrived-admin", name=person.first_name))
        await setup(message, bot, texts, admin)
    elif person.role is Role.STAFF and arrival.role is Role.STAFF:
        await greet(bot, message, person, texts, texts("arrived-staff", name=person.first_name))
    else:
        await greet(bot, message, person, texts, texts("invited-welcome", name=person.first_name))


async def invite(
    message: Message, *, command: CommandObject, bot: Bot, person: PersonView, texts: Texts, invitations: Invitations
) -> None:
    """A link for people who are to be let in; staff hand it on. ``/invite 5``: for five of them."""
    if not person.is_staff:
        raise MissingScope(scope="staff")
    if message.chat.type != PRIVATE:
        await say(bot, message, texts("only-private"))
        return
    uses = _uses(command.args)
    link = await invitations.make(person.telegram_id, uses=uses)
    said = [texts("invite-link", link=link, days=VALID.days), texts("invite-uses", count=uses)]
    await say(bot, message, "\n\n".join(said))


def _uses(args: str | None) -> int:
    text = (args or "").strip()
    if not (text.isascii() and text.isdigit()):
        return INVITE_USES
    return max(1, min(int(text[:9]), MOST_USES))
