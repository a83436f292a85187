"""The storage layer, assembled: which parts there are, and how they are stacked."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aiogram import Bot
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.backups import register_backups
from gateway.data_dir import secret_key
from gateway.engine import Spooling, build_engine
from gateway.imaging import open_imaging
from gateway.logging import Redactor
from gateway.mirror import open_mirror
from gateway.reading import open_delivering, open_shared
from gateway.roles import configured_roles
from gateway.settings import Settings
from gateway.telegram_api import open_downloads
from gateway.verifying import register_checks
from gateway.work_orders import open_events, open_work_orders
from storage.auditing.audit import AuditTrail
from storage.auditing.incidents import Incidents
from storage.callers.invitations import Invitations
from storage.callers.keys import BootstrapKey, Keys
from storage.callers.names import Names
from storage.callers.people import People
from storage.catalog.attachments import Attaching
from storage.catalog.deleting import Deleting, Eraser
from storage.catalog.editing import Editing
from storage.catalog.expiring import Expirer
from storage.catalog.history import Histories
from storage.catalog.keeping import Keeping
from storage.catalog.media_info import measure_job
from storage.catalog.reading import Reading
from storage.catalog.refreshing import Refresher
from storage.catalog.request_files import RequestFiles
from storage.catalog.statistics import Statistics
from storage.catalog.timeline import Timelines
from storage.clock import Clock
from storage.content import Policy
from storage.database import Sessions, session_factory
from storage.delivery.links import Links
from storage.delivery.request_links import RequestLinks
from storage.delivery.request_zip import RequestZips
from storage.delivery.sending import Sending
from storage.engine.archiving import Archiving
from storage.engine.caption_edits import CaptionEditor
from storage.engine.strays import StrayCollector
from storage.engine.sweeping import Sweeper
from storage.intake.adopting import Adopting
from storage.intake.discarding import discard_interrupted
from storage.intake.inspecting import Inspector
from storage.intake.part_sizes import CLOUD_FETCH_LIMIT, LOCAL_FETCH_LIMIT
from storage.intake.progress import ProgressBoard
from storage.intake.receiving import Limits
from storage.intake.taking_in import Intake
from storage.jobs import EVERY_HOUR, EVERY_MINUTE, JobRunner
from storage.previews import ThumbnailMaker
from storage.previews.studio import WORKERS
from storage.resumable.cards import CardTicker
from storage.resumable.expiring import expire
from storage.resumable.uploads import Resumable
from storage.search.media_search import MediaSearch
from storage.spool import Spool
from storage.telegram.messages import BotMessenger
from storage.use_cases import UseCases
from storage.users.accounts import Accounts
from storage.users.avatars import Avatars
from storage.wakeups import CAPTIONS_JOB, ERASE_JOB, STRAYS_JOB, inspect_job

_INSPECTIONS_AT_ONCE = 6
_SWEEP, _REFRESH = "sweep", "refresh"


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """What the rest of the process needs of the storage layer."""

    sessions: Sessions
    use_cases: UseCases
    spool: Spool
    part_size: int
    fetch_limit: int | None
    sweeper: Sweeper


@asynccontextmanager
async def open_archive(
    *, settings: Settings, engine: AsyncEngine, bot: Bot, jobs: JobRunner, clock: Clock, node: str
) -> AsyncIterator[Archive]:
    """Assemble the storage layer, settle what a killed process left, and register its jobs."""
    sessions = session_factory(engine)
    limits = _limits(settings)
    fetch_limit = None if settings.telegram_local else CLOUD_FETCH_LIMIT
    async with AsyncExitStack() as stack:
        spool = await stack.enter_async_context(Spool(spool_directory(settings), settings.spool_max_bytes).opened())
        thumbnails = await stack.enter_async_context(ThumbnailMaker())
        http = await stack.enter_async_context(open_downloads(settings))
        incidents = Incidents(sessions=sessions, clock=clock, redact=Redactor(settings.secrets))
        await stack.enter_async_context(incidents.running())
        orders = await stack.enter_async_context(
            open_work_orders(settings=settings, sessions=sessions, jobs=jobs, clock=clock)
        )
        board = ProgressBoard()
        reading = Reading(sessions)
        spooling = Spooling(sessions=sessions, spool=spool, board=board, clock=clock, node=node)
        mirror = await stack.enter_async_context(
            open_mirror(settings=settings, sessions=sessions, clock=clock, node=node)
        )
        archive_engine = build_engine(
            settings=settings,
            bot=bot,
            http=http,
            on=spooling,
            thumbnails=thumbnails,
            incidents=incidents,
            mirror=mirror,
            shared=await stack.enter_async_context(open_shared(settings)),
        )
        store, reconciler = archive_engine.store, archive_engine.reconciler
        inspector = Inspector(
            sessions=sessions, store=store, spool=spool, limits=limits, fresh=archive_engine.fresh, node=node
        )
        sources = archive_engine.sources
        delivering = await stack.enter_async_context(
            open_delivering(settings=settings, sessions=sessions, spool=spool, sources=sources)
        )
        delivery = delivering.delivery
        imaging = await stack.enter_async_context(
            open_imaging(settings=settings, sessions=sessions, delivery=delivery, store=store, clock=clock)
        )
        links = Links(sessions=sessions, reading=reading, clock=clock, secret_key=secret_key(settings))
        caches = (imaging.cache, delivering.parts)
        eraser = Eraser(sessions=sessions, spool=spool, caches=caches, clock=clock)
        archiving = Archiving(sessions=sessions, clock=clock)
        expirer = Expirer(sessions=sessions, clock=clock)
        sweeper = Sweeper(
            sessions=sessions,
            clock=clock,
            reconciler=reconciler,
            eraser=eraser,
            others=(
                expirer.sweep,
                archiving.sweep,
                imaging.measurer.wake_left_over,
                links.forget,
                archive_engine.sweep,
            ),
        )
        await discard_interrupted(sessions, spool, node)
        await _forget_erased(jobs, eraser, node)
        await stack.enter_async_context(archive_engine.running())
        await sweeper.sweep()
        archive_engine.register(jobs)
        register_checks(settings=settings, engine=archive_engine, mirror=mirror, jobs=jobs)
        register_backups(settings=settings, engine=archive_engine, database=engine, bot=bot, jobs=jobs)
        jobs.handle(inspect_job(node), inspector.handle, at_once=_INSPECTIONS_AT_ONCE)
        jobs.handle(STRAYS_JOB, StrayCollector(sessions=sessions, store=store).handle, at_once=1)
        jobs.handle(ERASE_JOB, eraser.handle, at_once=2)
        jobs.handle(CAPTIONS_JOB, CaptionEditor(sessions=sessions, store=store).handle, at_once=2)
        webhooks, hooks, users = await stack.enter_async_context(
            open_events(settings=settings, sessions=sessions, jobs=jobs, clock=clock, orders=orders)
        )
        audit = AuditTrail(sessions=sessions, clock=clock)
        await stack.enter_async_context(audit.running())
        await stack.enter_async_context(CardTicker(sessions=sessions, board=board).running())
        _register_sweeps(jobs, sweeper=sweeper, refresher=Refresher(sessions), audit=audit, incidents=incidents)
        jobs.handle(measure_job(node), imaging.measurer.handle, at_once=WORKERS)
        grace = settings.delete_grace.total_seconds()
        adopting = Adopting(sessions=sessions, limits=limits, node=node, fetch_limit=fetch_limit)
        intake = Intake(
            sessions=sessions,
            spool=spool,
            board=board,
            limits=limits,
            clock=clock,
            node=node,
            gate=orders.gate,
            fresh=archive_engine.fresh,
        )
        use_cases = UseCases(
            sessions=sessions,
            intake=intake,
            resumable=_resumable(intake, settings, jobs),
            invitations=_invitations(intake, settings, jobs),
            keys=_keys(settings, sessions, clock),
            adopting=adopting,
            reading=reading,
            attaching=Attaching(sessions, orders.gate),
            deleting=Deleting(sessions=sessions, clock=clock, grace=grace),
            search=MediaSearch(sessions),
            statistics=Statistics(sessions=sessions, clock=clock, timezone=settings.timezone),
            timelines=Timelines(sessions),
            editing=Editing(sessions),
            archiving=archiving,
            keeping=Keeping(
                sessions=sessions,
                adopting=adopting,
                teller=archive_engine.first_reader,
                bot_id=bot.id,
                gate=orders.gate,
            ),
            work_orders=orders,
            sending=Sending(sessions=sessions, reading=reading, messenger=BotMessenger(bot, archive_engine.lanes)),
            delivery=delivery,
            previews=imaging.previews,
            cleaning=imaging.cleaning,
            links=links,
            request_files=RequestFiles(sessions),
            request_links=_request_links(settings, sessions, clock),
            request_zips=RequestZips(delivery=delivery, timezone=settings.timezone),
            histories=Histories(sessions),
            names=Names(sessions),
            accounts=Accounts(sessions=sessions, clock=clock),
            profiles=users.profiles,
            avatars=Avatars(sessions=sessions, intake=intake, studio=imaging.studio, clock=clock),
            webhooks=webhooks,
            hooks=hooks,
            board=board,
            audit=audit,
            incidents=incidents,
        )
        yield Archive(
            sessions=sessions,
            use_cases=use_cases,
            spool=spool,
            part_size=limits.part_size,
            fetch_limit=fetch_limit,
            sweeper=sweeper,
        )


def _register_sweeps(
    jobs: JobRunner, *, sweeper: Sweeper, refresher: Refresher, audit: AuditTrail, incidents: Incidents
) -> None:
    jobs.every(_SWEEP, EVERY_MINUTE, sweeper.sweep)
    jobs.every(_REFRESH, EVERY_MINUTE, refresher.sweep)
    jobs.every("audit_sweep", EVERY_HOUR, audit.forget)
    jobs.every("incident_sweep", EVERY_HOUR, incidents.forget)


async def _forget_erased(jobs: JobRunner, eraser: Eraser, node: str) -> None:
    await eraser.forget_erased()
    jobs.every(f"caches:{node}", EVERY_HOUR, eraser.forget_erased)


def _resumable(intake: Intake, settings: Settings, jobs: JobRunner) -> Resumable:
    """Their bytes are in this node's spool, so each node sweeps its own."""
    uploads = Resumable(intake, settings.upload_expiry, most_open=settings.open_uploads)
    jobs.every(f"uploads:{intake.node}", EVERY_MINUTE, partial(expire, uploads))
    return uploads


