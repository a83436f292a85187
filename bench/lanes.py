"""How many parts a minute the archive stores, by the number of lanes, with Telegram's flood limits on.

``python -m bench.lanes`` measures up to eight lanes and writes bench/LANES.md. Time is that of the local Telegram: when
everything waits, its clock and ours are moved on together, so ten minutes take seconds and the machine does not matter.
"""

import asyncio
import hashlib
import heapq
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp
from sqlalchemy import func, select

from gateway.engine import Engine, Spooling, build_engine
from gateway.postgres import embedded_postgres
from gateway.sandbox_process import TOKEN
from gateway.settings import load_settings
from gateway.telegram_api import open_bot
from sandbox.client import SandboxClient
from sandbox.config import SandboxConfig
from sandbox.server import running as running_sandbox
from storage.auditing.incidents import Incidents
from storage.database import Sessions, open_database, session_factory
from storage.domain import PartState, Purpose, UploadPhase
from storage.engine.captions import Facts
from storage.intake.progress import ProgressBoard
from storage.jobs import Later
from storage.previews import ThumbnailMaker
from storage.schema import migrate
from storage.spool import Spool
from storage.tables import Part, Upload
from storage.telegram.binding import Binder

LANES = ((1, 1), (2, 1), (1, 2), (2, 2), (4, 1), (8, 1), (4, 2))
"""Bots and channels of each measurement."""

MINUTES = 5
_RATE = 20
_AT_ONCE = 24
_EMMA = 1003


@dataclass
class BenchClock:
    """Real time, and what both clocks were moved on."""

    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """``refused`` counts the calls that Telegram answered with 429."""

    bots: int
    channels: int
    minutes: float
    stored: int
    refused: int

    @property
    def lanes(self) -> int:
        return self.bots * self.channels

    @property
    def per_minute(self) -> float:
        return self.stored / self.minutes


async def measure(dsn: str, directory: Path, *, bots: int, channels: int, minutes: float) -> Figures:
    """Store as many parts as go in ``minutes``. ``dsn`` is a migrated database without parts."""
    clock = BenchClock()
    async with _assembled(dsn, directory, clock, bots, channels) as (engine, sandbox):
        waiting = iter(await _spool(engine, round(minutes * _RATE * bots * channels) + 2 * _AT_ONCE))
        end = clock.now() + timedelta(minutes=minutes)
        await _ship(engine, sandbox, clock, waiting, end)
        stats = await sandbox.stats()
        async with engine.on.sessions.begin() as session:
            stored = await session.scalar(select(func.count()).where(Part.state == PartState.STORED))
    return Figures(bots=bots, channels=channels, minutes=minutes, stored=stored or 0, refused=stats["floods"])


async def _ship(
    engine: Engine, sandbox: SandboxClient, clock: BenchClock, waiting: Iterator[int], end: datetime
) -> None:
    """What the job queue does, on the clock of the bench: each part again when it was told to come."""
    later: list[tuple[datetime, int]] = []
    running: set[asyncio.Task[None]] = set()

    async def one(part_id: int) -> None:
        try:
            await engine.shipper.handle({"part": part_id})
        except Later as again:
            heapq.heappush(later, (clock.now() + timedelta(seconds=again.delay), part_id))

    while clock.now() < end:
        while later and later[0][0] <= clock.now() and len(running) < _AT_ONCE:
            running.add(asyncio.create_task(one(heapq.heappop(later)[1])))
        while len(running) + len(later) < _AT_ONCE and (part_id := next(waiting, None)) is not None:
            running.add(asyncio.create_task(one(part_id)))
        if running:
            _, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        elif later:
            pause = max(min(later[0][0], end) - clock.now(), timedelta())
            clock.ahead += pause
            await sandbox.advance(pause.total_seconds())
        else:
            raise RuntimeError("there were too few parts for the time")
    if running:
        await asyncio.wait(running)


