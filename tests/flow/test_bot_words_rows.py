"""Which words go to which file, without a process: the order and the times of messages decide."""

from datetime import UTC, datetime, timedelta

import pytest
from aiogram.types import Chat, Message

from bot.media.words import Words
from storage.database import Sessions

PERSON = 1001
CHAT = Chat(id=PERSON, type="private")
BEGAN = datetime(2025, 9, 26, 9, 0, tzinfo=UTC)


def message(number: int, seconds: int, text: str | None = None, caption: str | None = None) -> Message:
    date = BEGAN + timedelta(seconds=seconds)
    return Message(message_id=number, date=date, chat=CHAT, text=text, caption=caption)


async def words_for(words: Words, number: int, seconds: int, caption: str | None = None) -> str | None:
    spoken = await words.hear_file(PERSON, message(number, seconds, caption=caption))
    return None if spoken is None else spoken.text


@pytest.mark.parametrize(("later", "takes"), [(45, "leak"), (90, None), (150, None)])
async def test_words_before_files_go_to_those_that_are_sent_with_them(
    sessions: Sessions, later: int, takes: str | None
) -> None:
    """A photo a while after is another matter, though the words were said within three minutes."""
    words = Words(sessions)
    await words.hear_text(PERSON, message(1, 0, "leak"))
    assert await words_for(words, 2, 10) == "leak"
    assert await words_for(words, 3, 15) == "leak"
    assert await words_for(words, 4, 15 + later) == takes
    assert await words_for(words, 4, 15 + later) == takes, "and again, where an update comes twice"


async def test_words_wait_for_their_first_file_as_long_as_ever(sessions: Sessions) -> None:
    words = Words(sessions)
    await words.hear_text(PERSON, message(1, 0, "leak"))
    assert await words_for(words, 2, 170) == "leak"


async def test_a_file_with_words_of_its_own_takes_none_that_others_took(sessions: Sessions) -> None:
    words = Words(sessions)
    await words.hear_text(PERSON, message(1, 0, "leak"))
    assert await words_for(words, 2, 5, "in the kitchen") == "leak", "nobody took them yet"
    assert await words_for(words, 3, 6, "#250926-001") == "leak", "a number says nothing"
    assert await words_for(words, 4, 7, "and a broken lift") is None
    assert await words_for(words, 4, 7, "and a broken lift") is None
    assert await words_for(words, 5, 8) is None, "it goes with the one before it"
    heard = await words.hear_text(PERSON, message(6, 9, "fifth floor"))
    assert not heard.borrowed
