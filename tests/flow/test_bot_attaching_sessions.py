"""Sessions: what is sent goes to one request, until one says so or falls silent."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.attaching.sessions import DESTINY
from sandbox.client import SandboxClient
from storage.tables import Attachment, Conversation, Media
from tests import media
from tests.flow.bot_running import ADMIN, GROUP, STAFF, TENANT, RunningBot, buttons, running_bot

WAIT = 60.0


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path) as running:
        for person in (TENANT, STAFF):
            await sandbox.person(person, language_code="en")
        yield running


async def attached(bot: RunningBot) -> list[tuple[str, str]]:
    async with bot.sessions.begin() as session:
        rows = await session.scalars(select(Attachment).order_by(Attachment.media_id))
        return [(row.request_number, row.category.value) for row in rows]


async def fall_silent(bot: RunningBot, since: datetime) -> None:
    """Let the time of every session have run out at ``since``, and have the minute's sweep look."""
    async with bot.sessions.begin() as session:
        for row in await session.scalars(select(Conversation).where(Conversation.destiny == DESTINY)):
            row.data = {**row.data, "until": since.isoformat()}
    await bot.door.sweep()


async def test_everything_goes_there_until_done(bot: RunningBot, tmp_path: Path) -> None:
    opened = await bot.ask(STAFF, "/attach № 250926 1 after", timeout=WAIT)
    assert "250926-001 · after" in opened["text"]
    files = [media.jpeg(tmp_path, orientation=turn) for turn in (1, 3)]
    album = await bot.sandbox.send_files(STAFF, files)
    await bot.card(STAFF, album[-1]["message_id"], "Album: 2 files", "request 250926-001", timeout=WAIT)
    (one,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path, orientation=6)], caption="the new pipe")
    await bot.card(STAFF, one["message_id"], "request 250926-001", timeout=WAIT)
    (other,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path, orientation=8)], caption="250926-002")
    await bot.card(STAFF, other["message_id"], "request 250926-002", timeout=WAIT)
    done = await bot.ask(STAFF, "/done", timeout=WAIT)
    assert done["text"] == "Finished: 3 files are with request 250926-001 · after."
    assert await attached(bot) == [("250926-001", "completion_photo")] * 3 + [("250926-002", "request_photo")]
    async with bot.sessions.begin() as session:
        categories = set(await session.scalars(select(Media.category).where(Media.id <= 3)))
    assert categories == {"completion_photo"}, "so they go to the channel of reports"
    (late,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path, width=99)])
    assert "request" not in (await bot.card(STAFF, late["message_id"], "Stored", timeout=WAIT))["text"]
    assert "nothing open" in (await bot.ask(STAFF, "/done", timeout=WAIT))["text"]


async def test_a_session_survives_a_restart_and_ends_by_a_button(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    async with running_bot(database_url, sandbox, tmp_path) as bot:
        await sandbox.person(TENANT, language_code="en")
        opened = await bot.ask(TENANT, "/attach 250926-001", timeout=WAIT)
    (sent,) = await sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    async with running_bot(database_url, sandbox, tmp_path) as bot:
        await bot.card(TENANT, sent["message_id"], "request 250926-001", timeout=WAIT)
        await sandbox.press(TENANT, opened, data=buttons(opened)[0]["callback_data"])
        said = await bot.answers(TENANT, sent["message_id"], until=lambda found: len(found) == 2, timeout=WAIT)
        assert said[-1]["text"] == "Finished: 1 file is with request 250926-001."


async def test_silence_ends_it_with_the_summary(bot: RunningBot, tmp_path: Path) -> None:
    await bot.ask(STAFF, "/attach 250926-001", timeout=WAIT)
    (sent,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)])
    await bot.card(STAFF, sent["message_id"], "Stored", "250926-001", timeout=WAIT)
    await bot.door.sweep()
    await fall_silent(bot, datetime.now(UTC) - timedelta(minutes=1))
    said = await bot.answers(STAFF, sent["message_id"], until=lambda found: len(found) == 2, timeout=WAIT)
    assert said[-1]["text"] == "Finished: 1 file is with request 250926-001."
    await bot.door.sweep()
    assert "nothing open" in (await bot.ask(STAFF, "/done", timeout=WAIT))["text"]


