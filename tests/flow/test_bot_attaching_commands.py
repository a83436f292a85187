"""Attaching, detaching and moving by commands, by replies and by captions: one answer, with the count."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from sandbox.client import SandboxClient
from storage.tables import Attachment
from tests import media
from tests.flow.bot_running import STAFF, TENANT, Json, RunningBot, buttons, running_bot

WAIT = 60.0


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path) as running:
        for person in (TENANT, STAFF):
            await sandbox.person(person, language_code="en")
        yield running


async def attached(bot: RunningBot) -> set[tuple[int, str, str]]:
    """Media id, request, category."""
    async with bot.sessions.begin() as session:
        rows = await session.scalars(select(Attachment))
        return {(row.media_id, row.request_number, row.category.value) for row in rows}


async def sent_photo(bot: RunningBot, tmp_path: Path, person: int, width: int, caption: str | None = None) -> Json:
    (sent,) = await bot.sandbox.send_files(person, [media.jpeg(tmp_path, width=width)], caption=caption)
    await bot.card(person, sent["message_id"], "Stored", timeout=WAIT)
    return sent


async def undo(bot: RunningBot, person: int, answer: Json) -> str:
    (button,) = [one for one in buttons(answer) if "Undo" in one["text"]]
    pressed = await bot.sandbox.press(person, answer, data=button["callback_data"])
    return str(pressed["text"])


async def test_the_last_few_and_ids_are_attached_detached_and_moved_in_one_answer(
    bot: RunningBot, tmp_path: Path
) -> None:
    for width in (101, 102, 103):
        await sent_photo(bot, tmp_path, STAFF, width)
    answer = await bot.ask(STAFF, "/attach 250926-001 last 2 after", timeout=WAIT)
    assert answer["text"] == "2 files are now attached to request 250926-001 · after."
    assert await attached(bot) == {(media_id, "250926-001", "completion_photo") for media_id in (2, 3)}
    answer = await bot.ask(STAFF, "/move 250926-002 2 3", timeout=WAIT)
    assert answer["text"] == "2 files now belong to request 250926-002."
    moved = {(media_id, "250926-002", "completion_photo") for media_id in (2, 3)}
    assert await attached(bot) == moved
    answer = await bot.ask(STAFF, "/detach 1 2 3", timeout=WAIT)
    assert answer["text"] == "2 files do not belong to 250926-002 any more."
    assert await attached(bot) == set()
    assert await undo(bot, STAFF, answer) == "It is as it was."
    assert await attached(bot) == moved
    await bot.card(STAFF, answer["message_id"] - 1, "Taken back: 2 files", timeout=WAIT)
    await bot.press(STAFF, answer, buttons(answer)[0]["callback_data"])
    assert await attached(bot) == moved, "once"


async def test_a_reply_to_one_of_an_album_or_to_its_card_is_for_all(bot: RunningBot, tmp_path: Path) -> None:
    files = [media.jpeg(tmp_path, orientation=turn) for turn in (1, 3, 6)]
    album = await bot.sandbox.send_files(STAFF, files)
    card = await bot.card(STAFF, album[-1]["message_id"], "Album: 3 files", "Stored", timeout=WAIT)
    answer = await bot.ask(STAFF, "/report 250926-001", reply_to=album[1]["message_id"], timeout=WAIT)
    assert answer["text"] == "3 files are now attached to request 250926-001 · after."
    answer = await bot.ask(STAFF, "/attach 250926-001 before", reply_to=card["message_id"], timeout=WAIT)
    assert answer["text"] == "3 files are now attached to request 250926-001 · before."
    assert {category for _, _, category in await attached(bot)} == {"request_photo"}
    answer = await bot.ask(STAFF, "/report", reply_to=card["message_id"], timeout=WAIT)
    assert answer["text"] == "3 files are now attached to request 250926-001 · after."
    await undo(bot, STAFF, answer)
    assert {category for _, _, category in await attached(bot)} == {"request_photo"}
    answer = await bot.ask(STAFF, "/detach", reply_to=card["message_id"], timeout=WAIT)
    assert answer["text"] == "3 files do not belong to 250926-001 any more."
    answer = await bot.ask(STAFF, "/detach", reply_to=card["message_id"], timeout=WAIT)
    assert "attached to nothing" in answer["text"]


async def test_several_numbers_and_from_one_to_another(bot: RunningBot, tmp_path: Path) -> None:
    sent = await sent_photo(bot, tmp_path, STAFF, 101, "Roof #250926-001 and 250926-002")
    reply = {"reply_to": sent["message_id"], "timeout": WAIT}
    answer = await bot.ask(STAFF, "/move 250926-001 250926-003", **reply)
    assert answer["text"] == "1 file now belongs to request 250926-003."
    assert {number for _, number, _ in await attached(bot)} == {"250926-002", "250926-003"}
    answer = await bot.ask(STAFF, "/detach 250926-002", **reply)
    assert answer["text"] == "1 file does not belong to 250926-002 any more."
    answer = await bot.ask(STAFF, "250926-004, 250926-005", **reply)
    assert answer["text"] == "1 file is now attached to request 250926-004, 250926-005."
    answer = await bot.ask(STAFF, "/move 250926-001 250926-009", **reply)
    assert "Nothing to move" in answer["text"]


async def test_an_edited_caption_takes_along_what_it_attached_and_nothing_else(bot: RunningBot, tmp_path: Path) -> None:
    sent = await sent_photo(bot, tmp_path, STAFF, 101, "Roof 250926-001")
    await bot.ask(STAFF, "/attach 250926-007", reply_to=sent["message_id"], timeout=WAIT)
    await bot.sandbox.edit(STAFF, sent["message_id"], STAFF, caption="Roof 250926-002")
    await bot.card(STAFF, sent["message_id"], "250926-002, 250926-007", timeout=WAIT)
    assert {number for _, number, _ in await attached(bot)} == {"250926-002", "250926-007"}
    await bot.sandbox.edit(STAFF, sent["message_id"], STAFF, caption="Roof")
    await bot.answers(STAFF, until=lambda found: "250926-002" not in found[0]["text"], timeout=WAIT)
    assert {number for _, number, _ in await attached(bot)} == {"250926-007"}


async def test_an_albums_edited_caption_moves_the_album(bot: RunningBot, tmp_path: Path) -> None:
    files = [media.jpeg(tmp_path, orientation=turn) for turn in (1, 3)]
    sent = await bot.sandbox.send_files(STAFF, files, caption="250926-001")
    await bot.card(STAFF, sent[-1]["message_id"], "Album: 2 files", "250926-001", timeout=WAIT)
    await bot.sandbox.edit(STAFF, sent[0]["message_id"], STAFF, caption="250926-002")

    def moved(found: list[Json]) -> bool:
        return bool(found) and found[0]["text"].count("request 250926-002") == 2

    await bot.answers(STAFF, sent[-1]["message_id"], until=moved, timeout=WAIT)
    assert {number for _, number, _ in await attached(bot)} == {"250926-002"}


async def test_tenants_change_only_their_own(bot: RunningBot, tmp_path: Path) -> None:
    await sent_photo(bot, tmp_path, STAFF, 101, "250926-001")
    await sent_photo(bot, tmp_path, TENANT, 102)
    assert (await bot.ask(TENANT, "/attach 250926-001 1 2", timeout=WAIT))["text"] == "I have no such file."
    assert (await bot.ask(TENANT, "/detach 1", timeout=WAIT))["text"] == "I have no such file."
    assert (await bot.ask(TENANT, "/move 250926-002 1", timeout=WAIT))["text"] == "I have no such file."
    assert await attached(bot) == {(1, "250926-001", "request_photo")}
    answer = await bot.ask(TENANT, "/attach 250926-001 last", timeout=WAIT)
    assert answer["text"] == "1 file is now attached to request 250926-001."
    await bot.press(STAFF, answer, buttons(answer)[0]["callback_data"])
    assert len(await attached(bot)) == 2, "whose change it is not cannot take it back"
    answer = await bot.ask(STAFF, "/detach 2", timeout=WAIT)
    assert "any more" in answer["text"]
    await undo(bot, STAFF, answer)
    assert len(await attached(bot)) == 2


@pytest.mark.parametrize("command", ["/attach", "/report", "/detach", "/move", "/move 250926-001"])
async def test_without_what_it_needs_a_command_says_what_to_write(bot: RunningBot, command: str) -> None:
    name = command.split(maxsplit=1)[0]
    answer = await bot.ask(STAFF, command, timeout=WAIT)
    assert name in answer["text"]
    wrong = await bot.ask(STAFF, f"{name} 259999-001", timeout=WAIT)
    assert wrong["text"] == "259999-001 is not a request number. It looks like this: 250926-001."
    nothing = await bot.ask(STAFF, f"{name} 250926-001 last 3", timeout=WAIT)
    assert nothing["text"] == "You have not sent me any files here yet."
