"""What commands that change rows stand on: settings, the database at its newest migration, and the bot."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiogram import Bot

from gateway import sandbox_process
from gateway.data_dir import claim_data_dir
from gateway.logging import configure_logging
from gateway.postgres import embedded_postgres
from gateway.roles import configured_roles
from gateway.settings import Settings
from gateway.telegram_api import open_bot
from storage.callers.invite_links import InviteLinks
from storage.callers.people import People
from storage.callers.recovery import RecoveryKeeper
from storage.callers.roster import Roster
from storage.clock import SystemClock
from storage.database import Sessions, open_database, session_factory
from storage.engine.channel_book import ChannelBook
from storage.schema import migrate

ACTOR = "cli"
"""How the audit names whoever has a terminal on this machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandGround:
    """The use cases of the command line. They work beside a running process: rows are the truth."""

    settings: Settings
    sessions: Sessions
    people: People
    roster: Roster
    links: InviteLinks
    recovery: RecoveryKeeper


@asynccontextmanager
async def command_ground(settings: Settings) -> AsyncIterator[CommandGround]:
    """Open the database of the settings, which is brought to the newest migration.

    Raises SettingsError and PostgresError, each with a text for the operator.
    """
    configure_logging(settings.log_format, "warning", settings.secrets)
    claim_data_dir(settings)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        if settings.database_url is None:
            dsn = await stack.enter_async_context(embedded_postgres(settings.data_dir))
        else:
            dsn = settings.database_url.get_secret_value()
        engine = await stack.enter_async_context(open_database(dsn))
        await migrate(engine)
        sessions = session_factory(engine)
        roles = configured_roles(settings)
        people = People(sessions, access=settings.access, admins=roles.admins, staff=roles.staff)
        yield CommandGround(
            settings=settings,
            sessions=sessions,
            people=people,
            roster=Roster(sessions, people),
            links=InviteLinks(sessions=sessions, people=people, clock=clock),
            recovery=RecoveryKeeper(sessions=sessions, clock=clock),
        )


@asynccontextmanager
async def command_bot(settings: Settings) -> AsyncIterator[Bot]:
    """The first bot. Without a token the local Telegram's, which is started where it does not run.

    Raises SettingsError where that is not possible.
    """
    async with AsyncExitStack() as stack:
        if settings.bot_tokens:
            token, url = settings.bot_tokens[0].get_secret_value(), settings.telegram_api_url
        else:
            claim_data_dir(settings)
            local = sandbox_process.found_or_started(settings.data_dir / "sandbox", settings.sandbox_port)
            token, url = sandbox_process.TOKEN, await stack.enter_async_context(local)
        yield await stack.enter_async_context(open_bot(settings, token, url))


def channel_book(ground: CommandGround, bot: Bot) -> ChannelBook:
    return ChannelBook(
        sessions=ground.sessions, bot=bot, clock=SystemClock(), fixed=frozenset(ground.settings.channels)
    )
