"""`/staff`: who is staff, and making somebody so by reply, by choosing, by a contact or by a link."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message, MessageOriginUser, ReplyKeyboardRemove, User

from bot.admin.channels import cut
from bot.admin.invitations import Invitations
from bot.admin.people import links_page, people_keyboard, person_page, staff_page
from bot.admin.setup import PEOPLE
from bot.admin.tools import (
    AdminTools,
    ChoosePeople,
    MakeLink,
    RevokeLink,
    SetRole,
    ShowLinks,
    ShowPerson,
    ShowStaff,
    actor,
)
from bot.media.pages import Page
from bot.menu import set_menu
from bot.saying import PRIVATE, change, say
from bot.texts import Catalogue, Texts
from storage.callers.invite_links import VALID
from storage.callers.people import PersonView
from storage.callers.roster import Change, Roster
from storage.domain import Role

_REMOVE = {"remove", "-", "убрать", "olib"}


def admin_people_router() -> Router:
    router = Router(name="admin people")
    private = F.chat.type == PRIVATE
    router.message.register(staff, Command("staff", ignore_case=True))
    router.message.register(people_shared, private, F.users_shared)
    router.message.register(contact_shared, private, F.contact)
    router.callback_query.register(show_staff, ShowStaff.filter())
    router.callback_query.register(show_person, ShowPerson.filter())
    router.callback_query.register(set_role, SetRole.filter())
    router.callback_query.register(choose_people, ChoosePeople.filter())
    router.callback_query.register(make_link, MakeLink.filter())
    router.callback_query.register(show_links, ShowLinks.filter())
    router.callback_query.register(revoke_link, RevokeLink.filter())
    return router


async def staff(
    message: Message,
    *,
    command: CommandObject,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    catalogue: Catalogue,
    admin: AdminTools,
) -> None:
    """The list; as a reply to somebody: they become staff, or with ``remove`` are it no more."""
    user = who(message)
    if user is not None:
        role = Role.USER if (command.args or "").strip().lower() in _REMOVE else Role.STAFF
        giver = _Giver(bot=bot, texts=texts, catalogue=catalogue, roster=admin.roster, by=actor(person))
        await say(bot, message, await giver.give(user.id, role, user.full_name))
    elif message.reply_to_message is not None:
        await say(bot, message, texts("staff-who"))
    elif message.chat.type != PRIVATE:
        await say(bot, message, texts("only-private"))
    else:
        page = staff_page(texts, await admin.roster.staff())
        await say(bot, message, page.text, page.keyboard)


async def people_shared(
    message: Message, *, bot: Bot, person: PersonView, texts: Texts, catalogue: Catalogue, admin: AdminTools
) -> None:
    assert message.users_shared is not None
    if message.users_shared.request_id != PEOPLE:
        return
    chosen = [
        (one.user_id, " ".join(filter(None, (one.first_name, one.last_name)))) for one in message.users_shared.users
    ]
    giver = _Giver(bot=bot, texts=texts, catalogue=catalogue, roster=admin.roster, by=actor(person))
    await giver.make_staff(message, chosen)


async def contact_shared(
    message: Message, *, bot: Bot, person: PersonView, texts: Texts, catalogue: Catalogue, admin: AdminTools
) -> None:
    contact = message.contact
    assert contact is not None
    if contact.user_id is None:
        await say(bot, message, texts("staff-no-telegram"))
        return
    name = " ".join(filter(None, (contact.first_name, contact.last_name)))
    giver = _Giver(bot=bot, texts=texts, catalogue=catalogue, roster=admin.roster, by=actor(person))
    await giver.make_staff(message, [(contact.user_id, name)])


async def show_staff(query: CallbackQuery, bot: Bot, texts: Texts, admin: AdminTools) -> None:
    await _show(query, bot, staff_page(texts, await admin.roster.staff()))


async def show_person(
    query: CallbackQuery, *, callback_data: ShowPerson, bot: Bot, texts: Texts, admin: AdminTools
) -> str | None:
    known = await admin.roster.find(str(callback_data.id))
    if known is None:
        return texts.plain("person-unknown")
    await _show(query, bot, person_page(texts, known))
    return None


async def set_role(
    query: CallbackQuery,
    *,
    callback_data: SetRole,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    catalogue: Catalogue,
    admin: AdminTools,
) -> str | None:
    if callback_data.role not in set(Role):
        return None
    role = Role(callback_data.role)
    change_ = await admin.roster.set_role(callback_data.id, role, by=actor(person))
    if change_ is Change.DONE:
        spoken = await admin.roster.languages([callback_data.id])
        await set_menu(bot, catalogue, callback_data.id, role, spoken.get(callback_data.id))
    known = await admin.roster.find(str(callback_data.id))
    if known is not None:
        await _show(query, bot, person_page(texts, known))
    return texts.plain(f"role-change-{change_.value}")


async def choose_people(query: CallbackQuery, bot: Bot, texts: Texts) -> None:
    if query.message is not None:
        await say(bot, query.message, texts("staff-choose"), people_keyboard(texts))


async def make_link(
    query: CallbackQuery,
    *,
    callback_data: MakeLink,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    invitations: Invitations,
) -> None:
    """A link for one person."""
    if callback_data.role not in (Role.STAFF, Role.ADMIN) or query.message is None:
        return
    link = await invitations.make(person.telegram_id, Role(callback_data.role), uses=1)
    await say(bot, query.message, texts("staff-link", link=link, days=VALID.days))


async def show_links(query: CallbackQuery, bot: Bot, texts: Texts, admin: AdminTools) -> None:
    await _show(query, bot, links_page(texts, admin, await admin.links.list()))


async def revoke_link(
    query: CallbackQuery,
    *,
    callback_data: RevokeLink,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    admin: AdminTools,
) -> str:
    ended = await admin.links.revoke(callback_data.id, by=actor(person))
    await _show(query, bot, links_page(texts, admin, await admin.links.list()))
    return texts.plain("link-ended" if ended else "link-unknown")


def who(message: Message) -> User | None:
    """The person a command is about: who wrote the message it replies to, or whose message that forwards."""
    reply = message.reply_to_message
    if reply is None:
        return None
    if isinstance(reply.forward_origin, MessageOriginUser):
        user: User | None = reply.forward_origin.sender_user
    else:
        # An anonymous admin and a channel write through bots of Telegram's: nobody to give a role to.
        user = None if reply.sender_chat is not None else reply.from_user
    return None if user is None or user.is_bot else user


@dataclass(frozen=True, kw_only=True, slots=True)
class _Giver:
    """Gives roles on an admin's word, and says what came of it."""

    bot: Bot
    texts: Texts
    catalogue: Catalogue
    roster: Roster
    by: str

    async def make_staff(self, message: Message, chosen: Sequence[tuple[int, str]]) -> None:
        said = [await self.give(telegram_id, Role.STAFF, name) for telegram_id, name in chosen]
        await say(self.bot, message, "\n".join(said), ReplyKeyboardRemove())

    async def give(self, telegram_id: int, role: Role, name: str) -> str:
        """An admin is not made less by being chosen."""
        known = await self.roster.find(str(telegram_id))
        if known is not None and known.role is Role.ADMIN and role is Role.STAFF:
            return self.texts("person-is-admin", name=cut(name or known.name))
        done = await self.roster.set_role(telegram_id, role, by=self.by, name=name)
        if done is Change.DONE:
            spoken = await self.roster.languages([telegram_id])
            await set_menu(self.bot, self.catalogue, telegram_id, role, spoken.get(telegram_id))
            return self.texts(f"person-now-{role.value}", name=cut(name))
        return f"{self.texts('person-named', name=cut(name))} {self.texts(f'role-change-{done.value}')}"


async def _show(query: CallbackQuery, bot: Bot, page: Page) -> None:
    if query.message is not None:
        await change(bot, query.message, page.text, page.keyboard)
