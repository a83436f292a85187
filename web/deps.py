"""What the HTTP door is given, and the typed keys under which handlers find it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from storage.callers.keys import Keys
from storage.domain import Caller
from storage.intake.idempotency import Idempotency
from storage.intake.uploads import Uploads
from storage.use_cases import UseCases
from storage.users.accounts import RoleOf, nobody
from web.auth.call_limits import CallLimits
from web.auth.port import Auth, NoAuth
from web.metrics import Metrics
from web.turns import Turns


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthLine:
    """One thing that readiness depends on. ``detail`` is for operators and holds no secret."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BodyTimes:
    """How slow a client may be. Only time spent waiting for the client counts."""

    idle: float = 60.0
    """Seconds without a byte."""

    slowest_rate: int = 1024
    """Bytes a second on average, once ``idle`` seconds were waited in all."""

    keepalive: float = 75.0
    """Seconds a connection may wait for a request, its headers included. Longer than proxies' 60."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebDeps:
    """Everything handlers need, from outside. Sizes in bytes, times in seconds."""

    use_cases: UseCases
    keys: Keys
    idempotency: Idempotency
    uploads: Uploads
    health: Callable[[], Awaitable[list[HealthLine]]]
    accept_update: Callable[[str, dict[str, Any]], Awaitable[bool]] | None = None
    """Takes the webhook's secret and an update; False where the secret is wrong. None: no webhook."""

    max_file_size: int
    max_files_per_request: int
    allowed_types: tuple[str, ...]
    part_size: int
    archive_wait: float
    public_url: str
    timezone: ZoneInfo
    times: BodyTimes = field(default_factory=BodyTimes)
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    cors_origins: tuple[str, ...] = ()
    """Whose pages may call from a browser; ``*``: everybody's."""

    tokens: Auth = field(default_factory=NoAuth)
    role_of: RoleOf = nobody
    """What somebody may do in the chat, by their Telegram id."""

    bot_name: str = ""
    """The bot's username, for links into it."""

    limits: CallLimits = field(default_factory=CallLimits)
    metrics: Metrics = field(default_factory=Metrics)


DEPS = web.AppKey("deps", WebDeps)
CLOSING = web.AppKey("closing", asyncio.Event)
"""Set when the application ends: what only waits stops waiting."""

TURNS = web.AppKey("turns", Turns)
"""For what costs much before it waits for the first time."""

CALLER = web.RequestKey("caller", Caller)
REQUEST_ID = web.RequestKey("request_id", str)
STARTED = web.RequestKey("started", bool)
"""Set once a response has begun: from then on an error can only end the connection."""
