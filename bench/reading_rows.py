"""Media in the gateway's index whose parts the sink has, without any upload."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

from bench.reading_sink import SIZE, content
from gateway.postgres import embedded_postgres
from storage.database import Sessions, open_database, session_factory
from storage.domain import Category, FileType, Inspection, MediaStatus, PartState, Purpose
from storage.tables import FileRef, Media, Part

_CHAT = -1001
_next_message = iter(range(1, 1 << 30))


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[Sessions]:
    """The gateway's index, while it runs."""
    async with embedded_postgres(data_dir) as dsn, open_database(dsn) as engine:
        yield session_factory(engine)


async def add_media(sessions: Sessions, *, bot_id: int, seed: str, parts: int) -> int:
    """Insert it; its id. Part ``n`` is the sink's file ``<seed>-<n>``."""
    media = Media(
        key=uuid4(), owner="service:bench", source="http", filename="film.mp4", file_size=parts * SIZE,
        content_type="video/mp4", file_type=FileType.VIDEO, category=Category.OTHER, purpose=Purpose.REQUESTS,
        status=MediaStatus.ACTIVE, inspection=Inspection.DONE, verified=True, measured=True,
    )  # fmt: skip
    async with sessions.begin() as session:
        session.add(media)
        await session.flush()
        parts_of_it = [
            Part(
                media_key=media.key, media_id=media.id, index=index, offset=index * SIZE, size=SIZE,
                sha256=_digest(seed.partition("-")[0]), state=PartState.STORED, origin="spool", node="bench",
                purpose=Purpose.REQUESTS, chat_id=_CHAT, message_id=next(_next_message),
            )
            for index in range(parts)
        ]  # fmt: skip
        session.add_all(parts_of_it)
        await session.flush()
        for part in parts_of_it:
            ref = FileRef(part_id=part.id, bot_id=bot_id, file_id=f"{seed}-{part.index}", file_unique_id="")
            session.add(ref)
        return media.id


@lru_cache
def _digest(seed: str) -> bytes:
    return hashlib.sha256(content(seed, 0, SIZE)).digest()
