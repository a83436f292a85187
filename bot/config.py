"""The settings of the Telegram door."""

from dataclasses import dataclass, field
from datetime import UTC, time, timedelta, tzinfo

from bot.admin.vanishing import SHOWN_FOR
from bot.admin.watching import WatchTimes
from bot.staff.members import ASKED_AGAIN
from storage.callers.people import Access
from storage.domain import NO_QUOTA, Purpose, Quota


@dataclass(frozen=True, kw_only=True, slots=True)
class BotConfig:
    """The settings of this door. ``webhook_secret`` is required with ``webhook``, and signs invitations in any case."""

    node: str
    access: Access = Access.INVITE
    admin_ids: frozenset[int] = frozenset()
    staff_ids: frozenset[int] = frozenset()
    staff_chat: int | None = None
    member_asked_again: timedelta = ASKED_AGAIN
    timezone: tzinfo = UTC
    public_url: str = "http://127.0.0.1:8080"
    local_telegram: bool = False
    """Whether people are on this machine too, so that a `public_url` that is only local leads them somewhere."""

    webhook: bool = False
    webhook_secret: str | None = None
    person_rate: int = 0
    """Commands, presses and texts that a person has a minute; 0: as many as they like."""

    person_quota: Quota = NO_QUOTA
    fixed_purposes: frozenset[Purpose] = frozenset()
    """Purposes whose channels stand in the settings, and are not bound in chats."""

    digest_at: time | None = None
    secrets_shown: float = SHOWN_FOR
    watch: WatchTimes = field(default_factory=WatchTimes)
