"""Reading channels to rebuild the index from them: `restore` does it with what is new, `recover` with everything."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aiogram import Bot

from gateway.engine import other_bots
from gateway.recovery_ground import RecoveryGround
from storage.engine.looking import Looker
from storage.errors import ArchiveError, FloodWait
from storage.recovery.building import Builder, Built
from storage.recovery.catching_up import CatchUp
from storage.recovery.channel_reading import ChannelReader, ReadSoFar
from storage.recovery.errors import channel_error, passes
from storage.recovery.indexes import Since
from storage.recovery.moving import Mover
from storage.telegram.probing import greatest_id

_MINUTE = 60.0
_TRIES = 5
OnProgress = Callable[[Sequence[ReadSoFar]], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ahead:
    """What there is to read, by channel: the greatest id, and how many are unread. ``seconds`` 0: nothing limits it."""

    heads: Mapping[int, int]
    unread: Mapping[int, int]
    seconds: float
    refused: Mapping[int, str]

    @property
    def ids(self) -> int:
        return sum(self.unread.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Rebuilt:
    """What came of it. ``moved`` parts had another place before; ``deleted`` and ``changed`` media had been since."""

    read: Sequence[ReadSoFar]
    built: Built
    moved: int
    deleted: int = 0
    changed: int = 0


class ChannelReading:
    """Over the channels that are in the database."""

    def __init__(self, ground: RecoveryGround) -> None:
        on = ground.engine.on
        self._ground = ground
        self._bots = [ground.bot, *other_bots(ground.settings, ground.bot)]
        looker = Looker(sessions=on.sessions, store=ground.engine.store, clock=on.clock, node=on.node)
        self._reader = ChannelReader(sessions=on.sessions, looker=looker, clock=on.clock, bots=len(self._bots))
        self._builder = Builder(sessions=on.sessions, clock=on.clock, node=on.node)
        self._mover = Mover(sessions=on.sessions, looker=looker)
        self._catch_up = CatchUp(sessions=on.sessions, looker=looker, clock=on.clock)

    async def look_ahead(self, chat_ids: Sequence[int]) -> Ahead:
        """How much there is to read, and how long the flood limits make it take. Raises `TelegramAway`."""
        heads: dict[int, int] = {}
        unread: dict[int, int] = {}
        refused: dict[int, str] = {}
        for chat_id in chat_ids:
            try:
                heads[chat_id] = await _greatest(self._bots, chat_id)
            except ArchiveError as error:
                if passes(error):
                    raise channel_error(chat_id, error) from error
                refused[chat_id] = str(error.fields.get("description") or error.code)
                continue
            unread[chat_id] = await self._reader.begin(chat_id, heads[chat_id])
        rate = self._ground.settings.lane_rate * len(self._bots)
        seconds = max(unread.values(), default=0) / rate * _MINUTE if rate else 0.0
        return Ahead(heads=heads, unread=unread, seconds=seconds, refused=refused)

    async def go(self, ahead: Ahead, on_progress: OnProgress, since: Since | None = None) -> Rebuilt:
        """Read the channels side by side, make media of what was found, and do again what is known of the others."""
        states: dict[int, ReadSoFar] = {}

        def note(so_far: ReadSoFar) -> None:
            states[so_far.chat_id] = so_far
            on_progress([*states.values()])

        async with asyncio.TaskGroup() as tasks:
            readings = [
                tasks.create_task(self._reader.read(chat_id, head, note)) for chat_id, head in ahead.heads.items()
            ]
        built = await self._builder.build()
        moved = await self._mover.settle()
        deleted, changed = (0, 0) if since is None else await self._catch_up.go(since)
        read = [reading.result() for reading in readings]
        return Rebuilt(read=read, built=built, moved=moved, deleted=deleted, changed=changed)


async def _greatest(bots: Sequence[Bot], chat_id: int) -> int:
    """By the first bot that may. Raises what the first was told where none may."""
    for tries_left in reversed(range(_TRIES)):
        refusal: ArchiveError | None = None
        for bot in bots:
            try:
                return await greatest_id(bot, chat_id)
            except ArchiveError as error:
                refusal = refusal or error
        assert refusal is not None
        if not isinstance(refusal, FloodWait) or not tries_left:
            raise refusal
        await asyncio.sleep(min(refusal.retry_after, _MINUTE))
    raise AssertionError  # the last try returns or raises