@asynccontextmanager
async def _assembled(
    dsn: str, directory: Path, clock: BenchClock, bots: int, channels: int
) -> AsyncIterator[tuple[Engine, SandboxClient]]:
    config = SandboxConfig(data_dir=directory / "sandbox", flood=True)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running_sandbox(config))
        sandbox = await stack.enter_async_context(SandboxClient(server.url))
        tokens, chat_ids = await _people_the_sandbox(sandbox, bots, channels)
        settings = load_settings(
            {
                "MEDIAGATE_BOT_TOKENS": ",".join(tokens),
                "MEDIAGATE_TELEGRAM_API_URL": server.url,
                "MEDIAGATE_LANE_RATE": str(_RATE),
                "MEDIAGATE_DATA_DIR": str(directory),
            }
        )
        bot = await stack.enter_async_context(open_bot(settings, tokens[0], server.url))
        sessions = session_factory(await stack.enter_async_context(open_database(dsn)))
        spool = await stack.enter_async_context(Spool(directory / "spool", 1 << 30).opened())
        engine = build_engine(
            settings=settings,
            bot=bot,
            http=await stack.enter_async_context(aiohttp.ClientSession()),
            on=Spooling(sessions=sessions, spool=spool, board=ProgressBoard(), clock=clock, node="bench"),
            thumbnails=await stack.enter_async_context(ThumbnailMaker()),
            incidents=Incidents(sessions=sessions, clock=clock, redact=str),
            patience=0,
        )
        await Binder(sessions=sessions, bot=bot).bind({Purpose.REQUESTS: chat_ids})
        await sandbox.reset_stats()
        yield engine, sandbox


async def _people_the_sandbox(sandbox: SandboxClient, bots: int, channels: int) -> tuple[list[str], list[int]]:
    others = [(await sandbox.bot())["token"] for _ in range(bots - 1)]
    tokens = [TOKEN, *others]
    ids = [int(token.split(":")[0]) for token in tokens]
    made = [await sandbox.channel(f"Lane {number}", creator=_EMMA, bots=ids) for number in range(channels)]
    return tokens, [chat["id"] for chat in made]


async def _spool(engine: Engine, parts: int) -> Sequence[int]:
    """Parts of one file, as an upload leaves them."""
    sessions: Sessions = engine.on.sessions
    facts = Facts(
        filename="lanes.txt", content_type="text/plain", file_type="document", category="other", who="bench",
        when=datetime.now(UTC).isoformat(),
    )  # fmt: skip
    upload = Upload(id=uuid4(), media_key=uuid4(), owner="service:bench", node="bench", phase=UploadPhase.RECEIVING)
    upload.details = facts.as_json()
    async with sessions.begin() as session:
        session.add(upload)
        await session.flush()
        rows = []
        for index in range(parts):
            data = f"part {index}".encode()
            engine.on.spool.path(upload.media_key, index).write_bytes(data)
            rows.append(
                Part(
                    media_key=upload.media_key, upload_id=upload.id, index=index, offset=0, size=len(data),
                    sha256=hashlib.sha256(data).digest(), state=PartState.SPOOLED, origin="spool", node="bench",
                    purpose=Purpose.REQUESTS,
                )
            )  # fmt: skip
        session.add_all(rows)
        await session.flush()
        return [row.id for row in rows]


def table(figures: Sequence[Figures]) -> str:
    """As Markdown; the first line is what the others are compared with."""
    one = figures[0].per_minute
    lines = [
        "| lanes | bots × channels | parts stored | a minute | n × one lane | 429s |",
        "| ---: | :---: | ---: | ---: | ---: | ---: |",
    ]
    for each in figures:
        share = each.per_minute / (one * each.lanes)
        lines.append(
            f"| {each.lanes} | {each.bots} × {each.channels} | {each.stored} | {each.per_minute:.1f} | {share:.0%} "
            f"| {each.refused} |"
        )
    return "\n".join(lines)


async def main() -> None:
    figures = []
    for bots, channels in LANES:
        # Not the system's own directory: the embedded server may run as another user.
        with tempfile.TemporaryDirectory(prefix="mediagate-", ignore_cleanup_errors=True) as place:
            async with embedded_postgres(Path(place)) as dsn:
                async with open_database(dsn) as engine:
                    await migrate(engine)
                figures.append(await measure(dsn, Path(place), bots=bots, channels=channels, minutes=MINUTES))
        sys.stderr.write(f"{figures[-1]}\n")
    text = (
        f"# Lanes\n\n`python -m bench.lanes`: parts stored in {MINUTES} minutes by the clock of the local Telegram, "
        f"with its flood limits on\n({_RATE} messages a minute per bot and channel, 30 a second per bot). A lane takes "
        "20 messages in 61 seconds: the second is a margin\nbetween two clocks, and is why no 429 comes.\n\n"
    )
    (Path(__file__).parent / "LANES.md").write_text(f"{text}{table(figures)}\n")


if __name__ == "__main__":
    asyncio.run(main())
