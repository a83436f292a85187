"""Links by which people are let in, as the bot makes and opens them; `storage.callers.invite_links` keeps them."""

from dataclasses import dataclass
from datetime import timedelta

from aiogram import Bot
from aiogram.types import Message

from bot.saying import PRIVATE
from storage.callers.invite_links import VALID, InviteLinks, Opening, parameter_of
from storage.domain import Role

INVITE_USES = 20
"""How many people come in by a link of `/invite`, where nothing else is said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """Somebody came by a link. ``role`` is what the link is for."""

    opening: Opening
    role: Role


class Invitations:
    """The links of one bot."""

    def __init__(self, links: InviteLinks, bot: Bot) -> None:
        self._links = links
        self._bot = bot

    async def make(
        self, inviter: int, role: Role = Role.USER, *, uses: int = INVITE_USES, valid: timedelta = VALID
    ) -> str:
        """The address that lets people in on ``inviter``'s word. It is shown here and never again."""
        by = f"telegram:{inviter}"
        parameter = await self._links.create(role, by=by, expires_in=valid, most_uses=uses)
        return start_url((await self._bot.me()).username or "", parameter)

    async def arrival(self, message: Message | None, person_id: int) -> Arrival | None:
        """What came of a link that somebody whom we met followed; None where they did not come by one."""
        if message is None or message.chat.type != PRIVATE:
            return None
        parameter = parameter_of(message.text)
        if parameter is None:
            return None
        opening, role = await self._links.open(parameter, person_id)
        return Arrival(opening=opening, role=role)


def start_url(username: str, parameter: str) -> str:
    return f"https://t.me/{username}?start={parameter}"
