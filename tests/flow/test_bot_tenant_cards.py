"""A sender's card: the way round for what is too large, files sent twice, names that try to disturb."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from storage.domain import Caller, Role
from tests import media
from tests.flow.bot_running import STAFF, TENANT, RunningBot, buttons, labelled, running_bot

MIB = 1 << 20
PATIENT = 60
PERSON = Caller.person(TENANT, Role.USER)


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path) as running:
        await sandbox.person(TENANT, language_code="en")
        yield running


@pytest.mark.parametrize(
    ("language", "words", "label", "offer"),
    [
        ("en", "Too large for the web page", "Upload page", "you can send me up to 10 files"),
        ("ru", "файл слишком велик", "Страница загрузки", "можно прислать мне до 10 файлов"),
    ],
)
async def test_what_is_too_large_to_be_fetched_back_has_a_way_round(
    bot: RunningBot, language: str, words: str, label: str, offer: str
) -> None:
    await bot.sandbox.person(TENANT, language_code=language)
    sent = await bot.sandbox.send_virtual(TENANT, 21 * MIB, caption="250926-001")
    card = await bot.card(TENANT, sent["message_id"], words, timeout=PATIENT)
    await bot.sandbox.press(TENANT, card, data=labelled(card, label))
    (offered,) = await bot.answers(TENANT, card["message_id"], timeout=PATIENT)
    assert offer in offered["text"]
    assert "250926-001" in offered["text"], "what comes by the page goes to the same request"
    assert "/upload#" in offered["text"] + str(buttons(offered))


async def test_a_file_sent_again_leads_to_the_first_and_brings_its_words(bot: RunningBot, tmp_path: Path) -> None:
    (first,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)], caption="kitchen")
    card = await bot.card(TENANT, first["message_id"], "Stored", timeout=PATIENT)
    await bot.sandbox.advance(600)
    await bot.ask(TENANT, "still dripping", timeout=PATIENT)
    again = await bot.sandbox.forward(TENANT, first, TENANT)
    second = await bot.card(TENANT, again["message_id"], "You sent this file on", "Here it is", timeout=PATIENT)
    assert second["reply_to_message"]["message_id"] == card["message_id"]
    await bot.card(TENANT, first["message_id"], "📝 kitchen still dripping", timeout=PATIENT)
    await bot.sandbox.press(TENANT, second, data=labelled(second, "📎"))
    given = (await bot.answers(TENANT, second["message_id"], timeout=PATIENT))[0]
    assert "photo" in given
    views, total = await bot.archive.use_cases.reading.own(PERSON, limit=5, offset=0)
    assert (total, views[0].description) == (1, "kitchen\nstill dripping")


async def test_somebody_else_may_send_the_same_file(bot: RunningBot, tmp_path: Path) -> None:
    path = media.jpeg(tmp_path)
    (first,) = await bot.sandbox.send_files(TENANT, [path])
    await bot.card(TENANT, first["message_id"], "Stored", timeout=PATIENT)
    (second,) = await bot.sandbox.send_files(STAFF, [path])
    card = await bot.card(STAFF, second["message_id"], "Сохранено", timeout=PATIENT)
    assert "уже присылали" not in card["text"]


@pytest.mark.parametrize(
    "name", ["<b>x</b>&amp;.txt", "\u202egnp.txt", "\u200b\u2060.txt", "ы" * 200 + ".txt", "🙏.txt"]
)
async def test_names_are_only_text(bot: RunningBot, tmp_path: Path, name: str) -> None:
    path = tmp_path / "file.txt"
    path.write_text("a line\n" * 9)
    item = {"kind": "document", "file_name": name, "mime_type": "text/plain"}
    (sent,) = await bot.sandbox.send_files(TENANT, [path], media=[item])
    card = await bot.card(TENANT, sent["message_id"], "Stored", timeout=PATIENT)
    title = card["text"].splitlines()[0]
    assert title.endswith("txt")
    assert len(title) <= 70
    assert not set(title) & {"\u202e", "\u200b", "\u2060"}
