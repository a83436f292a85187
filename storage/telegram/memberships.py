"""Which bots are in which channels, as far as that was asked lately."""

import time
from collections.abc import Mapping

from storage.ports import Members
from storage.telegram.parts import BotPartStore

_GOOD_FOR = 60.0


class Memberships:
    """The `ChannelMembers` of a pool. What it says may be a minute old."""

    def __init__(self, bots: Mapping[int, BotPartStore]) -> None:
        self._bots = dict(bots)
        self._known: dict[int, tuple[float, Members]] = {}

    async def members(self, chat_id: int) -> Members:
        known = self._known.get(chat_id)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        found = {bot_id: await bot.membership(chat_id) for bot_id, bot in self._bots.items()}
        members = Members(
            readers=[bot_id for bot_id, (reads, _) in found.items() if reads],
            posters=[bot_id for bot_id, (_, posts) in found.items() if posts],
        )
        self._known[chat_id] = time.monotonic() + _GOOD_FOR, members
        return members

    def forget(self, chat_id: int) -> None:
        """A call in the channel was refused: ask again."""
        self._known.pop(chat_id, None)
