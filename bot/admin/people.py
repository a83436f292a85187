"""What admins read about people: staff, one person, links that let people in, the blocked."""

from collections.abc import Sequence

from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    KeyboardButtonRequestUsers,
    ReplyKeyboardMarkup,
)

from bot.admin.channels import cut
from bot.admin.setup import PEOPLE
from bot.admin.tools import (
    AdminTools,
    ChoosePeople,
    MakeLink,
    RevokeLink,
    SetBlocked,
    SetRole,
    ShowLinks,
    ShowPerson,
    ShowStaff,
)
from bot.keyboards import button, rows_of
from bot.media.pages import Page
from bot.texts import Texts
from storage.callers.invite_links import LinkView
from storage.callers.roster import Known
from storage.domain import Role

_MOST_LISTED = 40
_NAME = 40
_MOST_CHOSEN = 10


def person_line(texts: Texts, person: Known) -> str:
    """A name, the way to find them, and their role."""
    name = cut(person.name, _NAME)
    shown = f"{name} (@{person.username})" if person.username else name
    key = "staff-line-blocked" if person.blocked else "staff-line-fixed" if person.fixed else "staff-line"
    return texts(key, name=shown, id=str(person.telegram_id), role=texts.plain(f"role-{person.role.value}"))


def staff_page(texts: Texts, staff: Sequence[Known]) -> Page:
    shown = staff[:_MOST_LISTED]
    lines = [texts("staff-title", count=len(staff)), "", *(person_line(texts, one) for one in shown)]
    if len(staff) > len(shown):
        lines.append(texts("list-more", count=len(staff) - len(shown)))
    lines += ["", texts("staff-how")]
    people = [button(cut(one.name, 20), ShowPerson(id=one.telegram_id)) for one in shown if not one.fixed]
    rows = rows_of(people, 3)
    rows.append([button(texts.plain("button-choose-people"), ChoosePeople())])
    rows.append(
        [
            button(texts.plain("button-staff-link"), MakeLink(role=Role.STAFF.value)),
            button(texts.plain("button-links"), ShowLinks()),
        ]
    )
    return Page(text="\n".join(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def person_page(texts: Texts, person: Known) -> Page:
    """One person, and what they may become."""
    rows: list[list[InlineKeyboardButton]] = []
    if not person.fixed:
        others = [role for role in (Role.ADMIN, Role.STAFF, Role.USER) if role is not person.role]
        rows = [
            [button(texts.plain(f"button-make-{role.value}"), SetRole(id=person.telegram_id, role=role.value))]
            for role in others
        ]
    if person.role is not Role.ADMIN:
        key = "button-unblock" if person.blocked else "button-block"
        rows.append([button(texts.plain(key), SetBlocked(id=person.telegram_id, blocked=not person.blocked))])
    rows.append([button(texts.plain("button-all-staff"), ShowStaff())])
    return Page(text=person_line(texts, person), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def links_page(texts: Texts, admin: AdminTools, links: Sequence[LinkView]) -> Page:
    """The links that can be opened now; each can be ended."""
    lines = [texts("links-title" if links else "links-none"), ""]
    for link in links:
        role = texts.plain(f"role-{link.role.value}")
        until = admin.moment(link.expires_at)
        lines.append(texts("links-line", id=str(link.id), role=role, left=link.uses_left, until=until))
    rows = rows_of([button(texts.plain("button-end-link", id=str(one.id)), RevokeLink(id=one.id)) for one in links], 3)
    rows.append([button(texts.plain("button-all-staff"), ShowStaff())])
    return Page(text="\n".join(lines).strip(), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def blocked_page(texts: Texts, blocked: Sequence[Known]) -> Page:
    if not blocked:
        return Page(text=texts("blocked-none"))
    lines = [texts("blocked-title", count=len(blocked)), "", *(person_line(texts, one) for one in blocked)]
    buttons = [
        button(
            texts.plain("button-unblock-name", name=cut(one.name, 20)), SetBlocked(id=one.telegram_id, blocked=False)
        )
        for one in blocked
    ]
    return Page(text="\n".join(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows_of(buttons, 2)))


def people_keyboard(texts: Texts) -> ReplyKeyboardMarkup:
    """A key by which people are chosen from one's contacts and chats."""
    asked = KeyboardButtonRequestUsers(
        request_id=PEOPLE, user_is_bot=False, max_quantity=_MOST_CHOSEN, request_name=True, request_username=True
    )
    key = KeyboardButton(text=texts.plain("key-people"), request_users=asked)
    return ReplyKeyboardMarkup(keyboard=[[key]], resize_keyboard=True, one_time_keyboard=True)
