"""Messages that delete themselves: for secrets, which are shown once and only for a while."""

from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter

from storage.database import Sessions
from storage.jobs import INTERACTIVE, Later, enqueue

log = structlog.get_logger(__name__)

VANISH_JOB = "vanish"
SHOWN_FOR = 60.0
"""Seconds."""

_AGAIN = 5.0


class Vanishing:
    """The end is a job, so it comes whatever becomes of this process."""

    def __init__(self, *, bot: Bot, sessions: Sessions, shown_for: float = SHOWN_FOR) -> None:
        self._bot = bot
        self._sessions = sessions
        self.shown_for = shown_for

    async def place(self, chat_id: int, text: str) -> int:
        """Send ``text``, which holds no secret yet, into a message that will be gone; its id.

        The job is there before the secret is: what is shown between the two could stay for ever.
        """
        message = await self._bot.send_message(chat_id, text, parse_mode="HTML")
        async with self._sessions.begin() as session:
            payload = {"chat": chat_id, "message": message.message_id}
            await enqueue(session, VANISH_JOB, payload, priority=INTERACTIVE, delay=self.shown_for)
        return message.message_id

    async def fill(self, chat_id: int, message_id: int, text: str) -> None:
        """Put the secret into its place."""
        await self._bot.edit_message_text(text, chat_id=chat_id, message_id=message_id, parse_mode="HTML")

    async def handle(self, payload: dict[str, Any]) -> None:
        """The job. What cannot be deleted any more was deleted by somebody else."""
        try:
            await self._bot.delete_message(int(payload["chat"]), int(payload["message"]))
        except TelegramRetryAfter as error:
            raise Later(error.retry_after, "flood") from error
        except (TelegramBadRequest, TelegramForbiddenError) as error:
            log.info("message_gone", description=error.message)
        except TelegramAPIError as error:
            raise Later(_AGAIN, type(error).__name__) from error
