"""The archive engine, assembled: bots and their lanes, and what ships, settles and reads parts with them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiogram import Bot

from gateway.copying import Copying, CopyingGround, build_copying, telegram_source
from gateway.settings import Settings
from storage.auditing.incidents import Incidents
from storage.clock import Clock
from storage.database import Sessions
from storage.delivery.sources import PartSource, SourceChain
from storage.engine.channels import note_full
from storage.engine.events import forget_events
from storage.engine.fresh import FreshParts
from storage.engine.looking import Looker
from storage.engine.losing import LostBytes
from storage.engine.reconciling import Reconciler
from storage.engine.ship_work import ShipDesk
from storage.engine.shipping import Shipper
from storage.intake.progress import ProgressBoard
from storage.jobs import EVERY_HOUR, EVERY_MINUTE, JobRunner
from storage.mirror.keeping import Mirror, NothingKept
from storage.mirror.reading import MirrorSource
from storage.previews import ThumbnailMaker
from storage.spool import Spool
from storage.telegram.by_path import SharedFiles
from storage.telegram.files import FileReader
from storage.telegram.lanes import Lanes
from storage.telegram.parts import BotPartStore
from storage.telegram.pooled import PooledPartStore
from storage.wakeups import RECONCILE_JOB, ship_job

_SHIPS_AT_ONCE = 6
"""Per bot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spooling:
    """What the engine stands on: the index, and this node's spool."""

    sessions: Sessions
    spool: Spool
    board: ProgressBoard
    clock: Clock
    node: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """The parts of it that the rest of the process needs. ``telegram``: ``sources`` without what is outside of it."""

    on: Spooling
    readers: Mapping[int, FileReader]
    lanes: Lanes
    store: PooledPartStore
    telegram: PartSource
    sources: PartSource
    losses: LostBytes
    shipper: Shipper
    fresh: FreshParts
    reconciler: Reconciler
    copying: Copying
    channel_most: int

    @property
    def first_reader(self) -> FileReader:
        """The reader of the bot people talk to."""
        return self.readers[self.store.bot_ids[0]]

    async def settle(self) -> None:
        """At start: what a killed process left open, and what the spool has lost meanwhile."""
        await self.losses.at_start()
        await self.reconciler.resume()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Settled, and open for what is acknowledged."""
        await self.settle()
        async with self.fresh.running():
            yield

    def register(self, jobs: JobRunner) -> None:
        """Its jobs, and what is swept by each node for itself: only a node knows what it has still under way."""
        at_once = _SHIPS_AT_ONCE * len(self.readers)
        jobs.handle(ship_job(self.on.node), self.shipper.handle, at_once=at_once)
        jobs.handle(RECONCILE_JOB, self.reconciler.handle)
        self.copying.register(jobs, bots=len(self.readers))
        jobs.every(f"intents:{self.on.node}", EVERY_MINUTE, self.settle_left_behind)
        jobs.every("lane_sweep", EVERY_HOUR, self.lanes.ledger.forget)

    async def settle_left_behind(self) -> None:
        await self.shipper.sweep()
        await self.reconciler.sweep()
        await self.copying.intents.sweep()

    async def sweep(self) -> None:
        """Full channels, copies that are wanted, and old events."""
        now = self.on.clock.now()
        async with self.on.sessions.begin() as session:
            await note_full(session, self.channel_most, now)
            await forget_events(session, now)
        await self.copying.sweep.sweep()


def build_engine(
    *,
    settings: Settings,
    bot: Bot,
    http: aiohttp.ClientSession,
    on: Spooling,
    thumbnails: ThumbnailMaker,
    incidents: Incidents,
    mirror: Mirror | None = None,
    shared: SharedFiles | None = None,
    patience: float | None = None,
) -> Engine:
    """``bot`` is the one people talk to; the others of the settings only ship. ``http`` is for downloads.

    ``shared``: what a local Bot API server may read itself. ``patience``: see `Lanes`.
    """
    bots = [bot, *other_bots(settings, bot)]
    readers = {one.id: FileReader(one, http, local=settings.telegram_local) for one in bots}
    lanes = Lanes(
        sessions=on.sessions,
        clock=on.clock,
        bot_ids=[one.id for one in bots],
        assumed_rate=settings.lane_rate,
        patience=patience,
    )
    store = PooledPartStore({one.id: BotPartStore(one, readers[one.id], shared) for one in bots}, lanes)
    losses = LostBytes(
        sessions=on.sessions, spool=on.spool, board=on.board, incidents=incidents, clock=on.clock, node=on.node
    )
    looker = Looker(sessions=on.sessions, store=store, clock=on.clock, node=on.node)
    copies = CopyingGround(
        sessions=on.sessions,
        clock=on.clock,
        node=on.node,
        store=store,
        bots=bots,
        channel_most=settings.channel_messages_max,
    )
    telegram = telegram_source(copies, looker)
    sources = SourceChain((telegram, *([MirrorSource(mirror)] if mirror else [])))
    keeper = mirror or NothingKept()
    desk = ShipDesk(first_bot=bot.id, channel_most=settings.channel_messages_max)
    shipper = Shipper(
        sessions=on.sessions,
        spool=on.spool,
        sender=store,
        desk=desk,
        board=on.board,
        thumbnails=thumbnails,
        losses=losses,
        keeper=keeper,
        clock=on.clock,
        node=on.node,
    )
    return Engine(
        on=on,
        readers=readers,
        lanes=lanes,
        store=store,
        telegram=telegram,
        sources=sources,
        copying=build_copying(copies, looker, sources),
        losses=losses,
        shipper=shipper,
        fresh=FreshParts(sessions=on.sessions, shipper=shipper, desk=desk, clock=on.clock, node=on.node),
        reconciler=Reconciler(
            sessions=on.sessions,
            store=store,
            spool=on.spool,
            keeper=keeper,
            board=on.board,
            clock=on.clock,
            node=on.node,
        ),
        channel_most=settings.channel_messages_max,
    )


def other_bots(settings: Settings, first: Bot) -> list[Bot]:
    """Those that only ship: on the first one's connections, so that what counts and closes these does so for all."""
    tokens = [token.get_secret_value() for token in settings.bot_tokens[1:]]
    return [Bot(token, session=first.session, default=first.default) for token in tokens]
