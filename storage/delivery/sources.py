"""Where the bytes of a stored part can be had, one place after the other.

The chain is put together in `gateway.engine`: the part's own message by whichever bot can, its copies in the backup
channels, and what else keeps bytes. Each place is a `PartSource`; so is the chain, and whatever is put around it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Protocol

import structlog

from storage.errors import ArchiveError, PartDamaged
from storage.tables import Part

log = structlog.get_logger(__name__)


class PartSource(Protocol):
    """A place that may have the bytes of stored parts."""

    async def open(self, part: Part, offset: int, length: int, stack: AsyncExitStack) -> AsyncIterator[bytes]:
        """Stream ``length`` bytes of the part from ``offset`` on; ``stack`` closes it, also where this raises.

        ``part`` is a detached row, as it was lately. Raises `PartDamaged` where the bytes are not here (any more), any
        other `ArchiveError` where that cannot be said now. A stream that breaks raises `OutcomeUnknown`; opening
        again is always fine.
        """
        ...


class SourceChain:
    """Several places as one: the first that opens is read."""

    def __init__(self, sources: Sequence[PartSource]) -> None:
        self._sources = tuple(sources)

    async def open(self, part: Part, offset: int, length: int, stack: AsyncExitStack) -> AsyncIterator[bytes]:
        """`PartSource.open`. `PartDamaged` only where every place says so: else the first other error."""
        errors: list[ArchiveError] = []
        for source in self._sources:
            try:
                return await source.open(part, offset, length, stack)
            except ArchiveError as error:
                errors.append(error)
                log.info("part_source_failed", part_id=part.id, source=type(source).__name__, error=str(error))
        raise next((error for error in errors if not isinstance(error, PartDamaged)), errors[0])
