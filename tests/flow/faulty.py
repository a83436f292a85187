"""The ship protocol on its own, over two bots and two channels, and a way to stop it at any of its steps.

A step is each place where it reads or commits a transaction, or asks Telegram: everything it awaits. `Points` counts
them; at the one that is wanted the process "dies" (`Killed`). A fresh engine on the same database is the restart.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import aiohttp
from aiogram import Bot
from aiogram.types import Message
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.media.incoming import telegram_file
from gateway.engine import Engine, Spooling, build_engine
from gateway.sandbox_process import TOKEN
from gateway.settings import Settings, load_settings
from gateway.telegram_api import open_bot
from sandbox.client import SandboxClient
from storage.auditing.incidents import Incidents
from storage.clock import SystemClock
from storage.content import Policy
from storage.database import Sessions
from storage.details import Details
from storage.domain import Caller, CopyRole, CopyState, Inspection, PartState, Purpose, Role, UploadPhase
from storage.engine.captions import Facts, parse_manifest
from storage.engine.fresh import NewPart
from storage.engine.strays import StrayCollector
from storage.intake.adopting import Adopting
from storage.intake.discarding import discard_interrupted
from storage.intake.inspecting import Inspector
from storage.intake.progress import ProgressBoard
from storage.intake.receiving import Limits
from storage.jobs import Later
from storage.ports import Copy, LaneKey, PartStore, Sent, Shipment, Wish
from storage.previews import ThumbnailMaker
from storage.spool import Spool
from storage.tables import Intent, Media, Part, PartCopy, StrayMessage, Upload
from storage.telegram.binding import Binder
from storage.wakeups import REPLACEMENTS
from tests.flow.archives import REPORTS, REQUESTS

SECOND = 7_000_000_002
_SECOND_TOKEN = f"{SECOND}:second-bot-token-bbbbbbbbbbbbbbbbbbbbbbbb"
ARCHIVE = -1_001_000_000_003
CHANNELS = (REQUESTS, REPORTS, ARCHIVE)
_EMMA = 1003


FACTS = Facts(
    filename="a.txt", content_type="text/plain", file_type="document", category="other", who="test",
    when="2026-01-01T00:00:00+00:00",
)  # fmt: skip


_LIMITS = Limits(max_file_size=1 << 20, part_size=1 << 20, policy=Policy.parse(["*/*"]))


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Points:
    """The steps that were reached; ``at`` is the one to die at, None: none."""

    at: int | None = None
    seen: list[str] = field(default_factory=list)

    def reach(self, step: str) -> None:
        self.seen.append(step)
        if self.at == len(self.seen) - 1:
            raise Killed(step)


class _Sessions:
    """Sessions whose transactions are steps. Dying before a commit undoes what was done, as a kill does."""

    def __init__(self, inner: Sessions, points: Points) -> None:
        self._inner = inner
        self._points = points

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        async with self._inner.begin() as session:
            yield session
            self._points.reach("before a commit")
        self._points.reach("after a commit")


class _Sender:
    """The sender, whose calls are steps."""

    def __init__(self, inner: Any, points: Points) -> None:
        self._inner = inner
        self._points = points

    async def reserve(self, wish: Wish) -> LaneKey:
        lane: LaneKey = await self._inner.reserve(wish)
        self._points.reach("lane reserved")
        return lane

    async def reserve_now(self, wish: Wish) -> LaneKey | None:
        lane: LaneKey | None = await self._inner.reserve_now(wish)
        self._points.reach("lane reserved")
        return lane

    def unused(self, lane: LaneKey) -> None:
        self._inner.unused(lane)

    async def send(self, lane: LaneKey, what: Shipment | Copy) -> Sent:
        self._points.reach("before the send")
        sent: Sent = await self._inner.send(lane, what)
        self._points.reach("after the answer")
        return sent


class _EndedToo(set["asyncio.Task[None]"]):
    """Tasks that have ended are not left out, so that it is heard how."""

    def discard(self, _task: object) -> None:
        pass


@dataclass
class Ground:
    """What survives a death: database, spool directory, Telegram."""

    sessions: Sessions
    sandbox: SandboxClient
    settings: Settings
    bot: Bot
    http: aiohttp.ClientSession
    spool: Spool
    thumbnails: ThumbnailMaker
    _offset: int = 0

    def engine(self, points: Points | None = None) -> Engine:
        """A process. With ``points`` it dies at one of them."""
        points = points or Points()
        clock = SystemClock()
        sessions = cast("Sessions", _Sessions(self.sessions, points))
        on = Spooling(sessions=sessions, spool=self.spool, board=ProgressBoard(), clock=clock, node="test")
        incidents = Incidents(sessions=self.sessions, clock=clock, redact=str)
        engine = build_engine(
            settings=self.settings, bot=self.bot, http=self.http, on=on, thumbnails=self.thumbnails, incidents=incidents
        )
        engine.shipper.sender = engine.copying.copier._sender = _Sender(engine.store, points)
        engine.fresh._shipping = _EndedToo()
        return engine

    async def received(self, data: bytes) -> dict[str, Any]:
        """A part of an upload whose bytes are in the spool: its row, which is not recorded yet."""
        upload = Upload(id=uuid4(), media_key=uuid4(), owner="service:test", node="test", phase=UploadPhase.STORING)
        upload.details = FACTS.as_json()
        self.spool.path(upload.media_key, 0).write_bytes(data)
        row = {
            "media_key": upload.media_key, "upload_id": upload.id, "index": 0, "offset": 0, "size": len(data),
            "node": "test", "sha256": hashlib.sha256(data).digest(), "state": PartState.SPOOLED, "origin": "spool",
            "purpose": Purpose.REQUESTS, "attempt": 0,
        }  # fmt: skip
        async with self.sessions.begin() as session:
            session.add(upload)
        return row

    async def spooled(self, data: bytes) -> tuple[int, UUID]:
        """A part of an upload that waits in the spool: its id, and its media's key."""
        part = Part(**await self.received(data))
        async with self.sessions.begin() as session:
            session.add(part)
        return part.id, part.media_key

    async def departs(self, engine: Engine, row: dict[str, Any]) -> None:
        """The part is recorded and goes on its way at once; waits for the end of that."""
        async with engine.fresh.running():
            engine.fresh._chats[Purpose.REQUESTS] = (REQUESTS, REPORTS)  # as after an upload
            async with engine.fresh.place(Purpose.REQUESTS, row["size"]) as place:
                async with engine.on.sessions.begin() as session:
                    new = NewPart(row=row, facts=FACTS, media=None, lane=place.lane)
                    (departure,) = await engine.fresh.record(session, [new])
                place.departure = departure
            await asyncio.gather(*engine.fresh._shipping)

    async def sent_to_the_bot(self, data: bytes) -> UUID:
        """A file that somebody sent to the first bot, adopted and not looked at: its media's key."""
        path = self.spool.path(uuid4(), 0).with_suffix(".bin")
        path.write_bytes(data)
        (sent,) = await self.sandbox.send_files(_EMMA, [path], kind="document")
        path.unlink()
        async with asyncio.timeout(10):
            while (message := await self._next_message()).message_id != sent["message_id"]:
                pass
        file = telegram_file(message, bot_id=self.bot.id)
        assert file is not None
        adopting = Adopting(sessions=self.sessions, limits=_LIMITS, node="test", fetch_limit=None)
        adopted = await adopting.adopt(Caller.person(_EMMA, Role.USER), file, Details())
        async with self.sessions.begin() as session:
            return (await session.get_one(Media, adopted.media.id)).key

    async def _next_message(self) -> Message:
        while True:
            for update in await self.bot.get_updates(self._offset, limit=1):
                self._offset = update.update_id + 1
                if update.message is not None:
                    return update.message

    async def inspects(self, engine: Engine) -> None:
        """The inspection jobs that are due; waits until what they send off has come to its end."""
        async with self.sessions.begin() as session:
            pending = (await session.scalars(select(Media.id).where(Media.inspection == Inspection.PENDING))).all()
        inspector = Inspector(
            sessions=engine.on.sessions, store=cast("PartStore", engine.store), spool=self.spool, limits=_LIMITS,
            fresh=engine.fresh, node="test",
        )  # fmt: skip
        async with engine.fresh.running():
            engine.fresh._chats[Purpose.REQUESTS] = (REQUESTS, REPORTS)
            for media_id in pending:
                await inspector.handle({"media": media_id})
            await asyncio.gather(*engine.fresh._shipping)

    async def is_recorded(self, key: UUID) -> bool:
        async with self.sessions.begin() as session:
            return await session.scalar(select(Part.id).where(Part.media_key == key)) is not None

    async def nothing_of(self, key: UUID) -> bool:
        """Whether no channel, no intent and no file of the spool has anything of a media."""
        async with self.sessions.begin() as session:
            if await session.scalar(select(Intent.id).where(Intent.media_key == key)) is not None:
                return False
        captions = [m.get("caption") for chat in CHANNELS for m in await self.sandbox.messages(chat, limit=1000)]
        return not self.spool.path(key, 0).exists() and not any(key.hex in (text or "") for text in captions)

    async def foreign_posts(self) -> None:
        for chat_id in (REQUESTS, REPORTS):
            await self.sandbox.send_text(_EMMA, "a word from people", chat=chat_id)

    async def settle(self, *, within: float = 60.0) -> None:
        """Restart, and do what jobs and sweeps would, until nothing is open."""
        engine = self.engine()
        await discard_interrupted(self.sessions, self.spool, "test")
        await engine.settle()
        await self.inspects(engine)
        strays = StrayCollector(sessions=self.sessions, store=cast("PartStore", engine.store))
        async with asyncio.timeout(within):
            while True:
                parts, chats = await self._open()
                for part_id in parts:
                    await _patiently(engine.shipper.handle({"part": part_id}))
                for chat_id in chats:
                    await _patiently(engine.reconciler.handle({"chat": chat_id}))
                copies = await self._open_copies()
                for chat_id in copies:
                    await _patiently(engine.copying.copier.handle({"chat": chat_id}))
                await _patiently(strays.handle({}))
                if not parts and not chats and not copies and not await strays.pending():
                    return

    async def _open(self) -> tuple[Sequence[int], Sequence[int]]:
        unstored = Part.state.in_((PartState.SPOOLED, PartState.SHIPPING))
        async with self.sessions.begin() as session:
            parts = (await session.scalars(select(Part.id).where(unstored))).all()
            chats = (await session.scalars(select(Intent.chat_id).distinct())).all()
        return parts, chats

    async def _open_copies(self) -> set[int]:
        """What there are copy jobs for."""
        open_ones = select(PartCopy).where(PartCopy.state != CopyState.VERIFIED)
        async with self.sessions.begin() as session:
            rows = (await session.scalars(open_ones)).all()
        return {REPLACEMENTS if copy.role is CopyRole.REPLACEMENT else copy.chat_id or 0 for copy in rows}

    async def broken_invariants(self, key: UUID, data: bytes) -> list[str]:
        """What does not hold: the part is in one channel, once, where its row says; nothing else of ours is left."""
        broken = []
        found = [
            (chat_id, message["message_id"])
            for chat_id in CHANNELS
            for message in await self.sandbox.messages(chat_id, limit=1000)
            if (manifest := parse_manifest(message.get("caption"))) is not None and manifest.media_key == key
        ]
        async with self.sessions.begin() as session:
            part = (await session.scalars(select(Part).where(Part.media_key == key))).one()
            left = await session.scalar(select(func.count()).select_from(Intent)) or 0
            left += await session.scalar(select(func.count()).select_from(StrayMessage)) or 0
        if found != [(part.chat_id, part.message_id)]:
            broken.append(f"{len(found)} messages, the row says {part.state}")
        if left:
            broken.append("intents or strays are left")
        if self.spool.path(key, 0).exists():
            broken.append("the spool still has it")
        everything = [m for chat_id in CHANNELS for m in await self.sandbox.messages(chat_id, limit=1000)]
        if any("forward_origin" in message for message in everything):
            broken.append("a forward is left")
        async with AsyncExitStack() as stack:
            chunks = await self.engine().sources.open(part, 0, len(data), stack)
            if b"".join([chunk async for chunk in chunks]) != data:
                broken.append("other bytes come back")
        return broken


