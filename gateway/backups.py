"""Backups, assembled: for the night, and for `mediagate backup`."""

from collections.abc import Collection
from datetime import timedelta

from aiogram import Bot
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.data_dir import secret_key
from gateway.engine import Engine
from gateway.postgres_cluster import find_binaries
from gateway.roles import configured_roles
from gateway.settings import Settings
from storage.auditing.alerts import Alerts
from storage.callers.people import People
from storage.callers.recovery import RecoveryKeeper
from storage.callers.roster import Roster
from storage.engine.looking import Looker
from storage.intake.part_sizes import CLOUD_FETCH_LIMIT, LOCAL_FETCH_LIMIT
from storage.jobs import EVERY_MINUTE, JobRunner
from storage.recovery.making import BackupMaker, BackupPlan
from storage.recovery.nightly import BACKUP_JOB, Nightly
from storage.recovery.postgres_tools import PostgresTools
from storage.recovery.sending import PieceSender
from storage.recovery.since import SinceKeeper
from storage.telegram.pinning import BotPins


def build_maker(*, settings: Settings, engine: Engine, database: AsyncEngine, bot: Bot) -> BackupMaker:
    """``bot`` pins. Raises `PostgresError` where there is no pg_dump for this machine."""
    on = engine.on
    mirror_key = None if settings.mirror_key is None else settings.mirror_key.get_secret_value()
    return BackupMaker(
        sessions=on.sessions,
        keeper=RecoveryKeeper(sessions=on.sessions, clock=on.clock),
        sender=PieceSender(
            sessions=on.sessions, sender=engine.store, reconciler=engine.reconciler, clock=on.clock, node=on.node
        ),
        pins=BotPins(bot),
        tools=postgres_tools(database),
        plan=BackupPlan(
            place=settings.data_dir / "backup",
            piece_size=settings.part_size or (LOCAL_FETCH_LIMIT if settings.telegram_local else CLOUD_FETCH_LIMIT),
            kept=settings.backups_kept,
            channel_most=settings.channel_messages_max,
            secrets={"secret_key": secret_key(settings).decode(), "mirror_key": mirror_key},
        ),
        clock=on.clock,
        node=on.node,
    )


def build_since_keeper(engine: Engine, bot: Bot, *, every: timedelta = timedelta(minutes=5)) -> SinceKeeper:
    """What keeps the newest backup's list up to date."""
    on = engine.on
    return SinceKeeper(
        sessions=on.sessions,
        store=engine.store,
        sender=engine.store,
        looker=Looker(sessions=on.sessions, store=engine.store, clock=on.clock, node=on.node),
        rewriter=BotPins(bot),
        clock=on.clock,
        every=every,
    )


def postgres_tools(database: AsyncEngine) -> PostgresTools:
    """The wheel's programs, also for a database elsewhere."""
    return PostgresTools(binaries=find_binaries(), dsn=database.url.render_as_string(hide_password=False))


def register_backups(*, settings: Settings, engine: Engine, database: AsyncEngine, bot: Bot, jobs: JobRunner) -> None:
    """The job, and the schedule where the settings want one; a backup that is there is kept up to date in any case."""
    jobs.every("backup_since", EVERY_MINUTE, build_since_keeper(engine, bot).look)
    if settings.backup_at is None:
        return
    on = engine.on
    roles = configured_roles(settings)
    roster = Roster(on.sessions, People(on.sessions, access=settings.access, admins=roles.admins, staff=roles.staff))

    async def admins() -> Collection[int]:
        return [one.telegram_id for one in await roster.admins()]

    nightly = Nightly(
        sessions=on.sessions,
        maker=build_maker(settings=settings, engine=engine, database=database, bot=bot),
        alerts=Alerts(sessions=on.sessions, clock=on.clock, node=on.node),
        admins=admins,
        clock=on.clock,
        at=settings.backup_at,
        timezone=settings.timezone,
    )
    jobs.handle(BACKUP_JOB, nightly.handle, at_once=1)
    jobs.every(BACKUP_JOB, EVERY_MINUTE, nightly.look)
