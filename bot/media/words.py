"""Words that people say beside their files: which file they are about.

The order of messages decides. Words before a file are remembered for `WINDOW` and go to every file until the next
words; words after files go to all files since the words before. A file between two texts takes the first, until the
second comes and takes its place: the first was said about the files before it. A file that has words of its own takes
none that others took.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiogram.types import Message
from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.details import DESCRIPTION_LIMIT
from storage.domain import GONE, MediaId
from storage.tables import Card, CardItem, Media, SpokenWords
from storage.tables.many import inserted

WINDOW = timedelta(minutes=3)
"""Between words and file, by the times of the messages."""

TOGETHER = timedelta(minutes=1)
"""Between files that are sent in one go, also over a slow line. Words before such files go to no later one."""

KEPT = timedelta(days=1)
"""How long a row stays: an update may come to be handled late."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What to do with a text: ``media`` it describes, in place of ``borrowed`` words or after what is said already.

    Without media it waits for a file; ``first`` where nothing was waiting before.
    """

    media: list[MediaId]
    borrowed: bool = False
    first: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """Words for a file that came after them; ``borrowed`` from the files before."""

    text: str
    borrowed: bool


class Words:
    """The table ``spoken_words``: a row per person and chat. Hearing a message again changes nothing."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def hear_text(self, person_id: int, message: Message) -> Heard:
        """Somebody said a text that is no command and no answer to anything."""
        async with self._sessions.begin() as session:
            row = await _row(session, message.chat.id, person_id)
            at, text = message.date, message.text or ""
            media = await _media_of_run(session, row, person_id) if _follows_run(row, message) else []
            again = message.message_id <= row.words_id
            first_after_run = row.words_id < row.run_first or (again and row.words_id == message.message_id)
            borrowed = bool(media) and row.borrowed and first_after_run
            waiting = row.words_id if not media and _fresh(row, at) and not row.taken else 0
            heard = Heard(media=media, borrowed=borrowed, first=waiting in (0, message.message_id))
            if not again:
                after_run = bool(media) and row.words_id > row.run_last
                row.words = f"{row.words}\n{text}" if row.words and (waiting or after_run) else text
                row.words = row.words[:DESCRIPTION_LIMIT]
                row.words_id, row.words_at, row.taken = message.message_id, at, bool(media)
            return heard

    async def hear_file(self, person_id: int, message: Message) -> Spoken | None:
        """Somebody sent a file: the words that wait for it, or that the files before it have."""
        async with self._sessions.begin() as session:
            return note_file(await _row(session, message.chat.id, person_id), message)

    async def rows(self, session: AsyncSession, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], SpokenWords]:
        """What was said by each of these, as chat and person; locked, for `note_file`."""
        if not keys:
            return {}
        new = [{"chat_id": chat_id, "person_id": person_id} for chat_id, person_id in sorted(set(keys))]
        await session.execute(inserted(SpokenWords, new).on_conflict_do_nothing())
        ours = tuple_(SpokenWords.chat_id, SpokenWords.person_id).in_(keys)
        rows = await session.scalars(select(SpokenWords).where(ours).with_for_update())
        return {(row.chat_id, row.person_id): row for row in rows}

    async def after_file(self, person_id: int, message: Message) -> bool:
        """Whether somebody has just sent files in this chat."""
        async with self._sessions.begin() as session:
            row = await session.get(SpokenWords, (message.chat.id, person_id))
            return row is not None and _follows_run(row, message)

    async def sweep(self) -> None:
        """Drop what nobody can add to any more: words are kept with their files, not here."""
        last = func.greatest(SpokenWords.words_at, SpokenWords.run_at)
        async with self._sessions.begin() as session:
            await session.execute(delete(SpokenWords).where(last < func.now() - KEPT))

    async def forget(self, person_id: int) -> None:
        """Everything somebody said."""
        async with self._sessions.begin() as session:
            await session.execute(delete(SpokenWords).where(SpokenWords.person_id == person_id))


def _says_something(message: Message) -> bool:
    """Whether a file has words of its own. Those that went with others before it are not about it, then."""
    return any(map(str.isalpha, message.caption or ""))


def note_file(row: SpokenWords, message: Message) -> Spoken | None:
    """The rule of `Words.hear_file`: the row as the file leaves it, and the words that are the file's too."""
    at = message.date
    if not row.run_first <= message.message_id <= row.run_last:
        if row.taken and _says_something(message):
            row.words, row.taken, row.borrowed = None, False, False
            row.run_first = message.message_id
        elif not _continues_run(row, at):
            _forget_old(row, at)
            _forget_used(row)
            row.run_first, row.borrowed = message.message_id, row.taken
        row.run_last, row.run_at = message.message_id, at
    if row.words is None or row.words_id > message.message_id:
        return None
    row.taken = True
    return Spoken(text=row.words, borrowed=row.borrowed)


async def _row(session: AsyncSession, chat_id: int, person_id: int) -> SpokenWords:
    key = {"chat_id": chat_id, "person_id": person_id}
    await session.execute(insert(SpokenWords).values(**key).on_conflict_do_nothing())
    row = await session.get(SpokenWords, (chat_id, person_id), with_for_update=True)
    assert row is not None
    return row


def _fresh(row: SpokenWords, at: datetime) -> bool:
    return row.words is not None and row.words_at is not None and at - row.words_at <= WINDOW


def _follows_run(row: SpokenWords, message: Message) -> bool:
    return row.run_at is not None and row.run_last < message.message_id and message.date - row.run_at <= WINDOW


def _continues_run(row: SpokenWords, at: datetime) -> bool:
    return row.run_at is not None and row.words_id < row.run_last and at - row.run_at <= TOGETHER


def _forget_old(row: SpokenWords, at: datetime) -> None:
    if not _fresh(row, at):
        row.words, row.taken = None, False


def _forget_used(row: SpokenWords) -> None:
    """Words that were said before the files before went with those."""
    if row.taken and row.words_id < row.run_first:
        row.words, row.taken = None, False


async def _media_of_run(session: AsyncSession, row: SpokenWords, person_id: int) -> list[MediaId]:
    """What the run's cards show of this person's own, deleted ones aside."""
    own = (Media.owner == f"telegram:{person_id}") & Media.status.not_in(GONE)
    query = (
        select(Media.id)
        .join(CardItem, CardItem.media_id == Media.id)
        .join(Card, Card.id == CardItem.card_id)
        .where(Card.chat_id == row.chat_id, CardItem.message_id.between(row.run_first, row.run_last), own)
        .order_by(Media.id)
    )
    return [MediaId(media_id) for media_id in (await session.scalars(query)).unique()]