async def test_what_was_sent_in_time_and_read_late_belongs_to_it(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """We were away for longer than the session lasts; its time runs out before we are back."""
    async with running_bot(database_url, sandbox, tmp_path) as bot:
        await sandbox.person(STAFF, language_code="en")
        await bot.ask(STAFF, "/attach 250926-001", timeout=WAIT)
    (sent,) = await sandbox.send_files(STAFF, [media.jpeg(tmp_path)])
    sent_at = datetime.fromtimestamp(sent["date"] + 1, UTC)
    async with bot.sessions.begin() as session:
        done = update(Conversation).where(Conversation.destiny == DESTINY)
        await session.execute(done.values(data=Conversation.data.concat({"until": sent_at.isoformat()})))
    async with running_bot(database_url, sandbox, tmp_path) as bot:
        await bot.card(STAFF, sent["message_id"], "request 250926-001", timeout=WAIT)


async def test_a_link_opens_one_that_only_writes(bot: RunningBot, tmp_path: Path) -> None:
    (others,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path, width=80)], caption="250926-001")
    await bot.card(STAFF, others["message_id"], "Stored", timeout=WAIT)
    opened = await bot.ask(TENANT, "/start r_250926-001", timeout=WAIT)
    assert "goes to request 250926-001" in opened["text"]
    (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    await bot.card(TENANT, sent["message_id"], "request 250926-001", timeout=WAIT)
    known, unknown = [(await bot.ask(TENANT, f"/request 250926-00{at}", timeout=WAIT))["text"] for at in (1, 9)]
    assert known == unknown.replace("250926-009", "250926-001")
    assert (await bot.ask(TENANT, "/get 1", timeout=WAIT))["text"] == "I have no such file."
    ended = await bot.ask(TENANT, "/cancel", timeout=WAIT)
    assert ended["text"] == "Finished: 1 file is with request 250926-001."
    assert "not a request number" in (await bot.ask(TENANT, "/start r_nonsense", timeout=WAIT))["text"]


async def test_another_session_takes_its_place_and_a_session_can_be_led_elsewhere(
    bot: RunningBot, tmp_path: Path
) -> None:
    await bot.ask(STAFF, "/attach 250926-001", timeout=WAIT)
    (sent,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)])
    await bot.card(STAFF, sent["message_id"], "Stored", "250926-001", timeout=WAIT)
    assert "250926-003" in (await bot.ask(STAFF, "/move 250926-003", timeout=WAIT))["text"]
    assert "250926-003 · after" in (await bot.ask(STAFF, "/report", timeout=WAIT))["text"]
    assert await attached(bot) == [("250926-003", "completion_photo")]
    answer = await bot.ask(STAFF, "/report 250926-004", timeout=WAIT)
    first, second = answer["text"].split("\n\n")
    assert first == "Finished: 1 file is with request 250926-003 · after."
    assert "250926-004 · after" in second
    assert (await bot.ask(STAFF, "/done", timeout=WAIT))["text"].startswith("Finished: nothing was sent for request")


async def test_in_a_group_a_session_is_its_openers_own(bot: RunningBot, tmp_path: Path) -> None:
    opened = await bot.ask(STAFF, "/attach 250926-001", chat=GROUP, timeout=WAIT)
    (others,) = await bot.sandbox.send_files(ADMIN, [media.jpeg(tmp_path, width=70)], chat=GROUP)
    (own,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)], chat=GROUP)
    pressed = await bot.sandbox.press(ADMIN, opened, data=buttons(opened)[0]["callback_data"])
    assert pressed["text"] == "You may not do this."
    done = await bot.sandbox.send_text(STAFF, "/done", chat=GROUP)

    def finished(found: list[dict[str, str]]) -> bool:
        return any(one.get("text", "").startswith("Finished: 1 file") for one in found)

    await bot.answers(GROUP, done["message_id"], until=finished, timeout=WAIT)
    async with bot.sessions.begin() as session:
        sources = list(await session.scalars(select(Media.source_message_id)))
    assert own["message_id"] in sources
    assert others["message_id"] not in sources
