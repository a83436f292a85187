"""Words beside files: before, between and after them, as an answer, by the button, and what describes nothing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import SandboxClient
from storage.domain import Caller, Role
from tests import media
from tests.flow.bot_running import ADMIN, STAFF, TENANT, Json, RunningBot, buttons, labelled, running_bot
from tests.flow.conftest import eventually

PERSON = Caller.person(TENANT, Role.USER)
PATIENT = 40


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path) as running:
        await sandbox.person(TENANT, language_code="en")
        yield running


async def photo(bot: RunningBot, tmp_path: Path, turn: int = 1, **fields: Any) -> Json:
    """A photo that differs by its ``turn``, once it is stored: its message."""
    (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path, orientation=turn)], **fields)
    await bot.card(TENANT, sent["message_id"], "Stored", timeout=PATIENT)
    return sent


async def said(bot: RunningBot, *descriptions: str | None) -> None:
    """Wait until the person's files, oldest first, have these descriptions."""

    async def as_said() -> bool:
        views, _ = await bot.archive.use_cases.reading.own(PERSON, limit=50, offset=0)
        return [view.description for view in reversed(views)] == list(descriptions)

    await eventually(as_said)


async def reaction(bot: RunningBot, message: Json, emoji: str) -> None:
    await bot.sandbox.wait_for(
        TENANT,
        lambda found: any(
            one["message_id"] == message["message_id"] and emoji in str(one.get("reactions")) for one in found
        ),
        timeout=PATIENT,
    )


async def test_words_before_a_file_wait_for_it(bot: RunningBot, tmp_path: Path) -> None:
    answer = await bot.ask(TENANT, "Water drips from the ceiling", timeout=PATIENT)
    assert "within three minutes" in answer["text"]
    more = await bot.sandbox.send_text(TENANT, "flat 12 #urgent")
    await reaction(bot, more, "✍")
    sent = await photo(bot, tmp_path)
    card = await bot.card(TENANT, sent["message_id"], "📝 Water drips from the ceiling flat 12", timeout=PATIENT)
    assert [one["text"] for one in buttons(card)] == ["📎 To a request", "🗑 Delete"]
    await said(bot, "Water drips from the ceiling\nflat 12")


async def test_words_after_files_are_for_all_of_them(bot: RunningBot, tmp_path: Path) -> None:
    for turn in (1, 3):
        await photo(bot, tmp_path, turn)
    text = await bot.sandbox.send_text(TENANT, "The pipe in the kitchen")
    await reaction(bot, text, "✍")
    await said(bot, *["The pipe in the kitchen"] * 2)
    await bot.sandbox.send_text(TENANT, "third floor")
    await said(bot, *["The pipe in the kitchen\nthird floor"] * 2)
    assert not any("three minutes" in one.get("text", "") for one in await bot.answers(TENANT))


async def test_words_between_files_are_for_both_until_others_come(bot: RunningBot, tmp_path: Path) -> None:
    await photo(bot, tmp_path, 1)
    await bot.sandbox.send_text(TENANT, "kitchen")
    await said(bot, "kitchen")
    await photo(bot, tmp_path, 3)
    await said(bot, "kitchen", "kitchen")
    await bot.sandbox.send_text(TENANT, "bathroom")
    await said(bot, "kitchen", "bathroom")
    await photo(bot, tmp_path, 6, caption="hall")
    await said(bot, "kitchen", "bathroom", "hall")


async def test_old_words_are_not_taken_for_a_new_file(bot: RunningBot, tmp_path: Path) -> None:
    await bot.ask(TENANT, "Hello there", timeout=PATIENT)
    await bot.sandbox.advance(600)
    await photo(bot, tmp_path)
    await said(bot, None)
    await bot.sandbox.advance(600)
    assert "three minutes" in (await bot.ask(TENANT, "Are you still there?", timeout=PATIENT))["text"]
    await said(bot, None)


