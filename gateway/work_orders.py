"""The Request Service, assembled: what is asked of it, what it is told, and what its events change."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from gateway.events import build_hooks, open_webhooks
from gateway.settings import Settings
from gateway.users import Users, connect_users, open_users
from storage.clock import Clock
from storage.database import Sessions
from storage.events.hooks import Hooks
from storage.events.poster import EventTaker
from storage.events.webhooks import Webhooks
from storage.jobs import EVERY_MINUTE, JobRunner
from storage.work_orders.asking import Asking
from storage.work_orders.confirming import Confirming
from storage.work_orders.directory import WorkOrders
from storage.work_orders.events import RequestEvents
from storage.work_orders.gate import RequestGate
from storage.work_orders.port import NoRequestService, RequestService
from storage.work_orders.reporting import REPORTED, RequestReporter
from storage.work_orders.rows import SERVICE
from web.clients.request_service import RequestServiceClient, RequestServiceConfig, read_order, request_peer
from web.clients.transport import PeerTransport, peer_session


@asynccontextmanager
async def open_work_orders(
    *, settings: Settings, sessions: Sessions, jobs: JobRunner, clock: Clock
) -> AsyncIterator[WorkOrders]:
    """Without the setting there is no service, nothing is asked, and every number passes."""
    patience = settings.request_service_wait.total_seconds()
    async with AsyncExitStack() as stack:
        service: RequestService = NoRequestService()
        if (config := _config(settings)) is not None:
            http = await stack.enter_async_context(peer_session(settings.peer_ca_file))
            service = RequestServiceClient(PeerTransport(http, request_peer(config)), config)
        asking = Asking(sessions=sessions, service=service, clock=clock)
        await stack.enter_async_context(asking.running())
        asked = asking if service.configured else None
        heard = bool(settings.request_hook_secrets)
        gate = RequestGate(sessions=sessions, asking=asked, clock=clock, patience=patience, heard=heard)
        confirming = Confirming(sessions=sessions, asking=asking, clock=clock)
        orders = WorkOrders(
            sessions=sessions,
            service=service,
            asking=asking,
            gate=gate,
            confirming=confirming,
            clock=clock,
            patience=patience,
        )
        if service.configured:
            jobs.every("request_refresh", EVERY_MINUTE, orders.refresh)
            jobs.every("request_confirm", EVERY_MINUTE, confirming.sweep)
        yield orders


@asynccontextmanager
async def open_events(
    *, settings: Settings, sessions: Sessions, jobs: JobRunner, clock: Clock, orders: WorkOrders
) -> AsyncIterator[tuple[Webhooks, Hooks, Users]]:
    """Events to others and to us, with the Request and User Services among those who are told, and heard."""
    async with AsyncExitStack() as stack:
        users = await stack.enter_async_context(open_users(settings=settings, sessions=sessions, clock=clock))
        services: dict[str, EventTaker] = {SERVICE: RequestReporter(orders.service), "users": users.service}
        webhooks = await stack.enter_async_context(
            open_webhooks(settings=settings, sessions=sessions, jobs=jobs, clock=clock, services=services)
        )
        hooks = build_hooks(settings, sessions, jobs, clock)
        await webhooks.serve(SERVICE, settings.request_service_url, REPORTED)
        closed_states = frozenset(settings.request_service_closed_states)
        RequestEvents(partial(read_order, closed_states=closed_states)).register(hooks)
        await connect_users(
            settings=settings, sessions=sessions, jobs=jobs, clock=clock, webhooks=webhooks, hooks=hooks
        )
        yield webhooks, hooks, users


def _config(settings: Settings) -> RequestServiceConfig | None:
    if settings.request_service_url is None:
        return None
    token = settings.request_service_token
    return RequestServiceConfig(
        url=settings.request_service_url,
        token=None if token is None else token.get_secret_value(),
        lookup_path=settings.request_service_lookup_path,
        open_path=settings.request_service_open_path,
        create_path=settings.request_service_create_path,
        media_path=settings.request_service_media_path,
        closed_states=frozenset(settings.request_service_closed_states),
    )
