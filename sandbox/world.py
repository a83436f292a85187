"""One sandbox: everything that belongs together, assembled."""

import asyncio
from dataclasses import dataclass, field

import aiohttp

from sandbox.callbacks import Callbacks
from sandbox.clock import SandboxClock
from sandbox.config import Options, SandboxConfig
from sandbox.errors import ControlError
from sandbox.events import Events
from sandbox.faults import Faults
from sandbox.files import FileStore
from sandbox.flood import Flood
from sandbox.inline import InlineQueries
from sandbox.journal import Journal
from sandbox.model import Bot, Json, OpenWebApp
from sandbox.postbox import Postbox
from sandbox.render import Renderer
from sandbox.state import State
from sandbox.stats import Stats
from sandbox.updates import UpdateHub
from sandbox.webhook import Run, Webhooks


@dataclass
class World:
    """`closing` is set when the server ends. `later` holds the tasks of calls that take effect late.
    `born` is when it started, in sandbox time.
    """

    config: SandboxConfig
    options: Options
    clock: SandboxClock
    journal: Journal
    state: State
    store: FileStore
    renderer: Renderer
    updates: UpdateHub
    webhooks: Webhooks
    events: Events
    postbox: Postbox
    flood: Flood
    callbacks: Callbacks
    inline: InlineQueries
    web_apps: dict[str, OpenWebApp] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    stats: Stats = field(default_factory=Stats)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    later: set[asyncio.Task[None]] = field(default_factory=set)
    born: float = 0.0
    started: set[int] = field(default_factory=set)
    http: aiohttp.ClientSession | None = None

    def bot(self, bot_id: int | None) -> Bot:
        """A bot by id; None is the first one. Raises ControlError."""
        bot = self.state.bots.get(bot_id) if bot_id else next(iter(self.state.bots.values()), None)
        if bot is None:
            raise ControlError("no such bot", 404)
        return bot

    def client(self) -> aiohttp.ClientSession:
        """For files by URL."""
        if self.http is None:
            self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))
        return self.http

    def tell(self, event: Json) -> None:
        self.events.emit(event)

    async def close(self) -> None:
        """End everything that runs and put the state on disk."""
        for task in list(self.later):
            task.cancel()
        await asyncio.gather(*self.later, return_exceptions=True)
        await self.webhooks.close()
        if self.http is not None:
            await self.http.close()
        self.store.close()
        self.journal.close()


def build_world(config: SandboxConfig, run: Run) -> World:
    """Load the state of `config.data_dir`; `run` carries out calls that webhooks answer with.

    Raises BlockingIOError when another process has it.
    """
    clock = SandboxClock()
    journal = Journal(config.data_dir / "journal.jsonl")
    journal.lock()
    state = State(journal, clock)
    state.load()
    store = FileStore(config.data_dir, state)
    store.open()
    renderer = Renderer(state)
    updates = UpdateHub(state)
    events = Events()
    webhooks = Webhooks(state, updates, run)
    updates.on_webhook = webhooks.wake
    world = World(
        config=config,
        options=Options.of_mode(local=config.local, flood=config.flood),
        clock=clock,
        born=clock.now(),
        journal=journal,
        state=state,
        store=store,
        renderer=renderer,
        updates=updates,
        webhooks=webhooks,
        events=events,
        postbox=Postbox(state, updates, renderer, events),
        flood=Flood(clock, lambda: world.options),
        callbacks=Callbacks(clock),
        inline=InlineQueries(clock),
    )
    webhooks.again = lambda bot: world.faults.take("duplicate", "webhook", bot.id) is not None
    return world
