"""The mirror, assembled: the directory outside Telegram, who fills it, and who reads from it."""

import asyncio
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
from storage.mirror.rows import kept_in_mirror, known_mirror, missing_in_mirror
from storage.mirror.sealed import MirrorKey
from storage.mirror.troubles import HELP, MirrorTrouble
from web.deps import HealthLine


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


async def mirror_line(settings: Settings, sessions: Sessions) -> list[HealthLine]:
    """For the doctor, who changes nothing: whether it is the mirror that the index knows, and what it has."""
    directory = mirror_directory(settings)
    if directory is None:
        return []
    async with sessions.begin() as session:
        known = await known_mirror(session)
    name = "mirror"
    if known is None:
        return [HealthLine(name=name, ok=True, detail=f"{directory.root}: begun at the next start")]
    try:
        await asyncio.to_thread(directory.require, known)
        await asyncio.to_thread(directory.probe, 0)
    except MirrorTrouble as error:
        return [HealthLine(name=name, ok=False, detail=f"{directory.root}: {HELP[error.trouble]}")]
    files, size = await kept_in_mirror(sessions)
    missing, problems = await missing_in_mirror(sessions)
    detail = f"{directory.root}: {files} files, {size} bytes, {missing} parts missing, {problems} files wrong"
    return [HealthLine(name=name, ok=not problems, detail=detail)]
