"""Copies of parts, assembled: what makes them, what looks at them, and how they are read."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiogram import Bot
from sqlalchemy.exc import SQLAlchemyError

from storage.clock import Clock
from storage.database import Sessions
from storage.delivery.copies import CopySource, WithCopies
from storage.delivery.file_refs import FileRefs
from storage.delivery.sources import PartSource
from storage.engine.copy_checks import CopyChecks
from storage.engine.copy_sweep import CopySweep
from storage.engine.copying import Copier
from storage.engine.intents import CopyIntents
from storage.engine.looking import Looker
from storage.engine.workload import CopyCounts, copy_counts
from storage.jobs import JobRunner
from storage.telegram.memberships import Memberships
from storage.telegram.pooled import PooledPartStore
from storage.wakeups import COPY_JOB
from web.deps import HealthLine

_JOBS_PER_BOT = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyingGround:
    """What copies stand on."""

    sessions: Sessions
    clock: Clock
    node: str
    store: PooledPartStore
    bots: Sequence[Bot]
    channel_most: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Copying:
    """What the engine needs of it."""

    members: Memberships
    checks: CopyChecks
    copier: Copier
    intents: CopyIntents
    sweep: CopySweep

    def register(self, jobs: JobRunner, *, bots: int) -> None:
        jobs.handle(COPY_JOB, self.copier.handle, at_once=_JOBS_PER_BOT * bots)


def telegram_source(on: CopyingGround, looker: Looker) -> PartSource:
    """Parts from their own messages, and from their copies."""
    return WithCopies(
        sessions=on.sessions,
        own=FileRefs(sessions=on.sessions, store=on.store, looker=looker),
        copies=CopySource(sessions=on.sessions, store=on.store, looker=looker),
    )


def build_copying(on: CopyingGround, looker: Looker, sources: PartSource) -> Copying:
    """``sources``: where the bytes come from when no message can be copied."""
    members = Memberships(on.bots)
    checks = CopyChecks(sessions=on.sessions, looker=looker, clock=on.clock)
    intents = CopyIntents(sessions=on.sessions, clock=on.clock, node=on.node)
    copier = Copier(
        sessions=on.sessions,
        sender=on.store,
        members=members,
        checks=checks,
        sources=sources,
        intents=intents,
        clock=on.clock,
        channel_most=on.channel_most,
    )
    sweep = CopySweep(sessions=on.sessions, clock=on.clock, channel_most=on.channel_most, slots=len(on.store.bot_ids))
    return Copying(members=members, checks=checks, copier=copier, intents=intents, sweep=sweep)


async def copies_line(sessions: Sessions) -> list[HealthLine]:
    """For `mediagate doctor`. Nothing where the database does not answer: another line says so."""
    try:
        async with sessions.begin() as session:
            counts = await copy_counts(session)
    except (SQLAlchemyError, OSError):
        return []
    if counts.damaged:
        mend = f"{counts.damaged} parts have lost their message and wait for a copy: see `mediagate channels refill`"
        if counts.without_source:
            mend = f"{mend}; {_without_source(counts)}"
        return [HealthLine(name="copies", ok=False, detail=mend)]
    if counts.without_source:
        return [HealthLine(name="copies", ok=False, detail=_without_source(counts))]
    if not counts.backup_channels:
        return [HealthLine(name="copies", ok=True, detail="none: no channel is bound for backup")]
    left = f"{counts.missing} are still to be made" if counts.missing else "every part has them"
    return [HealthLine(name="copies", ok=True, detail=f"backup channels: {counts.backup_channels}, {left}")]


def _without_source(counts: CopyCounts) -> str:
    return (
        f"{counts.without_source} parts cannot be copied: no bot, copy or mirror has their bytes. They are tried again "
        "now and then, and at once after `mediagate channels refill`"
    )
