"""Messages of ours that show rows: claimed, sent or edited, settled, and taken up again when somebody dropped them.

A row's ``sent`` holds the version that the chat shows. While a job sends or edits it is negative, ``-1 - sent``: set
by compare-and-set, so that two jobs never send two messages, nor an older text over a newer one.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, NoReturn, Protocol, TypeVar

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.types import InlineKeyboardMarkup, LinkPreviewOptions
from sqlalchemy import ColumnElement, func, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.inbox.holding import Holding
from storage.database import Sessions
from storage.jobs import Later, each, named
from storage.tables import Card, Group, StaffCard

log = structlog.get_logger(__name__)

RETRY_DELAY = 3.0
_SHOWN_AT_ONCE = 64
GONE = ("message to edit not found", "message can't be edited")
UNCHANGED = "message is not modified"

Wake = Callable[[AsyncSession, int], Awaitable[None]]
Move = Callable[[int, int], Awaitable[None]]


class Claim(Protocol):
    """A row that this job brings up to date."""

    @property
    def id(self) -> int: ...
    @property
    def chat_id(self) -> int: ...


C = TypeVar("C", bound=Claim)
S = TypeVar("S")


class VersionedRows:
    """What such a job asks of a table with versions: short transactions, none across a call to Telegram."""

    def __init__(self, sessions: Sessions, table: type[Card] | type[StaffCard], wake: Wake) -> None:
        self._sessions = sessions
        self._table = table
        self._wake = wake
        self.holding = Holding()

    @property
    def behind(self) -> ColumnElement[bool]:
        """To be claimed: nobody holds it, and the bot is in its chat."""
        table = self._table
        left = select(Group.chat_id).where(Group.left_at.is_not(None))
        there = table.chat_id.is_(None) | table.chat_id.not_in(left)
        return (table.sent >= 0) & (table.sent < table.wanted) & there

    async def settle_row(self, row_id: int, version: int, **values: Any) -> bool:
        """The chat shows ``version`` of the row. True where it is behind again."""
        table = self._table
        async with self._sessions.begin() as session:
            shown = update(table).where(table.id == row_id).values(sent=version, **values)
            wanted = await session.scalar(shown.returning(table.wanted))
        return wanted is not None and wanted > version

    async def release(self, row_id: int) -> None:
        """Nothing was shown: the row is to be claimed again."""
        table = self._table
        async with self._sessions.begin() as session:
            held = update(table).where(table.id == row_id, table.sent < 0)
            await session.execute(held.values(sent=-1 - table.sent))

    async def want_again(self, row_ids: Sequence[int]) -> None:
        """Time has passed: have rows rendered anew."""
        table = self._table
        async with self._sessions.begin() as session:
            again = update(table).where(table.id.in_(row_ids)).values(wanted=table.wanted + 1)
            await session.execute(again.execution_options(synchronize_session=False))

    async def recover(self, *, older_than: float, only: ColumnElement[bool] | None = None) -> None:
        """Wake rows that are behind, and free those that a killed process held; ``older_than`` seconds only."""
        table = self._table
        quiet = table.changed_at < func.now() - text("make_interval(secs => :age)").bindparams(age=older_than)
        dropped = (table.sent < 0) & table.id.not_in(self.holding.ids())
        async with self._sessions.begin() as session:
            await session.execute(update(table).where(dropped, quiet).values(sent=-1 - table.sent))
            behind = await session.scalars(select(table.id).where(self.behind, quiet, true() if only is None else only))
            for row_id in behind.all():
                await self._wake(session, row_id)


async def edit(
    bot: Bot, chat_id: int, message_id: int, text: str, keyboard: InlineKeyboardMarkup | None, *, caption: bool = False
) -> bool:
    """Put another text (or ``caption``) and other buttons under a message of ours; False where it is not there."""
    try:
        if caption:
            await bot.edit_message_caption(
                chat_id=chat_id, message_id=message_id, caption=text, parse_mode="HTML", reply_markup=keyboard
            )
        else:
            await bot.edit_message_text(
                text,
                chat_id=chat_id,
                message_id=message_id,
                parse_mode="HTML",
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=keyboard,
            )
    except TelegramBadRequest as error:
        if any(gone in error.message for gone in GONE):
            return False
        if UNCHANGED not in error.message:
            raise
    return True


class CatchingUp(ABC, Generic[C, S]):
    """The job: brings a row's message up to date. A lost answer to a first send may leave a second message: better
    than none.
    """

    def __init__(self, rows: VersionedRows, *, name: str, moved: Move) -> None:
        """``name`` is what logs and payloads call a row; ``moved`` is told that a group became a supergroup."""
        self._versions = rows
        self._name = name
        self._moved = moved
        self._places = asyncio.Semaphore(_SHOWN_AT_ONCE)

    @abstractmethod
    async def claim(self, row_id: int) -> C | None:
        """The row, ours until it is settled or released; None where it is up to date or another job has it.

        That other job looks again before it lets go, so nothing is lost. Raises `Later` while it is too early.
        """

    @abstractmethod
    async def show(self, claim: C) -> S:
        """Send or edit. Raises what aiogram raises."""

    @abstractmethod
    async def settle(self, claim: C, shown: S | None) -> bool:
        """Note what the chat shows, None: nothing, and it never will. True where the row has changed meanwhile."""

    async def handle(self, payload: dict[str, Any]) -> None:
        """The job: the ids of rows under their name; with ``late`` it is a second look, whatever has changed."""
        rows = named(payload, self._name)
        if payload.get("late"):
            await self._versions.want_again(rows)
        await each(rows, self._handle_row)

    async def _handle_row(self, row_id: int) -> None:
        async with self._places:
            with self._versions.holding.held(row_id):
                await self._catch_up(row_id)

    async def _catch_up(self, row_id: int) -> None:
        while (claim := await self.claim(row_id)) is not None:
            if not await self._bring_up_to_date(claim):
                return

    async def _bring_up_to_date(self, claim: C) -> bool:
        """True where the row has changed meanwhile. Raises `Later` for what passes."""
        try:
            shown = await self.show(claim)
        except TelegramMigrateToChat as error:
            await self._versions.release(claim.id)
            await self._moved(claim.chat_id, error.migrate_to_chat_id)
            return True
        except (TelegramForbiddenError, TelegramBadRequest) as error:
            # The chat is gone, or it never works: what it would say is not worth trying for ever.
            log.info("card_given_up", kind=self._name, id=claim.id, description=error.message)
            await self.settle(claim, None)
            return False
        except AiogramError as error:
            await self._try_later(claim, error)
        except BaseException:
            await self._versions.release(claim.id)
            raise
        return await self.settle(claim, shown)

    async def _try_later(self, claim: C, error: AiogramError) -> NoReturn:
        await self._versions.release(claim.id)
        delay = float(error.retry_after) if isinstance(error, TelegramRetryAfter) else RETRY_DELAY
        log.info("card_postponed", kind=self._name, id=claim.id, error=type(error).__name__, delay=delay)
        raise Later(delay, "telegram")
