"""Handling what is in the inbox: the job ``inbox``, and the one catch-all of this door."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import structlog
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)

from bot.inbox.inbox import Claimed, Inbox, RawUpdate

log = structlog.get_logger(__name__)

_RETRY_DELAYS = (0.5, 3.0)
"""Seconds before the second and the third attempt."""

_PASSING = (TelegramRetryAfter, TelegramNetworkError, TelegramServerError)
"""Telegram asks to wait, or is away: no fault of the update, which waits with its person for the answer."""

_MOST_WAITS, _LONGEST_WAIT = 20, 30.0

_NOWHERE = (
    "chat not found",
    "group chat was deleted",
    "not enough rights to send",
    "have no rights to send",
    "CHAT_WRITE_FORBIDDEN",
    "TOPIC_CLOSED",
    "message thread not found",
)
"""Refusals that mean: there is nobody (any more) to answer. No fault of ours either, and trying again is no use."""

Feed = Callable[[RawUpdate], Awaitable[None]]
Apologise = Callable[[RawUpdate, str], Awaitable[None]]
Note = Callable[[UUID, Exception], None]


class InboxWorker:
    """Feeds one chat's updates, one after the other, until none is left.

    ``feed`` handles an update or raises; ``apologise`` tells a person that their update was given up under an
    incident id, and never raises; ``note`` keeps what happened under that id. A retry waits here with the update in
    hand: the chat's order is kept by the row that says ``handling``, and ``stopping`` ends the wait.
    """

    def __init__(
        self,
        inbox: Inbox,
        *,
        feed: Feed,
        apologise: Apologise,
        stopping: asyncio.Event,
        note: Note = lambda _incident, _error: None,
    ) -> None:
        self._inbox = inbox
        self._feed = feed
        self._apologise = apologise
        self._stopping = stopping
        self._note = note

    async def handle(self, payload: dict[str, Any]) -> None:
        """The job: ``{"chat_key": …}``."""
        key = int(payload["chat_key"])
        with self._inbox.holding.held(key):
            claimed = await self._inbox.claim(key)
            while claimed is not None:
                if self._stopping.is_set():
                    await self._inbox.release(claimed)
                    return
                claimed = await self._handle_one(claimed)

    async def _handle_one(self, claimed: Claimed) -> Claimed | None:
        """Handle an update, with its retries; returns the chat's next one."""
        waits, moved = 0, False
        while True:
            try:
                await self._feed(claimed.payload)
                return await self._inbox.done_and_next(claimed)
            except TelegramMigrateToChat as error:
                if moved:
                    return await self._give_up(claimed, error)
                log.info("chat_moved", update_id=claimed.update_id, to=error.migrate_to_chat_id)
                claimed, moved = replace(claimed, payload=in_chat(claimed.payload, error.migrate_to_chat_id)), True
                continue
            except _PASSING as error:
                waits += 1
                if waits > _MOST_WAITS:
                    return await self._give_up(claimed, error)
                delay = _delay(error, waits)
                log.info("update_waits", update_id=claimed.update_id, error=type(error).__name__, delay=delay)
            except Exception as error:  # noqa: BLE001 -- the one catch-all of this door
                if _leads_nowhere(error):
                    log.info("person_unreachable", update_id=claimed.update_id, description=str(error))
                    return await self._inbox.done_and_next(claimed)
                if claimed.attempts >= len(_RETRY_DELAYS):
                    return await self._give_up(claimed, error)
                delay = _RETRY_DELAYS[claimed.attempts]
                log.warning("update_retried", update_id=claimed.update_id, error=f"{type(error).__name__}: {error}")
                claimed = await self._inbox.note_attempt(claimed)
            if await self._stopped_within(delay):
                await self._inbox.release(claimed)
                return None

    async def _give_up(self, claimed: Claimed, error: Exception) -> Claimed | None:
        incident = uuid4()
        log.error("update_failed", update_id=claimed.update_id, incident=str(incident), exc_info=error)
        self._note(incident, error)
        await self._apologise(claimed.payload, str(incident))
        return await self._inbox.failed_and_next(claimed, incident)

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True


def in_chat(raw: RawUpdate, chat_id: int) -> RawUpdate:
    """The update as if it had come from the supergroup that its group became; what it replies to stays where it was."""
    found = dict(raw)
    for name, body in raw.items():
        if isinstance(body, dict) and isinstance(body.get("chat"), dict):
            found[name] = {**body, "chat": {**body["chat"], "id": chat_id, "type": "supergroup"}}
        elif isinstance(body, dict) and isinstance(body.get("message"), dict):
            found[name] = {**body, **in_chat({"message": body["message"]}, chat_id)}
    return found


def _leads_nowhere(error: Exception) -> bool:
    if isinstance(error, TelegramBadRequest):
        return any(text in error.message for text in _NOWHERE)
    return isinstance(error, TelegramForbiddenError)


def _delay(error: Exception, waits: int) -> float:
    if isinstance(error, TelegramRetryAfter):
        return float(error.retry_after)
    return float(min(_LONGEST_WAIT, 2.0 ** (waits - 1)))
