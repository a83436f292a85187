"""The job ``staff_cards``: wakes the cards of the staff chat where there is one. Else who makes one shows them all."""

from typing import Any

from storage.callers.groups import Groups
from storage.database import Sessions
from storage.jobs import named
from storage.wakeups import wake_staff_card


class StaffWaking:
    """One job and one look for many cards."""

    def __init__(self, sessions: Sessions, groups: Groups) -> None:
        self._sessions = sessions
        self._groups = groups

    async def handle(self, payload: dict[str, Any]) -> None:
        async with self._sessions.begin() as session:
            if await self._groups.staff_chat_in(session) is not None:
                await wake_staff_card(session, *named(payload, "staff_card"))