async def test_a_number_in_words_attaches(bot: RunningBot, tmp_path: Path) -> None:
    answer = await bot.ask(TENANT, "for 250926-001 please", timeout=PATIENT)
    assert "goes to request 250926-001" in answer["text"]
    sent = await photo(bot, tmp_path)
    await bot.card(TENANT, sent["message_id"], "request 250926-001", "📝 for please", timeout=PATIENT)
    answer = await bot.ask(TENANT, "№250926 2", timeout=PATIENT)
    assert answer["text"] == "1 file is now attached to request 250926-002."


async def test_an_album_takes_the_words_before_it_and_after_it(bot: RunningBot, tmp_path: Path) -> None:
    await bot.ask(TENANT, "Протечка на кухне", timeout=PATIENT)
    files = [media.jpeg(tmp_path, orientation=turn) for turn in (1, 3, 6)]
    sent = await bot.sandbox.send_files(TENANT, files)
    card = await bot.card(TENANT, sent[-1]["message_id"], "Album: 3 files", "Stored", timeout=PATIENT)
    assert card["text"].count("Протечка на кухне") == 1, "what is common is said once"
    await bot.sandbox.send_text(TENANT, "квартира 12")
    await said(bot, *["Протечка на кухне\nквартира 12"] * 3)


async def test_an_answer_to_a_card_describes_and_to_anything_else_does_not(bot: RunningBot, tmp_path: Path) -> None:
    help_text = await bot.ask(TENANT, "/help", timeout=PATIENT)
    sent = await photo(bot, tmp_path)
    card = await bot.card(TENANT, sent["message_id"], "Stored")
    await bot.sandbox.advance(600)
    await bot.sandbox.send_text(TENANT, "the old pipe", reply_to=card["message_id"])
    await said(bot, "the old pipe")
    answer = await bot.ask(TENANT, "thanks for that", reply_to=help_text["message_id"], timeout=PATIENT)
    assert "Send me a photo" in answer["text"]
    await said(bot, "the old pipe")


@pytest.mark.parametrize("nothing", ["🙏🙏🙏", "…?!", "\u200b\u200f\u2060", "\u202e"])
async def test_signs_describe_nothing_and_are_answered(bot: RunningBot, tmp_path: Path, nothing: str) -> None:
    assert "Send me a photo" in (await bot.ask(TENANT, nothing, timeout=PATIENT))["text"]
    await photo(bot, tmp_path)
    text = await bot.sandbox.send_text(TENANT, nothing)
    await reaction(bot, text, "👍")
    await said(bot, None)


async def test_the_longest_words_markup_and_turned_text_harm_no_card(bot: RunningBot, tmp_path: Path) -> None:
    await bot.ask(TENANT, "<b>x</b> & \u202egnp.exe " + "ы" * 4000, timeout=PATIENT)
    sent = await photo(bot, tmp_path)
    card = await bot.card(TENANT, sent["message_id"], "📝 <b>x</b> & gnp.exe ыыы", "…", timeout=PATIENT)
    assert len(card["text"]) < 600
    views, _ = await bot.archive.use_cases.reading.own(PERSON, limit=1, offset=0)
    assert len(views[0].description or "") == 2000


