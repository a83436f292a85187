"""Sessions of attaching: what somebody sends in a chat goes to one request, until they say so or fall silent.

A session is a conversation of its own (destiny `DESTINY`), so that a question asked meanwhile does not end it. When
it is over by silence is decided by the times of the messages: what was sent in time and only came later, because we
were away, belongs to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import StorageKey
from sqlalchemy import func, select

from bot.conversations import Conversations
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import GONE, MediaId, Stage
from storage.jobs import INTERACTIVE, enqueue
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Media

SESSION_JOB = "attach_session"
DESTINY = "attach"
SILENCE = timedelta(minutes=15)
KEPT = timedelta(days=30)
"""How long a session's row stays where nobody ends it: as long as we may be away."""


class AttachSession(StatesGroup):
    open = State()


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """What is sent until ``until`` goes to ``number``. ``media`` did already; ``ending``: its summary is being told."""

    number: RequestNumber
    language: str
    until: datetime
    stage: Stage | None = None
    media: Sequence[MediaId] = field(default=())
    ending: bool = False

    def as_data(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "language": self.language,
            "until": self.until.isoformat(),
            "stage": self.stage,
            "media": list(self.media),
            "ending": self.ending,
        }


def session_from(data: dict[str, Any]) -> Session | None:
    """None for what is none."""
    if "number" not in data:
        return None
    return Session(
        number=RequestNumber(data["number"]),
        language=data["language"],
        until=datetime.fromisoformat(data["until"]),
        stage=None if data["stage"] is None else Stage(data["stage"]),
        media=tuple(MediaId(media_id) for media_id in data["media"]),
        ending=data["ending"],
    )


def session_key(key: StorageKey) -> StorageKey:
    """Where the session of a conversation's person, chat and topic is kept."""
    return replace(key, destiny=DESTINY)


class AttachSessions:
    """The rows. Only the inbox's handlers change an open one, in its chat's order; ending it is compare-and-set."""

    def __init__(self, sessions: Sessions, conversations: Conversations, clock: Clock) -> None:
        self._sessions = sessions
        self._conversations = conversations
        self._clock = clock

    async def open(
        self, state: FSMContext, number: RequestNumber, *, stage: Stage | None, language: str
    ) -> Session | None:
        """Begin a session; returns the one it takes the place of. The same again goes on."""
        key, until = session_key(state.key), self._clock.now() + SILENCE
        before = session_from(await self._conversations.get_data(key))
        same = before is not None and not before.ending and (before.number, before.stage) == (number, stage)
        media = before.media if before is not None and same else ()
        session = Session(number=number, language=language, until=until, stage=stage, media=media)
        await self._conversations.begin(key, AttachSession.open, session.as_data())
        await self.wake(key, delay=SILENCE.total_seconds())
        return None if same else before

    async def current(self, state: FSMContext, at: datetime) -> Session | None:
        """The session that a message of the time ``at`` belongs to."""
        found = session_from(await self._conversations.get_data(session_key(state.key)))
        return None if found is None or found.ending or at > found.until else found

    async def note(self, state: FSMContext, session: Session, *media: MediaId) -> Session:
        """The session goes on with these media in it."""
        return await self._go_on(state, replace(session, media=tuple(dict.fromkeys([*session.media, *media]))))

    async def change(
        self, state: FSMContext, session: Session, *, number: RequestNumber, stage: Stage | None
    ) -> Session:
        """The session goes on with another request or stage."""
        return await self._go_on(state, replace(session, number=number, stage=stage))

    async def close(self, state: FSMContext) -> Session | None:
        """End the session in hand; returns it as it was."""
        key = session_key(state.key)
        data = await self._conversations.get_data(key)
        found = session_from(data)
        if found is None or not await self._conversations.swap(key, data, None):
            return None
        return None if found.ending else found

    async def count(self, session: Session) -> int:
        """How many of its media are there, attached to its request."""
        query = (
            select(func.count())
            .select_from(Attachment)
            .join(Media, Media.id == Attachment.media_id)
            .where(Attachment.request_number == session.number, Media.status.not_in(GONE))
            .where(Media.id.in_(session.media))
        )
        async with self._sessions.begin() as db:
            return await db.scalar(query) or 0

    async def wake(self, key: StorageKey, *, delay: float = 0) -> None:
        """Have a look whether the session is over: after ``delay``, or now, whatever is planned for later."""
        payload = {"bot": key.bot_id, "chat": key.chat_id, "user": key.user_id, "thread": key.thread_id}
        name = ":".join(str(part) for part in (*payload.values(), "later" if delay else "now"))
        async with self._sessions.begin() as db:
            await enqueue(db, SESSION_JOB, payload, priority=INTERACTIVE, delay=delay, dedupe=f"attach:{name}")

    async def sweep(self) -> None:
        """Wake the sessions whose time is over."""
        for key, data in await self._conversations.of_destiny(DESTINY):
            found = session_from(data)
            if found is not None and (found.ending or found.until <= self._clock.now()):
                await self.wake(key)

    async def _go_on(self, state: FSMContext, session: Session) -> Session:
        changed = replace(session, until=max(session.until, self._clock.now() + SILENCE))
        await self._conversations.update_data(session_key(state.key), changed.as_data())
        return changed
