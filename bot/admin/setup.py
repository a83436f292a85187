"""The way from a new bot to a gateway that keeps files: what is done, what is next, and the keys for it.

What is done is read off the rows, so the way can be left and taken up again, on any node and in any order.
"""

from dataclasses import dataclass

from aiogram.types import (
    InlineKeyboardMarkup,
    KeyboardButton,
    KeyboardButtonRequestChat,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bot.admin.channels import channel_key, group_rights
from bot.admin.tools import AdminTools, ShowPassphrase
from bot.keyboards import button
from bot.saying import Markup
from bot.texts import Texts
from storage.domain import Purpose

ARCHIVE, BACKUP, STAFF_GROUP, ANY_CHANNEL, PEOPLE = range(1, 6)
"""The ``request_id`` of our keys: what the chat or the people that somebody shares are for."""

PURPOSES = {ARCHIVE: Purpose.REQUESTS, BACKUP: Purpose.BACKUP}
"""The archive is bound to ``requests``: every purpose but the backup falls back to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Which steps are done."""

    archive: bool
    backup: bool
    staff_group: bool
    passphrase: bool

    @property
    def chats(self) -> bool:
        """Every chat is chosen."""
        return self.archive and self.backup and self.staff_group

    @property
    def all_done(self) -> bool:
        return self.chats and self.passphrase


async def progress(admin: AdminTools) -> Progress:
    served = {purpose for channel in await admin.book.list() for purpose in channel.state.purposes}
    return Progress(
        archive=Purpose.REQUESTS in served,
        backup=Purpose.BACKUP in served,
        staff_group=await admin.groups.staff_chat() is not None,
        passphrase=await admin.recovery.made_at() is not None,
    )


def steps_text(texts: Texts, done: Progress) -> str:
    """The steps with their signs."""
    lines = [texts("setup-done" if done.all_done else "setup-title"), ""]
    for name in ("archive", "backup", "staff_group", "passphrase"):
        sign = "✅" if getattr(done, name) else "▫️"
        lines.append(f"{sign} {texts(f'setup-step-{name}')}")
    if not done.all_done:
        lines += ["", texts("setup-later")]
    return "\n".join(lines)


def steps_markup(texts: Texts, done: Progress) -> Markup:
    """A key for every step that a chat is chosen for; once those are done, the button of the last one."""
    keys: list[KeyboardButton] = []
    if not done.archive:
        keys.append(channel_key(texts.plain("key-archive"), ARCHIVE))
    if not done.backup:
        keys.append(channel_key(texts.plain("key-backup"), BACKUP))
    if not done.staff_group:
        keys.append(staff_group_key(texts))
    if keys:
        return ReplyKeyboardMarkup(keyboard=[[key] for key in keys], resize_keyboard=True)
    return ReplyKeyboardRemove()


def passphrase_markup(texts: Texts) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[button(texts.plain("button-passphrase"), ShowPassphrase())]])


def staff_group_key(texts: Texts) -> KeyboardButton:
    rights = group_rights()
    asked = KeyboardButtonRequestChat(
        request_id=STAFF_GROUP,
        chat_is_channel=False,
        bot_administrator_rights=rights,
        user_administrator_rights=rights,
        request_title=True,
    )
    return KeyboardButton(text=texts.plain("key-staff-group"), request_chat=asked)
