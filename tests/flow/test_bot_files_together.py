"""Plain files are kept many at a time, and nobody sees a difference: order, answers, duplicates, request numbers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from sandbox.client import SandboxClient
from storage.tables import Attachment, Audit, InboxUpdate, Media, Part
from tests import media
from tests.flow.bot_running import Json, RunningBot, running_bot
from tests.flow.conftest import eventually

PEOPLE = range(5001, 5007)


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    """Everybody has said hello: files of strangers go the ordinary way."""
    async with running_bot(database_url, sandbox, tmp_path) as running:
        for person in PEOPLE:
            await sandbox.person(person, language_code="en")
        await asyncio.gather(*(running.ask(person, "/help") for person in PEOPLE))
        yield running


async def stored(bot: RunningBot, person: int, count: int) -> list[Media]:
    """The person's media, oldest first, once there are so many and all are stored."""
    found: list[Media] = []

    async def there() -> bool:
        async with bot.sessions.begin() as session:
            own = select(Media).where(Media.owner == f"telegram:{person}").order_by(Media.id)
            found[:] = await session.scalars(own)
            missing = select(Part.id).where(Part.message_id.is_(None)).limit(1)
            return len(found) == count and await session.scalar(missing) is None

    await eventually(there)
    return found


async def plain(bot: RunningBot, person: int) -> list[bool]:
    """Of the person's files in their order, whether they were kept together with others'."""
    of_person = (InboxUpdate.chat_key == person) & InboxUpdate.payload["message"].has_key("photo")
    async with bot.sessions.begin() as session:
        found = await session.scalars(select(InboxUpdate.plain_file).where(of_person).order_by(InboxUpdate.update_id))
        return [*found]


def picture(tmp_path: Path, person: int, number: int) -> Path:
    """No two are the same."""
    folder = tmp_path / f"{person}-{number}"
    folder.mkdir()
    return media.jpeg(folder, width=200 + person % 100, height=100 + number)


async def test_a_stranger_s_file_goes_the_ordinary_way_without_a_complaint(bot: RunningBot, tmp_path: Path) -> None:
    """Nothing went wrong with it: a set of which nothing is left has no one to look up."""
    await bot.sandbox.person(5099, language_code="en")
    with capture_logs() as logs:
        await bot.sandbox.send_files(5099, [picture(tmp_path, 5099, 1)])
        await stored(bot, 5099, 1)
    assert [one["event"] for one in logs if one["log_level"] not in {"info", "debug"}] == []


async def test_everybody_s_files_are_kept_in_their_order_and_answered_once(bot: RunningBot, tmp_path: Path) -> None:
    async def send(person: int) -> list[Json]:
        return [(await bot.sandbox.send_files(person, [picture(tmp_path, person, at)]))[0] for at in range(3)]

    async with bot.sandbox.fault("slow", method="getUpdates", seconds=1):
        sent = await asyncio.gather(*map(send, PEOPLE))
    for person, messages in zip(PEOPLE, sent, strict=True):
        own = await stored(bot, person, 3)
        assert [one.source_message_id for one in own] == [message["message_id"] for message in messages]
        assert [one.verified for one in own] == [True] * 3
        await bot.answers(person, messages[-1]["message_id"], until=lambda found: _say_stored(found, 3), timeout=60)
        assert await plain(bot, person) == [True] * 3
    async with bot.sessions.begin() as session:
        taken = select(func.count()).where(Audit.action == "taken_in")
        assert await session.scalar(taken) == 3 * len(PEOPLE)


def _say_stored(answers: list[Json], count: int) -> bool:
    return [("Stored" in one["text"]) for one in answers] == [True] * count


async def test_what_is_more_than_a_file_goes_its_own_way_and_keeps_its_place(bot: RunningBot, tmp_path: Path) -> None:
    person = PEOPLE[0]
    async with bot.sandbox.fault("slow", method="getUpdates", seconds=1):
        for at, caption in enumerate((None, "Roof 250926-001", "Kitchen", None)):
            (last,) = await bot.sandbox.send_files(person, [picture(tmp_path, person, at)], caption=caption)
    own = await stored(bot, person, 4)
    assert [one.source_message_id for one in own] == sorted(one.source_message_id or 0 for one in own)
    assert (await plain(bot, person))[1] is False, "a request number is more than a file"
    async with bot.sessions.begin() as session:
        links = await session.execute(select(Attachment.media_id, Attachment.request_number))
        assert [tuple(link) for link in links] == [(own[1].id, "250926-001")]
    assert [one.description for one in own[1:3]] == ["Roof", "Kitchen"]
    await bot.answers(person, last["message_id"], until=lambda found: _say_stored(found[-1:], 1), timeout=60)