async def test_describing_by_the_button(bot: RunningBot, tmp_path: Path) -> None:
    await bot.sandbox.person(TENANT, language_code="ru")
    (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    card = await bot.card(TENANT, sent["message_id"], "Сохранено", timeout=PATIENT)
    await bot.sandbox.press(TENANT, card, data=labelled(card, "Описать"))
    (question,) = await bot.answers(TENANT, card["message_id"], timeout=PATIENT)
    assert "Что там видно?" in question["text"]
    assert "несколько слов" in (await bot.ask(TENANT, "👍", timeout=PATIENT))["text"]
    assert "описание добавлено к 1 файлу" in (await bot.ask(TENANT, "Труба течёт #срочно", timeout=PATIENT))["text"]
    card = await bot.card(TENANT, sent["message_id"], "📝 Труба течёт", timeout=PATIENT)
    assert "Описать" not in str(buttons(card))
    await said(bot, "Труба течёт")
    views, _ = await bot.archive.use_cases.reading.own(PERSON, limit=1, offset=0)
    assert views[0].tags == ("срочно",)


async def test_a_question_ends_by_cancel_by_its_button_and_by_another_file(bot: RunningBot, tmp_path: Path) -> None:
    assert "nothing to leave" in (await bot.ask(TENANT, "/cancel", timeout=PATIENT))["text"]
    sent = await photo(bot, tmp_path)
    card = await bot.card(TENANT, sent["message_id"], "Stored")
    describe = labelled(card, "Describe")

    async def asked() -> Json:
        last = (await bot.answers(TENANT))[-1]["message_id"]
        await bot.sandbox.press(TENANT, card, data=describe)
        return (await bot.answers(TENANT, last, timeout=PATIENT))[0]

    await asked()
    assert "leave it at that" in (await bot.ask(TENANT, "/cancel", timeout=PATIENT))["text"]
    question = await asked()
    await bot.sandbox.press(TENANT, question, data=labelled(question, "Never mind"))
    await bot.card(TENANT, question["message_id"] - 1, "leave it at that", timeout=PATIENT)
    await asked()
    await photo(bot, tmp_path, 3)
    await bot.sandbox.send_text(TENANT, "the second one")
    await said(bot, "the second one", "the second one")


async def test_attaching_by_the_button(bot: RunningBot, tmp_path: Path) -> None:
    sent = await photo(bot, tmp_path)
    card = await bot.card(TENANT, sent["message_id"], "Stored")
    await bot.sandbox.press(TENANT, card, data=labelled(card, "To a request"))
    await bot.answers(TENANT, card["message_id"], until=lambda found: "Which request" in str(found), timeout=PATIENT)
    assert "no request number there" in (await bot.ask(TENANT, "the usual one", timeout=PATIENT))["text"]
    assert "250926-003" in (await bot.ask(TENANT, "250926 3", timeout=PATIENT))["text"]
    await bot.card(TENANT, sent["message_id"], "request 250926-003", timeout=PATIENT)
    sent = await photo(bot, tmp_path, 3)
    card = await bot.card(TENANT, sent["message_id"], "Stored")
    await bot.sandbox.press(TENANT, card, data=labelled(card, "To a request"))
    (question,) = await bot.answers(TENANT, card["message_id"], timeout=PATIENT)
    await bot.sandbox.press(TENANT, question, data=labelled(question, "250926-003"))
    await bot.card(TENANT, sent["message_id"], "request 250926-003", timeout=PATIENT)


async def test_buttons_under_somebody_elses_card_find_nothing(bot: RunningBot, tmp_path: Path) -> None:
    sent = await photo(bot, tmp_path)
    card = await bot.card(TENANT, sent["message_id"], "Stored")
    for person in (STAFF, ADMIN):
        await bot.press(person, card, "word")
        await bot.press(person, card, f"to:250926-001:{card['message_id']}")
    await said(bot, None)
    views, _ = await bot.archive.use_cases.reading.own(PERSON, limit=1, offset=0)
    assert views[0].request_numbers == ()


async def test_an_edited_caption_takes_its_words_and_tags_along(bot: RunningBot, tmp_path: Path) -> None:
    sent = await photo(bot, tmp_path, caption="The pipe #leak #urgent")
    await bot.sandbox.send_text(TENANT, "flat 12")
    await said(bot, "The pipe\nflat 12")
    await bot.sandbox.edit(TENANT, sent["message_id"], TENANT, caption="The old pipe #leak")
    await said(bot, "The old pipe\nflat 12")
    await bot.card(TENANT, sent["message_id"], "📝 The old pipe flat 12", timeout=PATIENT)
    views, _ = await bot.archive.use_cases.reading.own(PERSON, limit=1, offset=0)
    assert views[0].tags == ("leak",)
    await bot.sandbox.edit(TENANT, sent["message_id"], TENANT, caption="#leak #leak")
    await said(bot, "flat 12")


async def test_commands_in_an_edited_caption_are_words(bot: RunningBot, tmp_path: Path) -> None:
    sent = await photo(bot, tmp_path, caption="roof")
    await bot.sandbox.edit(TENANT, sent["message_id"], TENANT, caption="/delete 1 now")
    await said(bot, "/delete 1 now")
