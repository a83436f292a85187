"""Reading media, assembled: the cache of parts on disk, what is around it, and what a local server shares with us."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.settings import Settings
from storage.catalog.reading import Reading
from storage.database import Sessions, single_statements
from storage.delivery.cache.part_cache import PartCache
from storage.delivery.delivering import Delivery
from storage.delivery.pieces import Places
from storage.delivery.sources import PartSource
from storage.spool import Spool
from storage.telegram.by_path import SharedFiles


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivering:
    delivery: Delivery
    parts: PartCache


@asynccontextmanager
async def open_delivering(
    *, settings: Settings, sessions: Sessions, spool: Spool, sources: PartSource
) -> AsyncIterator[Delivering]:
    """A local Bot API server's files are on a disk already: nothing is cached then."""
    alone = single_statements(sessions)
    most = 0 if settings.telegram_local else settings.part_cache_max_bytes
    async with PartCache(settings.data_dir / "cache" / "parts", most).opened() as cache:
        places = Places(sessions=alone, spool=spool, sources=sources, cache=cache)
        yield Delivering(delivery=Delivery(sessions=alone, reading=Reading(alone), places=places), parts=cache)


@asynccontextmanager
async def open_shared(settings: Settings) -> AsyncIterator[SharedFiles | None]:
    """Where a local Bot API server finds what it is to send; None on the cloud."""
    if not settings.telegram_local:
        yield None
        return
    async with SharedFiles(settings.data_dir / "sending").opened() as shared:
        yield shared