def _invitations(intake: Intake, settings: Settings, jobs: JobRunner) -> Invitations:
    secret = secret_key(settings).decode()
    invitations = Invitations(sessions=intake.sessions, secret_key=secret, clock=intake.clock, gate=intake.gate)
    jobs.every("invitation_sweep", EVERY_HOUR, invitations.forget)
    return invitations


def _keys(settings: Settings, sessions: Sessions, clock: Clock) -> Keys:
    bootstrap = [
        BootstrapKey(name=key.name, secret=key.secret.get_secret_value(), scopes=key.scopes)
        for key in settings.api_keys
    ]
    return Keys(sessions=sessions, secret_key=secret_key(settings).decode(), bootstrap=bootstrap, clock=clock)


def _request_links(settings: Settings, sessions: Sessions, clock: Clock) -> RequestLinks:
    """A page of a request ends with the rights of whoever made it."""
    roles = configured_roles(settings)
    people = People(sessions, access=settings.access, admins=roles.admins, staff=roles.staff)
    return RequestLinks(clock=clock, secret_key=secret_key(settings), role_of=people.role_of)


def _limits(settings: Settings) -> Limits:
    most = LOCAL_FETCH_LIMIT if settings.telegram_local else CLOUD_FETCH_LIMIT
    return Limits(
        max_file_size=settings.max_file_size,
        part_size=settings.part_size or most,
        policy=Policy.parse(settings.allowed_types),
    )


def spool_directory(settings: Settings) -> Path:
    return settings.data_dir / "spool"
