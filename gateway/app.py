"""The process, assembled: what there is, in the order in which it begins; it ends in the reverse one.

::

    file lock, PostgreSQL, migrations, (local Telegram), bot
      └── storage layer: spool, lanes ▸ paced part store, use cases, jobs
            ├── bot door: inbox, polling or webhook
            └── HTTP door: the last to open, the first to close
"""

import hmac
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from aiogram import Bot
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.app import BotDoor
from bot.config import BotConfig
from gateway import sandbox_process
from gateway.archive import Archive, open_archive, spool_directory
from gateway.auth_service import open_auth
from gateway.data_dir import claim_data_dir, node_name, secret_key
from gateway.health import Health
from gateway.postgres import embedded_postgres
from gateway.process_lock import process_lock
from gateway.restoring import is_restoring
from gateway.roles import configured_roles
from gateway.settings import Settings, SettingsError
from gateway.telegram_api import check_token, open_bot
from gateway.telegram_counting import CallCounter
from storage.callers.groups import get_staff_chat, set_staff_chat
from storage.clock import Clock, SystemClock
from storage.database import open_database
from storage.domain import Purpose, Quota
from storage.errors import ArchiveError
from storage.intake.idempotency import Idempotency
from storage.intake.uploads import Uploads
from storage.jobs import EVERY_MINUTE, JobRunner
from storage.schema import migrate
from storage.telegram.binding import Binder
from web.app import create_app
from web.auth.call_limits import call_limits
from web.auth.port import Auth
from web.deps import WebDeps
from web.metrics import Metrics

log = structlog.stdlib.get_logger(__name__)

_HTTP_GRACE = 3.0
"""Seconds that requests under way get when the process ends."""

