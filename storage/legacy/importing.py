"""The use case: read the predecessor's database from its first row to its last, and take over what is new or changed.

Nothing is remembered of where a run stopped: rows that are here already are told by their digest and cost next to
nothing, so a run that was killed is run again, and so is one after the predecessor went on.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import func, select, text

from storage.auditing.audit import record
from storage.clock import Clock
from storage.database import Sessions
from storage.legacy.mapping import Rules, mapped, refused
from storage.legacy.planning import Fate
from storage.legacy.report import Listing, Report
from storage.legacy.source import Batch, LegacySource
from storage.legacy.writing import Writer
from storage.tables import LegacyFile

log = structlog.get_logger(__name__)

BATCH = 1000
"""Rows in a transaction: a few megabytes here and there, and half a second's work."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """``room``: ids left free above the predecessor's greatest, for what it takes in until it is switched off."""

    dry_run: bool = False
    room: int = 10_000
    batch: int = BATCH


class Importing:
    """Imports from one source. ``on_batch`` hears of the report as it grows, ``listing`` of each row to look at."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        clock: Clock,
        rules: Rules,
        writer: Writer,
        actor: str,
        on_batch: Callable[[Report], None] = lambda _: None,
        listing: Listing = lambda _: None,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._rules = rules
        self._writer = writer
        self._actor = actor
        self._on_batch = on_batch
        self._listing = listing

    async def run(self, source: LegacySource, options: Options) -> Report:
        """Take over everything. Raises `LegacyUnreadable`."""
        began = time.monotonic()
        report = Report(dry_run=options.dry_run, total=await source.count(), tags=await source.tags())
        report.unfinished, report.sessions = await source.unfinished_sessions()
        if not options.dry_run:
            await self._reserve_ids(await source.greatest_id(), options.room)
        last_id = 0
        async for batch in source.batches(options.batch):
            await self._take(batch, report, options)
            last_id = batch.last_id
            self._on_batch(report)
        report.vanished += await self._count_after(last_id)
        report.seconds = time.monotonic() - began
        if not options.dry_run and (report.fates[Fate.ADDED] or report.fates[Fate.UPDATED]):
            async with self._sessions.begin() as session:
                record(session, self._actor, "legacy_imported", detail={f.value: n for f, n in report.fates.items()})
        return report

    async def _take(self, batch: Batch, report: Report, options: Options) -> None:
        rows = [*(mapped(row, self._rules) for row in batch.rows), *(refused(one, "unreadable") for one in batch.lost)]
        async with self._sessions() as session:
            outcomes = await self._writer.write(session, rows, now=self._clock.now())
            known = (LegacyFile.id > batch.after) & (LegacyFile.id <= batch.last_id)
            known &= LegacyFile.id.not_in([row.id for row in rows])
            gone = select(LegacyFile.id).where(known, LegacyFile.media_id.is_not(None))
            vanished = (await session.scalars(gone)).all()
            await (session.rollback() if options.dry_run else session.commit())
        self._listing(report.take(outcomes, vanished))

    async def _count_after(self, last_id: int) -> int:
        gone = select(func.count()).where(LegacyFile.id > last_id, LegacyFile.media_id.is_not(None))
        async with self._sessions.begin() as session:
            return await session.scalar(gone) or 0

    async def _reserve_ids(self, greatest: int, room: int) -> None:
        """Move our ids on past the predecessor's, so that nothing that comes in meanwhile takes one of them."""
        async with self._sessions.begin() as session:
            await session.execute(text("SET LOCAL lock_timeout = '30s'"))
            # Nobody inserts while the sequence is compared and moved; it is over in a moment.
            await session.execute(text("LOCK TABLE media IN SHARE ROW EXCLUSIVE MODE"))
            sequence = await session.scalar(text("SELECT pg_get_serial_sequence('media', 'id')"))
            last = await session.scalar(text(f"SELECT last_value FROM {sequence}"))  # noqa: S608 -- its own name
            if greatest > (last or 0):
                await session.execute(text("SELECT setval(:name, :last)"), {"name": sequence, "last": greatest + room})
                log.info("ids_reserved", greatest=greatest, last=greatest + room)
