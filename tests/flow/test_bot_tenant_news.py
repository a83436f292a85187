"""What senders hear later: that their files were attached, and that the report is there; once, with the media."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from sandbox.client import SandboxClient
from storage.callers.telling import TIDINGS_JOB
from storage.domain import Caller, Category, MediaId, Role
from storage.jobs import enqueue
from storage.request_numbers import RequestNumber
from storage.tables import Tiding
from tests import media
from tests.flow.bot_running import BOT_ID, STAFF, TENANT, Json, RunningBot, buttons, running_bot
from tests.flow.conftest import eventually

NUMBER = RequestNumber("250926-001")
BY = Caller.person(STAFF, Role.STAFF)
PATIENT = 40


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path) as running:
        await sandbox.person(TENANT, language_code="en")
        yield running


async def photo(bot: RunningBot, tmp_path: Path, turn: int, person: int = TENANT) -> tuple[MediaId, Json]:
    """A stored photo: its id and its card."""
    (sent,) = await bot.sandbox.send_files(person, [media.jpeg(tmp_path, orientation=turn)])
    card = await bot.card(person, sent["message_id"], "ID ", timeout=PATIENT)
    card = await bot.card(person, sent["message_id"], "✅", timeout=PATIENT)
    return MediaId(int(card["text"].split("ID ")[1].split()[0])), card


async def attach(
    bot: RunningBot, *ids: MediaId, category: Category | None = None, number: RequestNumber = NUMBER
) -> None:
    await bot.archive.use_cases.attaching.attach(BY, number, ids, category=category)


async def news(bot: RunningBot, words: str, count: int = 1) -> list[Json]:
    """The messages to the tenant that say ``words``, once there are ``count``."""

    def saying(found: Sequence[Json]) -> list[Json]:
        return [one for one in found if words in (one.get("text") or one.get("caption") or "")]

    answers = await bot.answers(TENANT, until=lambda found: len(saying(found)) >= count, timeout=PATIENT)
    return saying(answers)


async def all_told(bot: RunningBot) -> bool:
    async with bot.sessions.begin() as session:
        return await session.scalar(select(Tiding.media_id).where(Tiding.told_at.is_(None)).limit(1)) is None


async def test_several_files_attached_together_are_one_message(bot: RunningBot, tmp_path: Path) -> None:
    ids, cards = zip(*[await photo(bot, tmp_path, turn) for turn in (1, 3, 6)], strict=True)
    for media_id in ids:
        await attach(bot, media_id)
    (told,) = await news(bot, "attached to request 250926-001")
    assert told["text"] == "📎 Your 3 files are attached to request 250926-001."
    assert told["reply_to_message"]["message_id"] == cards[0]["message_id"]
    assert [one["text"] for one in buttons(told)] == [f"📎 {media_id}" for media_id in ids]
    await attach(bot, *ids)
    await attach(bot, *ids, number=RequestNumber("250926-002"))
    await news(bot, "attached to request 250926-002")
    assert len(await news(bot, "attached to request 250926-001")) == 1, "again is no news"


async def test_who_attaches_their_own_and_staff_are_not_told(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)], caption="250926-001")
    await bot.card(TENANT, sent["message_id"], "250926-001", timeout=PATIENT)
    mine, _ = await photo(bot, tmp_path, 3, STAFF)
    other = Caller.service("crm", frozenset())
    await bot.archive.use_cases.attaching.attach(other, NUMBER, [mine])
    await eventually(lambda: all_told(bot))
    for person in (TENANT, STAFF):
        found = await bot.answers(person, until=lambda _: True)
        assert not any("attached to" in one["text"] or "прикрепл" in one["text"] for one in found)


async def test_what_was_detached_or_deleted_meanwhile_is_not_told(bot: RunningBot, tmp_path: Path) -> None:
    (one, _), (two, _), (three, _) = [await photo(bot, tmp_path, turn) for turn in (1, 3, 6)]
    await attach(bot, one, two, three)
    await bot.archive.use_cases.attaching.detach(BY, NUMBER, one)
    await bot.archive.use_cases.deleting.delete(Caller.person(TENANT, Role.USER), two)
    (told,) = await news(bot, "attached to request")
    assert told["text"] == "📎 Your file is attached to request 250926-001."


async def test_a_report_comes_with_its_photos(bot: RunningBot, tmp_path: Path) -> None:
    await bot.sandbox.person(TENANT, language_code="uz")
    before, card = await photo(bot, tmp_path, 1)
    await attach(bot, before)
    await news(bot, "250926-001 arizaga biriktirildi")
    after = [(await photo(bot, tmp_path, turn, STAFF))[0] for turn in (3, 6)]
    await attach(bot, *after, category=Category.COMPLETION_PHOTO)
    (told,) = await news(bot, "250926-001 ariza: ish bajarildi")
    answers = await bot.answers(TENANT, card["message_id"])
    album = [one for one in answers if one.get("media_group_id") == told["media_group_id"]]
    assert len(album) == 2
    assert all("photo" in one for one in album)
    assert told["reply_to_message"]["message_id"] == card["message_id"]
    late, _ = await photo(bot, tmp_path, 8, STAFF)
    await attach(bot, late, category=Category.REPORT_PHOTO)
    again = (await news(bot, "ish bajarildi", 2))[1]
    assert "photo" in again
    await eventually(lambda: all_told(bot))
    assert not any("ish bajarildi" in str(one) for one in await bot.answers(STAFF, until=lambda _: True))


async def test_a_report_of_documents_is_copied(bot: RunningBot, tmp_path: Path) -> None:
    before, _ = await photo(bot, tmp_path, 1)
    await attach(bot, before)
    path = tmp_path / "act.txt"
    path.write_text("signed\n" * 9)
    (sent,) = await bot.sandbox.send_files(STAFF, [path], kind="document")
    card = await bot.card(STAFF, sent["message_id"], "✅", timeout=PATIENT)
    await attach(bot, MediaId(int(card["text"].split("ID ")[1].split()[0])), category=Category.REPORT_DOCUMENT)
    (told,) = await news(bot, "the work is done")
    assert told["document"]["file_name"] == "act.txt"


async def test_floods_delay_the_news_and_a_lost_wake_up_is_made_again(bot: RunningBot, tmp_path: Path) -> None:
    media_id, _ = await photo(bot, tmp_path, 1)
    await bot.sandbox.add_fault("flood", method="sendMessage", count=1, retry_after=1)
    await attach(bot, media_id)
    await news(bot, "attached to request")
    await eventually(lambda: all_told(bot))
    async with bot.sessions.begin() as session:
        long_ago = text("now() - interval '5 minutes'")
        await session.execute(update(Tiding).values(told_at=None, created_at=long_ago, claimed_at=long_ago))
    await bot.door.sweep()
    await news(bot, "attached to request", 2)


async def test_who_blocked_the_bot_is_not_told_for_ever(bot: RunningBot, tmp_path: Path) -> None:
    media_id, _ = await photo(bot, tmp_path, 1)
    await bot.sandbox.change_person(TENANT, blocked_bots=[BOT_ID])
    await attach(bot, media_id)
    await eventually(lambda: all_told(bot))
    payload = {"person": TENANT, "kind": "attached", "number": NUMBER}
    async with bot.sessions.begin() as session:
        await enqueue(session, TIDINGS_JOB, payload)
    await bot.sandbox.change_person(TENANT, blocked_bots=[])
    await bot.ask(TENANT, "/my", timeout=PATIENT)
    assert not any("attached to" in one["text"] for one in await bot.answers(TENANT))