_READ_BUFFER = 256 * 1024
"""How much of a body aiohttp may hold per connection before the sender has to wait."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gateway:
    """A running process: where it is, and what it consists of, for the banner and for tests."""

    url: str
    sandbox_url: str | None
    bot_name: str
    settings: Settings
    archive: Archive


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ground:
    """What everything else stands on."""

    settings: Settings
    clock: Clock
    engine: AsyncEngine
    bot: Bot
    jobs: JobRunner
    node: str
    url: str
    tokens: Auth
    metrics: Metrics
    bot_name: str


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Gateway]:
    """Run everything until the context ends.

    Raises SettingsError, DataDirInUse or PostgresError where it cannot: each with a text for the operator.
    """
    claim_data_dir(settings)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        stack.enter_context(process_lock(settings.data_dir))
        _require_restored(settings)
        door = stack.enter_context(_bound_socket(settings))
        dsn = await _database(stack, settings)
        engine = await stack.enter_async_context(open_database(dsn))
        await migrate(engine)
        sandbox_url = await _sandbox(stack, settings)
        api_url = sandbox_url or settings.telegram_api_url
        bot = await stack.enter_async_context(open_bot(settings, _token(settings), api_url))
        metrics = Metrics()
        bot.session.middleware(CallCounter(metrics))
        await stack.enter_async_context(metrics.watching())
        tokens = await stack.enter_async_context(open_auth(settings))
        name, node, url = await check_token(bot), node_name(settings), _url(settings, door)
        jobs = JobRunner(dsn, node)
        ground = _Ground(
            settings=settings,
            clock=clock,
            engine=engine,
            bot=bot,
            jobs=jobs,
            node=node,
            url=url,
            tokens=tokens,
            metrics=metrics,
            bot_name=name,
        )
        archive = await stack.enter_async_context(
            open_archive(settings=settings, engine=engine, bot=bot, jobs=jobs, clock=clock, node=node)
        )
        await _bind_channels(settings, archive, bot)
        bot_door = _bot_door(ground, archive)
        await stack.enter_async_context(jobs.running())
        await stack.enter_async_context(bot_door.running())
        await stack.enter_async_context(_serving(_web_deps(ground, archive, bot_door), door))
        log.info("started", url=url, bot=name)
        yield Gateway(url=url, sandbox_url=sandbox_url, bot_name=name, settings=settings, archive=archive)


async def _database(stack: AsyncExitStack, settings: Settings) -> str:
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return await stack.enter_async_context(embedded_postgres(settings.data_dir))


async def _sandbox(stack: AsyncExitStack, settings: Settings) -> str | None:
    if not settings.sandbox:
        return None
    state = settings.data_dir / "sandbox"
    return await stack.enter_async_context(sandbox_process.sandbox_process(state, settings.sandbox_port))


def _require_restored(settings: Settings) -> None:
    if is_restoring(settings):
        raise SettingsError("a restore of this archive was interrupted: run `mediagate restore` again to finish it")


def _token(settings: Settings) -> str:
    return settings.bot_tokens[0].get_secret_value() if settings.bot_tokens else sandbox_process.TOKEN


async def _bind_channels(settings: Settings, archive: Archive, bot: Bot) -> None:
    """What cannot be bound now (no rights, Telegram away) is said, and does not keep the rest from running."""
    channels: Mapping[Purpose, Sequence[int]] = settings.channels
    binder = Binder(sessions=archive.sessions, bot=bot)
    if settings.sandbox and not channels and not await binder.anything_bound():  # else what was bound in a chat counts
        channels = sandbox_process.CHANNELS
    try:
        await binder.bind(channels)
    except ArchiveError as error:
        log.error("channels_not_bound", error=str(error), help="run `mediagate doctor`")  # noqa: TRY400
    if settings.sandbox:
        async with archive.sessions.begin() as session:
            if await get_staff_chat(session) is None:
                await set_staff_chat(session, sandbox_process.STAFF_CHAT, by=sandbox_process.ADMIN, title="Staff")


def _bot_door(ground: _Ground, archive: Archive) -> BotDoor:
    settings = ground.settings
    roles = configured_roles(settings)
    config = BotConfig(
        node=ground.node,
        access=settings.access,
        admin_ids=roles.admins,
        staff_ids=roles.staff,
        staff_chat=settings.staff_chat,
        timezone=settings.timezone,
        public_url=ground.url,
        local_telegram=settings.sandbox,
        webhook=settings.webhook,
        webhook_secret=_webhook_secret(settings),
        fixed_purposes=frozenset(settings.channels),
        digest_at=settings.digest_at,
        person_rate=settings.person_rate,
        person_quota=Quota(day_bytes=settings.person_day_bytes, day_files=settings.person_day_files),
    )
    door = BotDoor(bot=ground.bot, use_cases=archive.use_cases, jobs=ground.jobs, config=config)
    ground.jobs.every("bot_sweep", EVERY_MINUTE, door.sweep)
    return door


def _webhook_secret(settings: Settings) -> str:
    """Derived, so that it is the same on all nodes and after a restart; Telegram takes letters, digits, _ and -."""
    return hmac.new(secret_key(settings), b"telegram webhook", "sha256").hexdigest()


def _accept_update(door: BotDoor) -> Callable[[str, dict[str, Any]], Awaitable[bool]]:
    async def accept(secret: str, update: dict[str, Any]) -> bool:
        if not door.is_from_telegram(secret):
            return False
        await door.accept_update(update)
        return True

    return accept


def _web_deps(ground: _Ground, archive: Archive, bot_door: BotDoor) -> WebDeps:
    settings, sessions, clock = ground.settings, archive.sessions, ground.clock
    health = Health(engine=ground.engine, bot=ground.bot, spool=archive.spool, spool_dir=str(spool_directory(settings)))
    return WebDeps(
        use_cases=archive.use_cases,
        keys=archive.use_cases.keys,
        idempotency=Idempotency(sessions=sessions, node=ground.node, clock=clock),
        uploads=Uploads(sessions=sessions, board=archive.use_cases.board, clock=clock),
        health=health.lines,
        accept_update=_accept_update(bot_door) if settings.webhook else None,
        max_file_size=settings.max_file_size,
        max_files_per_request=settings.max_files_per_request,
        allowed_types=settings.allowed_types,
        part_size=archive.part_size,
        archive_wait=settings.archive_wait.total_seconds(),
        public_url=ground.url,
        timezone=settings.timezone,
        trusted_proxies=settings.trusted_proxies,
        cors_origins=settings.cors_origins,
        tokens=ground.tokens,
        role_of=bot_door.role_of,
        bot_name=ground.bot_name,
        limits=call_limits(
            per_key=settings.rate_limit,
            per_address=settings.rate_limit_address,
            failures=settings.auth_failures,
            forwarded_header=settings.forwarded_header,
        ),
        metrics=ground.metrics,
    )


def _bound_socket(settings: Settings) -> socket.socket:
    """Take the port first: a start that fails for it fails at once, before anything else was begun."""
    family = socket.AF_INET6 if ":" in settings.http_host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((settings.http_host, settings.http_port))
    except OSError as error:
        door.close()
        raise SettingsError(
            f"MEDIAGATE_HTTP_PORT {settings.http_port} on {settings.http_host} cannot be used ({error.strerror}): "
            f"choose another one. Example: MEDIAGATE_HTTP_PORT={settings.http_port + 10} make run"
        ) from error
    return door


def _url(settings: Settings, door: socket.socket) -> str:
    """PUBLIC_URL; with port 0 the system chose one, and only the socket knows it."""
    if settings.http_port == 0 and "public_url" not in settings.model_fields_set:
        return f"http://{settings.http_host}:{door.getsockname()[1]}"
    return settings.public_url


@asynccontextmanager
async def _serving(deps: WebDeps, door: socket.socket) -> AsyncIterator[None]:
    runner = web.AppRunner(
        create_app(deps), handle_signals=False, shutdown_timeout=_HTTP_GRACE, read_bufsize=_READ_BUFFER
    )
    await runner.setup()
    try:
        await web.SockSite(runner, door, backlog=512).start()
        yield
    finally:
        deps.use_cases.intake.closing = True
        await runner.cleanup()
