"""The end of sessions by silence: the job that looks, and the summary it sends."""

from datetime import UTC, datetime
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.fsm.storage.base import StorageKey
from sqlalchemy import select

from bot.attaching.sessions import DESTINY, Session, session_from
from bot.attaching.tools import AttachTools, summary_text
from bot.conversations import Conversations
from bot.texts import Catalogue
from storage.domain import InboxState
from storage.jobs import Later
from storage.tables import InboxUpdate

SESSIONS_AT_ONCE = 4
log = structlog.get_logger(__name__)

_RETRY_DELAY = 3.0
_UNHEARD_DELAY = 2.0


class SessionEnder:
    """The job ``attach_session``. A lost answer may tell a summary twice: better than never."""

    def __init__(self, attaching: AttachTools, conversations: Conversations, *, bot: Bot, catalogue: Catalogue) -> None:
        self._attaching = attaching
        self._conversations = conversations
        self._bot = bot
        self._catalogue = catalogue

    async def handle(self, payload: dict[str, Any]) -> None:
        """``{"bot": …, "chat": …, "user": …, "thread": …}``. Raises `Later` while the session goes on."""
        key = StorageKey(
            bot_id=payload["bot"],
            chat_id=payload["chat"],
            user_id=payload["user"],
            thread_id=payload["thread"],
            destiny=DESTINY,
        )
        data = await self._conversations.get_data(key)
        session = session_from(data)
        if session is None:
            return
        await self._require_silence(key, session)
        ending = {**data, "ending": True}
        if session.ending or await self._conversations.swap(key, data, ending):
            await self._tell(key, session)
            await self._conversations.swap(key, ending, None)

    async def _require_silence(self, key: StorageKey, session: Session) -> None:
        left = (session.until - datetime.now(UTC)).total_seconds()
        if session.ending:
            return
        if left > 0:
            raise Later(left, "the session goes on")
        unheard = InboxUpdate.state.in_((InboxState.PENDING, InboxState.HANDLING))
        chat = (InboxUpdate.bot_id == key.bot_id) & (InboxUpdate.chat_key == key.chat_id)
        async with self._attaching.use_cases.sessions.begin() as db:
            if await db.scalar(select(InboxUpdate.update_id).where(chat, unheard).limit(1)) is not None:
                raise Later(_UNHEARD_DELAY, "what was sent in time may still be waiting")

    async def _tell(self, key: StorageKey, session: Session) -> None:
        text = summary_text(self._catalogue(session.language), session, await self._attaching.sessions.count(session))
        try:
            await self._say(key.chat_id, text, key.thread_id)
        except TelegramMigrateToChat as error:
            await self._say(error.migrate_to_chat_id, text, None)
        except (TelegramForbiddenError, TelegramBadRequest) as error:
            log.info("summary_given_up", chat_id=key.chat_id, description=error.message)
        except AiogramError as error:
            delay = float(error.retry_after) if isinstance(error, TelegramRetryAfter) else _RETRY_DELAY
            raise Later(delay, "telegram") from error

    async def _say(self, chat_id: int, text: str, thread_id: int | None) -> None:
        await self._bot.send_message(chat_id, text, parse_mode="HTML", message_thread_id=thread_id)
