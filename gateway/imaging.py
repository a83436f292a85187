"""Pictures of media, assembled: the workers, the cache on disk, and what is made with them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.settings import Settings
from storage.catalog.media_info import Measurer
from storage.clock import Clock
from storage.database import Sessions
from storage.delivery.delivering import Delivery
from storage.ports import PartStore
from storage.previews.cache import PreviewCache
from storage.previews.cleaning import Cleaning
from storage.previews.flights import Flights
from storage.previews.serving import Previews
from storage.previews.studio import Studio

_MOST_WAITING = 2000
"""Galleries of cold previews may wait for this many sources; more are told to come again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Imaging:
    previews: Previews
    cleaning: Cleaning
    measurer: Measurer
    cache: PreviewCache
    studio: Studio


@asynccontextmanager
async def open_imaging(
    *, settings: Settings, sessions: Sessions, delivery: Delivery, store: PartStore, clock: Clock
) -> AsyncIterator[Imaging]:
    """What is under way when the context ends is cancelled first, then the workers end."""
    cache = PreviewCache(preview_directory(settings), settings.preview_cache_max_bytes)
    async with AsyncExitStack() as stack:
        studio = await stack.enter_async_context(Studio(delivery=delivery, cache=cache).opened())
        drawing = await stack.enter_async_context(Flights[list[bytes]](_MOST_WAITING))
        cleaning = await stack.enter_async_context(Flights[None](_MOST_WAITING))
        yield Imaging(
            previews=Previews(sessions=sessions, studio=studio, store=store, flights=drawing),
            cleaning=Cleaning(sessions=sessions, studio=studio, flights=cleaning),
            measurer=Measurer(sessions=sessions, studio=studio, clock=clock),
            cache=cache,
            studio=studio,
        )


def preview_directory(settings: Settings) -> Path:
    return settings.data_dir / "cache" / "previews"