async def _patiently(job: Any) -> None:
    try:
        await job
    except Later as later:
        await asyncio.sleep(min(later.delay, 0.1))


@asynccontextmanager
async def faulty_ground(sessions: Sessions, sandbox: SandboxClient, directory: Path) -> AsyncIterator[Ground]:
    """Two bots, two channels of one purpose, a spool."""
    await sandbox.bot(token=_SECOND_TOKEN)
    for chat_id in (REQUESTS, REPORTS):
        await sandbox.member(chat_id, SECOND, "administrator")
    settings = load_settings(
        {
            "MEDIAGATE_BOT_TOKENS": f"{TOKEN},{_SECOND_TOKEN}",
            "MEDIAGATE_TELEGRAM_API_URL": sandbox.base_url,
            "MEDIAGATE_LANE_RATE": "0",
            "MEDIAGATE_DATA_DIR": str(directory),
        }
    )
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(open_bot(settings, TOKEN, sandbox.base_url))
        await Binder(sessions=sessions, bot=bot).bind({Purpose.REQUESTS: (REQUESTS, REPORTS)})
        yield Ground(
            sessions=sessions,
            sandbox=sandbox,
            settings=settings,
            bot=bot,
            http=await stack.enter_async_context(aiohttp.ClientSession()),
            spool=await stack.enter_async_context(Spool(directory / "spool", 1 << 30).opened()),
            thumbnails=await stack.enter_async_context(ThumbnailMaker()),
        )
