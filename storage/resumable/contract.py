"""What a resumable upload gives the session that it shares with every other upload."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import MediaKey
from storage.intake.part_writing import SpooledPart
from storage.intake.progress import Progress
from storage.intake.receiving import Start


class Journal(Protocol):
    """What is written down so that the upload can go on after a restart."""

    async def part_ended(self, part: SpooledPart) -> None:
        """Make the part's bytes durable: its row, which comes next, is a promise."""

    async def part_recorded(self, session: AsyncSession, part: SpooledPart) -> None:
        """In the transaction of the part's row: the upload has come at least so far."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resumption:
    """Where an upload goes on. Its row is there already; ``described`` tells whether captions can be made of it."""

    key: MediaKey
    received_at: datetime
    start: Start
    journal: Journal
    progress: Progress
    described: bool
