"""Cards under stress: many wake-ups, killed senders, a Telegram that is slow or away, albums that trickle in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from bot.cards.rows import Place, put_item
from sandbox.client import SandboxClient
from storage.domain import Caller, Role
from storage.jobs import enqueue
from storage.tables import Card, CardItem
from storage.wakeups import CARD_JOB, wake_card
from tests import media
from tests.flow.bot_running import ADMIN, GROUP, STAFF, RunningBot, running_bot
from tests.flow.conftest import eventually


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path) as running:
        yield running


async def only_card(bot: RunningBot) -> Card:
    async with bot.sessions.begin() as session:
        return (await session.scalars(select(Card))).one()


async def up_to_date(bot: RunningBot) -> bool:
    card = await only_card(bot)
    return card.sent == card.wanted


async def test_many_wake_ups_send_one_card(bot: RunningBot) -> None:
    place = Place(chat_id=ADMIN, person_id=ADMIN, language="en", message_id=1, album=None)
    await bot.ask(ADMIN, "/help")
    async with bot.sessions.begin() as session:
        await put_item(session, place, media_id=None, error={"code": "empty_file", "filename": "a.txt"})
        card_id = (await session.scalars(select(Card.id))).one()
        for _ in range(8):
            await wake_card(session, card_id)
    await eventually(lambda: up_to_date(bot))
    async with bot.sessions.begin() as session:
        await put_item(session, place, media_id=None, error={"code": "empty_file", "filename": "a.txt"})
    assert await up_to_date(bot), "the same again is no change"
    assert len([one for one in await bot.answers(ADMIN) if "Not kept" in one["text"]]) == 1


async def test_a_file_that_is_refused_before_its_card_knows_of_it_says_why(bot: RunningBot, tmp_path: Path) -> None:
    """An album's file is adopted in one transaction and put on its card in the next."""
    (sent,) = await bot.sandbox.send_files(ADMIN, [media.windows_program(tmp_path)], kind="document")
    await bot.card(ADMIN, sent["message_id"], "Not kept")
    place = Place(chat_id=ADMIN, person_id=ADMIN, language="en", message_id=sent["message_id"] + 10, album="1")
    async with bot.sessions.begin() as session:
        (item,) = await session.scalars(select(CardItem))
        await put_item(session, place, media_id=item.media_id)
    late = (await bot.answers(ADMIN, until=lambda found: len(found) > 1))[-1]
    assert "Not kept" in late["text"]
    assert "Deleted" not in late["text"]


async def test_a_card_held_by_a_killed_process_is_taken_up(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(ADMIN, [media.jpeg(tmp_path)])
    await bot.card(ADMIN, sent["message_id"], "Stored")
    await eventually(lambda: up_to_date(bot))
    async with bot.sessions.begin() as session:
        long_ago = text("now() - interval '5 minutes'")
        await session.execute(update(Card).values(sent=-1 - Card.sent, wanted=Card.wanted + 1, changed_at=long_ago))
    await bot.door.sweep()
    await eventually(lambda: up_to_date(bot))
    assert len(await bot.answers(ADMIN, sent["message_id"])) == 1


async def test_who_waits_for_telegram_is_told(bot: RunningBot, tmp_path: Path) -> None:
    fault = await bot.sandbox.add_fault("error", method="copyMessage", status=500)
    (sent,) = await bot.sandbox.send_files(ADMIN, [media.jpeg(tmp_path)])
    await bot.card(ADMIN, sent["message_id"], "being stored")
    card = await only_card(bot)
    async with bot.sessions.begin() as session:
        await session.execute(update(Card).values(created_at=text("now() - interval '1 minute'")))
        await enqueue(session, CARD_JOB, {"card": card.id, "late": True})
    await bot.card(ADMIN, sent["message_id"], "waiting for Telegram")
    await bot.sandbox.remove_fault(fault)
    await bot.card(ADMIN, sent["message_id"], "Stored", timeout=40)


async def test_an_album_that_trickles_in_is_one_card_all_the_same(bot: RunningBot, tmp_path: Path) -> None:
    files = [media.jpeg(tmp_path, orientation=turn) for turn in (1, 3, 6, 8)]
    await bot.sandbox.add_fault("slow", method="getUpdates", seconds=0.3)
    sent = await bot.sandbox.send_files(ADMIN, files, caption="250926-001")
    card = await bot.card(ADMIN, sent[-1]["message_id"], "Album: 4 files", "Stored", timeout=30)
    assert card["text"].count("250926-001") == 4
    assert len(await bot.answers(ADMIN, sent[-1]["message_id"])) == 1


async def test_in_a_group_a_late_caption_fetches_the_items_before_it(bot: RunningBot, tmp_path: Path) -> None:
    files = [media.jpeg(tmp_path, orientation=turn) for turn in (1, 3, 6)]
    items = [{"kind": "photo"}, {"kind": "photo"}, {"kind": "photo", "caption": "Roof #250926-005"}]
    sent = await bot.sandbox.send_files(STAFF, files, chat=GROUP, media=items)
    await bot.reacted(GROUP, sent[-1], "👍")
    reading = bot.archive.use_cases.reading
    views = await reading.behind_message(Caller.person(STAFF, Role.STAFF), GROUP, sent[0]["message_id"])
    assert [view.request_numbers for view in views] == [("250926-005",)] * 3


async def test_a_message_deleted_meanwhile_still_gets_its_card(bot: RunningBot, tmp_path: Path) -> None:
    async with bot.sandbox.fault("slow", method="sendMessage", seconds=0.5):
        (sent,) = await bot.sandbox.send_files(ADMIN, [media.jpeg(tmp_path)])
        await bot.sandbox.delete(ADMIN, sent["message_id"])
        card = await bot.card(ADMIN, sent["message_id"], timeout=60)
    assert "reply_to_message" not in card


async def test_commands_wait_out_a_flood(bot: RunningBot) -> None:
    """However often Telegram says so: it is no fault of the update, which is tried three times only."""
    await bot.sandbox.add_fault("flood", method="sendMessage", retry_after=1, count=4)
    assert "For staff" in (await bot.ask(ADMIN, "/help", timeout=40))["text"]
