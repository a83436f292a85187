"""The User Service, assembled: whose name is what, their avatars, and what follows from its events."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from gateway.settings import Settings
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import EventType
from storage.events.hooks import Hooks
from storage.events.webhooks import Webhooks
from storage.jobs import EVERY_MINUTE, JobRunner
from storage.users.events import UserEvents
from storage.users.forgetting import FORGET_JOB, Forgetting
from storage.users.port import NoUserService, UserService
from storage.users.profiles import Profiles
from web.clients.transport import PeerTransport, peer_session
from web.clients.user_service import UserServiceClient, UserServiceConfig, read_user, user_peer


@dataclass(frozen=True, kw_only=True, slots=True)
class Users:
    service: UserService
    profiles: Profiles


@asynccontextmanager
async def open_users(*, settings: Settings, sessions: Sessions, clock: Clock) -> AsyncIterator[Users]:
    """Without the setting there is no service, nothing is asked, and nobody has a name."""
    async with AsyncExitStack() as stack:
        service: UserService = NoUserService()
        if (config := _config(settings)) is not None:
            http = await stack.enter_async_context(peer_session(settings.peer_ca_file))
            service = UserServiceClient(PeerTransport(http, user_peer(config)), config)
        profiles = Profiles(sessions=sessions, service=service, clock=clock)
        await stack.enter_async_context(profiles.running())
        yield Users(service=service, profiles=profiles)


async def connect_users(
    *, settings: Settings, sessions: Sessions, jobs: JobRunner, clock: Clock, webhooks: Webhooks, hooks: Hooks
) -> None:
    """Have the service told of avatars, and what it tells us followed."""
    policy = settings.user_deleted
    await webhooks.serve("users", settings.user_service_url, frozenset({EventType.AVATAR_UPDATED}))
    UserEvents(read_user=read_user, clock=clock, policy=policy).register(hooks)
    forgetting = Forgetting(sessions=sessions, clock=clock, policy=policy)
    jobs.handle(FORGET_JOB, forgetting.handle, at_once=1)
    jobs.every("forget_sweep", EVERY_MINUTE, forgetting.sweep)


def _config(settings: Settings) -> UserServiceConfig | None:
    if settings.user_service_url is None:
        return None
    token = settings.user_service_token
    return UserServiceConfig(
        url=settings.user_service_url,
        token=None if token is None else token.get_secret_value(),
        profiles_path=settings.user_service_profiles_path,
        phone_path=settings.user_service_phone_path,
        avatar_path=settings.user_service_avatar_path,
    )
