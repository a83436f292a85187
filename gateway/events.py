"""Events for others, assembled: the outbox's webhooks and the jobs that deliver them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from gateway.data_dir import secret_key
from gateway.settings import Settings
from storage.clock import Clock
from storage.database import Sessions
from storage.events.delivering import Deliverer
from storage.events.hooks import Hooks
from storage.events.outbox import DELIVER_JOB
from storage.events.poster import EventTaker
from storage.events.sealing import Seal
from storage.events.webhooks import Webhooks
from storage.jobs import EVERY_HOUR, EVERY_MINUTE, JobRunner
from web.clients.poster import WebhookPoster

_AT_ONCE = 32


def build_hooks(settings: Settings, sessions: Sessions, jobs: JobRunner, clock: Clock) -> Hooks:
    """Events of other services to us, from those that have a secret; what follows from them is registered with it."""
    given = {"users": settings.user_hook_secrets, "requests": settings.request_hook_secrets}
    secrets = {service: [secret.get_secret_value() for secret in known] for service, known in given.items() if known}
    hooks = Hooks(sessions=sessions, clock=clock, secrets=secrets)
    jobs.every("hook_sweep", EVERY_HOUR, hooks.forget)
    return hooks


@asynccontextmanager
async def open_webhooks(
    *, settings: Settings, sessions: Sessions, jobs: JobRunner, clock: Clock, services: Mapping[str, EventTaker]
) -> AsyncIterator[Webhooks]:
    """Register the jobs; deliveries go out as long as this lasts. ``services``: the company's own, told too."""
    seal = Seal(secret_key(settings))
    async with WebhookPoster(settings.webhook_allow) as poster:
        webhooks = Webhooks(sessions=sessions, poster=poster, seal=seal, clock=clock)
        deliverer = Deliverer(sessions=sessions, poster=poster, seal=seal, clock=clock, services=services)
        jobs.handle(DELIVER_JOB, deliverer.handle, at_once=_AT_ONCE)
        jobs.every("webhook_sweep", EVERY_MINUTE, webhooks.sweep)
        jobs.every("event_sweep", EVERY_HOUR, webhooks.forget)
        yield webhooks
