"""What the admins' handlers work with, and the buttons they answer to."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from aiogram import Bot
from aiogram.filters import Filter
from aiogram.filters.callback_data import CallbackData
from aiogram.types import CallbackQuery, Message, User

from bot.admin.vanishing import Vanishing
from storage.auditing.alerts import Alerts
from storage.callers.groups import Groups
from storage.callers.invite_links import InviteLinks
from storage.callers.key_drafts import KeyDrafts
from storage.callers.keys import Keys
from storage.callers.people import PersonView
from storage.callers.recovery import RecoveryKeeper
from storage.callers.roster import Roster
from storage.domain import Role
from storage.engine.channel_book import ChannelBook


@dataclass(frozen=True, kw_only=True, slots=True)
class AdminTools:
    """Injected into handlers as ``admin``."""

    roster: Roster
    links: InviteLinks
    book: ChannelBook
    groups: Groups
    alerts: Alerts
    keys: Keys
    drafts: KeyDrafts
    recovery: RecoveryKeeper
    vanishing: Vanishing
    timezone: tzinfo
    node: str

    def moment(self, at: datetime) -> str:
        """A time as people read it, where Mediagate lives."""
        return at.astimezone(self.timezone).strftime("%d.%m.%Y %H:%M")


class IsAdmin(Filter):
    """Passes admins; for all others what stands behind it is not there."""

    async def __call__(self, _event: Message | CallbackQuery, person: PersonView) -> bool:
        return person.role is Role.ADMIN


def actor(person: PersonView) -> str:
    """How the audit names a person."""
    return f"telegram:{person.telegram_id}"


async def username(bot: Bot) -> str:
    me: User = await bot.me()
    return me.username or ""


class ShowChannels(CallbackData, prefix="achs"):
    pass


class AddChannel(CallbackData, prefix="acha"):
    pass


class ShowChannel(CallbackData, prefix="ach"):
    """A channel by its chat id."""

    chat: int


class BindChannel(CallbackData, prefix="acb"):
    chat: int
    purpose: str


class UnbindChannel(CallbackData, prefix="acu"):
    chat: int


class IgnoreChannel(CallbackData, prefix="aci"):
    chat: int


class ShowStaff(CallbackData, prefix="ast"):
    pass


class ShowPerson(CallbackData, prefix="asp"):
    id: int


class SetRole(CallbackData, prefix="asr"):
    id: int
    role: str


class ChoosePeople(CallbackData, prefix="asc"):
    pass


class MakeLink(CallbackData, prefix="asl"):
    role: str


class ShowLinks(CallbackData, prefix="asll"):
    pass


class RevokeLink(CallbackData, prefix="asx"):
    id: int


class SetBlocked(CallbackData, prefix="abl"):
    id: int
    blocked: bool


class ShowKeys(CallbackData, prefix="aks"):
    pass


class RevokeKey(CallbackData, prefix="akr"):
    """``sure``: they were asked whether they mean it."""

    id: int
    sure: bool = False


class ToggleScope(CallbackData, prefix="akt"):
    """``scope`` is the name of a `Scope`: its value has a colon in it, which parts the fields of the data."""

    draft: int
    scope: str


class NextExpiry(CallbackData, prefix="akd"):
    draft: int


class MakeKey(CallbackData, prefix="akm"):
    draft: int


class DropDraft(CallbackData, prefix="akx"):
    draft: int


class RefreshStatus(CallbackData, prefix="ars"):
    pass


class ShowPassphrase(CallbackData, prefix="app"):
    pass
