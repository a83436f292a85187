"""Checks of the archive, assembled: the jobs that work passes off, and the schedule of the night."""

from datetime import timedelta

from gateway.engine import Engine
from gateway.mirror import register_mirror
from gateway.settings import Settings
from storage.engine.looking import Looker
from storage.engine.probing import Prober
from storage.engine.verify_runs import VERIFY_JOB, VerifyRuns
from storage.engine.verifying import Verifier
from storage.jobs import EVERY_HOUR, EVERY_MINUTE, JobRunner
from storage.mirror.checking import MirrorChecker
from storage.mirror.keeping import Mirror

_NIGHT = timedelta(hours=6)
"""How long after VERIFY_AT a night that was slept through may still begin."""

_EVERY_TEN_MINUTES = "*/10 * * * *"


def register_checks(*, settings: Settings, engine: Engine, mirror: Mirror | None, jobs: JobRunner) -> None:
    """What keeps the bytes, and what looks whether they are kept."""
    register_mirror(mirror, engine=engine, jobs=jobs)
    _register_verifying(settings=settings, engine=engine, mirror=mirror, jobs=jobs)


def _register_verifying(*, settings: Settings, engine: Engine, mirror: Mirror | None, jobs: JobRunner) -> None:
    """One pass at a time in each process."""
    on = engine.on
    looker = Looker(sessions=on.sessions, store=engine.store, clock=on.clock, node=on.node)
    outside = None if mirror is None else MirrorChecker(sessions=on.sessions, mirror=mirror, clock=on.clock)
    verifier = Verifier(
        sessions=on.sessions,
        prober=Prober(store=engine.store, looker=looker),
        outside=outside,
        clock=on.clock,
        node=on.node,
        stopping=jobs.stopping,
    )
    runs = VerifyRuns(sessions=on.sessions, clock=on.clock)

    async def night() -> None:
        """Begin the night's passes where they are due."""
        now = on.clock.now().astimezone(settings.timezone)
        begins = now.replace(hour=settings.verify_at.hour, minute=settings.verify_at.minute, second=0, microsecond=0)
        if not begins <= now < begins + _NIGHT:
            return
        for deep, size in ((False, settings.verify_sample), (True, settings.verify_deep_sample)):
            if size:
                await runs.begin_night(now.date(), deep=deep, size=size)

    jobs.handle(VERIFY_JOB, verifier.handle, at_once=1)
    jobs.every("verify_wake", EVERY_MINUTE, runs.wake_unfinished)
    jobs.every("verify_sweep", EVERY_HOUR, runs.forget)
    jobs.every("verify_night", _EVERY_TEN_MINUTES, night)
