"""The one ``getUpdates`` loop.

aiogram's own polling confirms updates before their handlers are done and swallows their errors
(TELEGRAM.md, Updates); this one confirms what is committed to the inbox, and nothing else.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramConflictError, TelegramRetryAfter
from aiogram.methods import TelegramMethod

from bot.inbox.inbox import Inbox, RawUpdate

log = structlog.get_logger(__name__)

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member", "chat_member")
_POLL_SECONDS = 30
_GRACE_SECONDS = 15
"""What an answer may take beyond the poll itself."""

_CONFLICT_DELAY = 5.0
"""Two pollers throw each other out, each with success: only a fixed pause keeps that from being a storm."""

_BACKOFF = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

_QUARREL = 60.0
"""Seconds. A second conflict within them is no restart that overlaps with its former self; so long without is peace."""

Rival = Callable[[str | None], Awaitable[None]]
"""Is told Telegram's words once somebody else takes this bot's updates for good, and None when that is over."""


class RawUpdates(TelegramMethod[list[dict[str, Any]]]):
    """``getUpdates`` as it is: an update that aiogram cannot read must not block those behind it."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None = None
    timeout: int
    allowed_updates: list[str]


class Poller:
    """Moves updates from Telegram to the inbox until it is cancelled. It may be cancelled at any instant.

    ``heard`` is told after each poll whether Telegram answered.
    """

    def __init__(
        self,
        bot: Bot,
        inbox: Inbox,
        *,
        rival: Rival | None = None,
        heard: Callable[[bool], None] = lambda _fine: None,
        monotonic: Callable[[], float] = time.monotonic,
        conflict_delay: float = _CONFLICT_DELAY,
    ) -> None:
        self._bot = bot
        self._inbox = inbox
        self._confirm: int | None = None
        self._conflict_delay = conflict_delay
        self._heard = heard
        self._quarrel = _Quarrel(rival, monotonic)

    async def run(self) -> None:
        failures = 0
        while True:
            try:
                await self._poll_once()
                self._heard(True)
                await self._quarrel.note_success()
                failures = 0
            except Exception as error:  # noqa: BLE001 -- the loop must not end; what went wrong is logged
                delay = self._delay(error, failures)
                failures += 1
                _report(error, delay)
                if isinstance(error, TelegramConflictError):
                    await self._quarrel.note_conflict(error.message)
                elif isinstance(error, AiogramError):
                    self._heard(False)
                await asyncio.sleep(delay)

    async def _poll_once(self) -> None:
        # The offset is sent once, to confirm the batch just committed. Telegram remembers it; sending an old one
        # again would lose updates when their ids begin anew, as they do after a quiet week.
        poll = RawUpdates(offset=self._confirm, timeout=_POLL_SECONDS, allowed_updates=list(ALLOWED_UPDATES))
        updates = await self._bot(poll, request_timeout=_POLL_SECONDS + _GRACE_SECONDS)
        self._confirm = None
        if updates:
            username = (await self._bot.me()).username or ""
            await self._inbox.accept(updates, username=username)
            self._confirm = _last_id(updates) + 1

    def _delay(self, error: Exception, failures: int) -> float:
        if isinstance(error, TelegramRetryAfter):
            return float(error.retry_after)
        if isinstance(error, TelegramConflictError):
            return self._conflict_delay
        return _BACKOFF[min(failures, len(_BACKOFF) - 1)]


class _Quarrel:
    """Whether somebody else polls too. Rivals succeed in turns, so that a success alone says little."""

    def __init__(self, rival: Rival | None, monotonic: Callable[[], float]) -> None:
        self._rival = rival
        self._monotonic = monotonic
        self._last: float | None = None
        self._told = False

    async def note_conflict(self, description: str) -> None:
        before, self._last = self._last, self._monotonic()
        if before is not None and self._last - before < _QUARREL and not self._told:
            self._told = True
            await self._tell(description)

    async def note_success(self) -> None:
        if self._last is None or self._monotonic() - self._last < _QUARREL:
            return
        self._last = None
        if self._told:
            self._told = False
            log.info("polling_conflict_over")
            await self._tell(None)

    async def _tell(self, description: str | None) -> None:
        if self._rival is None:
            return
        try:
            await self._rival(description)
        except Exception as error:  # noqa: BLE001 -- who is told must not stop the polling
            log.warning("conflict_not_told", error=type(error).__name__)


def _last_id(updates: list[RawUpdate]) -> int:
    return max(int(one["update_id"]) for one in updates)


def _report(error: Exception, delay: float) -> None:
    if isinstance(error, TelegramConflictError):
        log.error(
            "polling_conflict",
            retry_in=delay,
            description=error.message,
            hint="another process polls with this token, or a webhook is set: only one of them can get the updates",
        )
    else:
        unforeseen = not isinstance(error, AiogramError)
        log.warning("polling_failed", error=type(error).__name__, retry_in=delay, exc_info=unforeseen)
