"""The mirror, assembled: the directory outside Telegram, who fills it, and who reads from it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.engine import Engine
from gateway.settings import Settings
from storage.clock import Clock
from storage.database import Sessions
from storage.jobs import EVERY_HOUR, EVERY_MINUTE, JobRunner
from storage.mirror.directory import MirrorDirectory
from storage.mirror.filling import FILL_JOB, Filler
from storage.mirror.keeping import Mirror
from storage.mirror.sealed import MirrorKey


def mirror_directory(settings: Settings) -> MirrorDirectory | None:
    """None where the settings name none."""
    if settings.mirror is None:
        return None
    key = None if settings.mirror_key is None else MirrorKey(settings.mirror_key.get_secret_value().encode())
    return MirrorDirectory(settings.mirror, key)


@asynccontextmanager
async def open_mirror(
    *, settings: Settings, sessions: Sessions, clock: Clock, node: str
) -> AsyncIterator[Mirror | None]:
    """Look whether the directory can be used. Where it cannot, that is said, and everything else goes on."""
    directory = mirror_directory(settings)
    if directory is None:
        yield None
        return
    async with Mirror(directory=directory, sessions=sessions, clock=clock, node=node).opened() as mirror:
        yield mirror


def register_mirror(mirror: Mirror | None, *, engine: Engine, jobs: JobRunner) -> None:
    """Its jobs."""
    if mirror is None:
        return
    on = engine.on
    filler = Filler(
        sessions=on.sessions,
        mirror=mirror,
        sources=engine.telegram,
        clock=on.clock,
        node=on.node,
        stopping=jobs.stopping,
    )
    jobs.handle(FILL_JOB, filler.handle, at_once=1)
    jobs.every(f"mirror:{on.node}", EVERY_MINUTE, filler.look)
    jobs.every("mirror_tidy", EVERY_HOUR, filler.tidy)
