"""The Telegram door, assembled: updates come in, jobs handle them, cards go out."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import structlog
from aiogram import Bot, Dispatcher
from aiogram.fsm.strategy import FSMStrategy
from aiogram.types import Update
from aiogram.types.update import UpdateTypeLookupError

from bot.admin.room import AdminRoom
from bot.admin.rounds import Rounds
from bot.apologies import Apologies
from bot.attaching.ending import SESSIONS_AT_ONCE, SessionEnder
from bot.attaching.sessions import KEPT, SESSION_JOB, AttachSession
from bot.attaching.tools import attach_tools
from bot.cards.cards import Cards
from bot.cards.claiming import CardRows
from bot.config import BotConfig
from bot.connecting import Connecting
from bot.conversations import Conversations, OrderedByInbox
from bot.dispatching import furnish
from bot.inbox.contact import Contact
from bot.inbox.files import InboxFiles
from bot.inbox.inbox import FILES_JOB, INBOX_JOB, Inbox, RawUpdate
from bot.inbox.working import InboxWorker
from bot.media.giving import Giver
from bot.media.keeping import Keeper
from bot.media.keeping_together import TogetherKeeper
from bot.media.links import MediaLinks
from bot.media.searches import Searches
from bot.media.tidings import Teller
from bot.media.words import Words
from bot.phones import Phones
from bot.requests.viewing import RequestViewer
from bot.staff.desk import StaffDesk
from bot.staff.members import StaffMembers
from bot.staff.waking import StaffWaking
from bot.texts import load_catalogue
from storage.callers.groups import Groups
from storage.callers.people import People
from storage.callers.telling import TIDINGS_JOB, Tidings
from storage.catalog.everything import Everything
from storage.clock import SystemClock
from storage.domain import Role
from storage.errors import MalformedBody
from storage.jobs import JobRunner
from storage.use_cases import UseCases
from storage.wakeups import CARD_JOB, STAFF_CARDS_JOB

log = structlog.get_logger(__name__)

_CHATS_AT_ONCE = 16
_CARDS_AT_ONCE = 8
_TOLD_AT_ONCE = 4
_ABANDONED_AFTER = 120.0
"""Seconds after which a card that is behind, or held by nobody knows whom, is taken up by the sweep."""


class BotDoor:
    """Registers its job handlers when made: make it before the job runner runs; the rest goes in any order."""

    def __init__(self, *, bot: Bot, use_cases: UseCases, jobs: JobRunner, config: BotConfig) -> None:
        self._bot = bot
        self._config = config
        self._catalogue = load_catalogue()
        sessions = use_cases.sessions
        self._inbox = Inbox(sessions, bot_id=bot.id, node=config.node)
        self._card_rows = CardRows(sessions, use_cases.board)
        self._groups = Groups(sessions, staff_chat=config.staff_chat)
        self._words, self._searches = Words(sessions), Searches(sessions)
        self._conversations = Conversations(sessions, {AttachSession.open.state or "": KEPT})
        members = StaffMembers(bot=bot, groups=self._groups, asked_again=config.member_asked_again)
        self._people = People(
            sessions,
            access=config.access,
            admins=config.admin_ids,
            staff=config.staff_ids,
            quota=config.person_quota,
            staff_chat=members,
        )
        self._admins = AdminRoom(
            bot=bot,
            use_cases=use_cases,
            people=self._people,
            groups=self._groups,
            catalogue=self._catalogue,
            jobs=jobs,
            node=config.node,
            timezone=config.timezone,
            polls=not config.webhook,
            fixed_purposes=config.fixed_purposes,
            digest_at=config.digest_at,
            secrets_shown=config.secrets_shown,
            times=config.watch,
        )
        keeper = Keeper(bot=bot, use_cases=use_cases, inbox=self._inbox, timezone=config.timezone)
        self._attaching = attach_tools(
            bot=bot,
            use_cases=use_cases,
            keeper=keeper,
            conversations=self._conversations,
            groups=self._groups,
            clock=SystemClock(),
            timezone=config.timezone,
        )
        self._desk = StaffDesk(
            bot=bot,
            sessions=sessions,
            groups=self._groups,
            catalogue=self._catalogue,
            timezone=config.timezone,
            jobs=jobs,
            members=members,
            orders=use_cases.work_orders,
        )
        self._desk.removed.append(self._admins.group_lost)
        self._admins.watch.recovered.append(self._inbox.recover)
        self._dispatcher = self._assemble(use_cases)
        apologies = Apologies(bot, self._catalogue)
        worker = InboxWorker(
            self._inbox,
            feed=self._feed,
            apologise=apologies.apologise,
            stopping=jobs.stopping,
            note=partial(use_cases.incidents.note, door="telegram"),
        )
        cards = Cards(
            self._card_rows, bot=bot, catalogue=self._catalogue, timezone=config.timezone, groups=self._groups
        )
        jobs.handle(INBOX_JOB, worker.handle, at_once=_CHATS_AT_ONCE)
        together = TogetherKeeper(
            bot=bot,
            keeper=keeper,
            adopting=use_cases.adopting,
            people=self._people,
            conversations=self._conversations,
            words=self._words,
        )
        files = InboxFiles(sessions, bot_id=bot.id, keep=together.keep, stopping=jobs.stopping)
        jobs.handle(FILES_JOB, files.handle, at_once=1)
        jobs.handle(CARD_JOB, cards.handle, at_once=_CARDS_AT_ONCE)
        jobs.handle(STAFF_CARDS_JOB, StaffWaking(sessions, self._groups).handle)
        ender = SessionEnder(self._attaching, self._conversations, bot=bot, catalogue=self._catalogue)
        jobs.handle(SESSION_JOB, ender.handle, at_once=SESSIONS_AT_ONCE)
        self._tidings = Tidings(sessions)
        teller = Teller(
            self._tidings, bot=bot, people=self._people, reading=use_cases.reading, catalogue=self._catalogue
        )
        jobs.handle(TIDINGS_JOB, teller.handle, at_once=_TOLD_AT_ONCE)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take in updates, by polling or by a webhook, until the context ends; ends within a second."""
        await self._inbox.recover()
        await self._card_rows.recover(older_than=0)
        await self._desk.recover(older_than=0)
        connecting = Connecting(
            bot=self._bot,
            inbox=self._inbox,
            admins=self._admins,
            catalogue=self._catalogue,
            config=self._config,
        )
        task = asyncio.create_task(connecting.run(), name="bot door")
        try:
            async with self._admins.watching():
                yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def accept_update(self, update: RawUpdate) -> None:
        """Keep an update that came by the webhook; once this returns it may be confirmed. Twice is once.

        Raises `MalformedBody` for what is no update.
        """
        if not isinstance(update.get("update_id"), int):
            raise MalformedBody(reason="an update has an update_id")
        await self._inbox.accept([update])

    def is_from_telegram(self, secret: str | None) -> bool:
        """Whether the header ``X-Telegram-Bot-Api-Secret-Token`` of a webhook's call is ours."""
        wanted = self._config.webhook_secret
        return wanted is not None and hmac.compare_digest(
            (secret or "").encode("utf-8", "surrogateescape"), wanted.encode()
        )

    async def role_of(self, telegram_id: int) -> Role:
        """What somebody may do in the chat now."""
        return await self._people.role_of(telegram_id)

    @property
    def contact(self) -> Contact:
        """What this process notes of its contact with Telegram."""
        return self._admins.contact

    @property
    def rounds(self) -> Rounds:
        """What the admins' rounds do every minute; they are a schedule already."""
        return self._admins.rounds

    async def sweep(self) -> None:
        """Every minute: wake what has no wake-up, take back what was left, drop old updates."""
        await self._inbox.sweep()
        await self._card_rows.recover(older_than=_ABANDONED_AFTER)
        await self._desk.recover(older_than=_ABANDONED_AFTER)
        await self._conversations.forget()
        await self._attaching.sweep()
        await self._tidings.sweep()
        await self._words.sweep()
        await self._searches.forget()

    async def _feed(self, raw: RawUpdate) -> None:
        """Handle an update; whatever goes wrong is raised."""
        update = Update.model_validate(raw, context={"bot": self._bot})
        try:
            kind = update.event_type
        except UpdateTypeLookupError:
            log.warning("update_unknown", update_id=update.update_id, kinds=sorted(raw))
            return
        await self._dispatcher.feed_update(self._bot, update, update_kind=kind)

    def _assemble(self, use_cases: UseCases) -> Dispatcher:
        dispatcher = Dispatcher(
            storage=self._conversations,
            events_isolation=OrderedByInbox(),
            fsm_strategy=FSMStrategy.USER_IN_TOPIC,
            use_cases=use_cases,
            people=self._people,
            catalogue=self._catalogue,
            invitations=self._admins.invitations,
            admin=self._admins.tools,
            timezone=self._config.timezone,
            public_url=self._config.public_url,
            words=self._words,
            searches=self._searches,
            everything=Everything(sessions=use_cases.sessions, deleting=use_cases.deleting, clock=SystemClock()),
            media_links=MediaLinks(self._config.webhook_secret, SystemClock()),
            keeper=self._attaching.keeper,
            attaching=self._attaching,
            giver=Giver(
                bot=self._bot,
                use_cases=use_cases,
                public_url=self._config.public_url,
                timezone=self._config.timezone,
            ),
            request_viewer=RequestViewer(
                bot=self._bot,
                use_cases=use_cases,
                timezone=self._config.timezone,
                public_url=self._config.public_url,
                local_telegram=self._config.local_telegram,
            ),
        )
        furnish(
            dispatcher,
            bot=self._bot,
            people=self._people,
            catalogue=self._catalogue,
            admins=self._admins,
            desk=self._desk,
            phones=Phones(people=self._people, profiles=use_cases.profiles, access=self._config.access),
            config=self._config,
        )
        return dispatcher
