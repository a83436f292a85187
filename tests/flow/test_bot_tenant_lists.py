"""What people have here: lists with filters, search, how much it is, links, and what becomes of all of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import SandboxClient
from storage.domain import Quota
from tests import media
from tests.flow.bot_running import ADMIN, STAFF, TENANT, Json, RunningBot, buttons, labelled, running_bot

PATIENT = 40
CONFIG: Json = {"webhook_secret": "s3cret", "public_url": "https://media.example.com"}


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path, config=CONFIG) as running:
        for person in (TENANT, STAFF):
            await sandbox.person(person, language_code="en")
        yield running


async def photo(bot: RunningBot, tmp_path: Path, caption: str | None = None, **image: Any) -> int:
    """A stored photo of the tenant's: its id."""
    (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path, **image)], caption=caption)
    card = await bot.card(TENANT, sent["message_id"], "Stored", timeout=PATIENT)
    return int(card["text"].split("ID ")[1].split()[0])


async def document(bot: RunningBot, tmp_path: Path, name: str, caption: str | None = None) -> int:
    path = tmp_path / name
    path.write_text(f"this is {name}\n" * 9)
    (sent,) = await bot.sandbox.send_files(TENANT, [path], kind="document", caption=caption)
    card = await bot.card(TENANT, sent["message_id"], "Stored", timeout=PATIENT)
    return int(card["text"].split("ID ")[1].split()[0])


async def pressed(bot: RunningBot, message: Json, label: str, *words: str) -> Json:
    """The message after a press of the button ``label``, once it says ``words``."""
    await bot.sandbox.press(TENANT, message, data=labelled(message, label))
    return await bot.card(TENANT, message["message_id"] - 1, *words, timeout=PATIENT)


async def test_the_list_has_filters(bot: RunningBot, tmp_path: Path) -> None:
    await photo(bot, tmp_path, "leak 250926-001")
    await photo(bot, tmp_path, orientation=3)
    await document(bot, tmp_path, "plan.txt", "250926-002")
    page = await bot.ask(TENANT, "/my", timeout=PATIENT)
    assert "Your files: 3" in page["text"]
    assert [one["text"] for one in buttons(page)[3:]] == ["Show…"]
    page = await pressed(bot, page, "Show…", "What shall I show?")
    assert [one["text"] for one in buttons(page)] == [
        "• All",
        "Photos",
        "Videos",
        "Other files",
        "Without a request",
        "By request",
        "‹ Back",
    ]
    page = await pressed(bot, page, "Photos", "Photos: 2")
    page = await pressed(bot, page, "Show…", "What shall I show?")
    assert "• Photos" in str(buttons(page))
    page = await pressed(bot, page, "Videos", "Videos", "nothing here yet")
    page = await chosen(bot, page, "Other files", "Other files: 1", "plan.txt")
    page = await chosen(bot, page, "Without a request", "Without a request: 1")
    page = await chosen(bot, page, "By request", "Choose one")
    assert [one["text"] for one in buttons(page)[:2]] == ["250926-002 · 1", "250926-001 · 1"]
    page = await pressed(bot, page, "250926-001", "Request 250926-001: 1")
    await chosen(bot, page, "All", "Your files: 3")


async def chosen(bot: RunningBot, message: Json, label: str, *words: str) -> Json:
    """The list narrowed down to ``label``."""
    return await pressed(bot, await pressed(bot, message, "Show…", "What shall I show?"), label, *words)


async def test_made_up_filters_and_pages_do_no_harm(bot: RunningBot, tmp_path: Path) -> None:
    media_id = await photo(bot, tmp_path)
    page = await bot.ask(TENANT, "/my", timeout=PATIENT)
    for data in (
        "my:99999999:",
        "my:0:x",
        "my:-3:p",
        "my:0:999999-999",
        "myonly:x",
        "find:1:0",
        f"find:{'9' * 30}:1",
        "find:-1:-1",
    ):
        await bot.press(TENANT, page, data)
    for data in (
        "undoall:0",
        f"undoall:{'9' * 30}",
        "undoall:-5",
        "delall:x",
        "number",
        "page",
        "to:x:1",
        "to:250926-001:1",
    ):
        await bot.press(TENANT, page, data)
    assert "photo" in await bot.ask(TENANT, f"/get {media_id}", timeout=PATIENT)


async def test_search_by_words_tags_and_numbers_among_ones_own(bot: RunningBot, tmp_path: Path) -> None:
    mine = await document(bot, tmp_path, "plan.txt", "Протечка на кухне #urgent 250926-001")
    await document(bot, tmp_path, "note.txt", "lift stands still")
    for words in ("протечка", "кухне #urgent", "#urgent", "№250926-001", "plan"):
        found = await bot.ask(TENANT, f"/find {words}", timeout=PATIENT)
        assert f"Found for “{words}”: 1" in found["text"], words
        assert f"{mine} 📄 plan.txt" in found["text"]
    assert "nothing for “balcony”" in (await bot.ask(TENANT, "/find balcony", timeout=PATIENT))["text"]
    assert "Words, #tags" in (await bot.ask(TENANT, "/find", timeout=PATIENT))["text"]
    assert "nothing for “🙏”" in (await bot.ask(TENANT, "/find 🙏", timeout=PATIENT))["text"]
    assert "nothing for" in (await bot.ask(TENANT, "/find <b>&" + "x" * 3000, timeout=PATIENT))["text"]
    await bot.sandbox.person(77, first_name="Bob", language_code="en")
    assert "nothing for" in (await bot.ask(77, "/find протечка", timeout=PATIENT))["text"], "others find nothing of it"


async def test_pages_of_a_search_turn_for_who_asked(bot: RunningBot, tmp_path: Path) -> None:
    for at in range(9):
        await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path, width=100 + at)], caption="roof")
    await bot.answers(TENANT, until=lambda found: str(found).count("Stored") == 9, timeout=PATIENT)
    page = await bot.ask(TENANT, "/find roof", timeout=PATIENT)
    assert "Found for “roof”: 9" in page["text"]
    turning = labelled(page, "More")
    await bot.press(ADMIN, page, turning)
    page = await pressed(bot, page, "More", "Page 2 of 2")
    await pressed(bot, page, "Back", "Page 1 of 2")


async def test_usage_by_kind(bot: RunningBot, tmp_path: Path) -> None:
    assert "sent me 0 files" in (await bot.ask(TENANT, "/usage", timeout=PATIENT))["text"]
    await photo(bot, tmp_path)
    await document(bot, tmp_path, "plan.txt")
    lines = (await bot.ask(TENANT, "/usage", timeout=PATIENT))["text"].splitlines()
    assert lines[0].startswith("You have sent me 2 files, ")
    assert lines[1:] == ["📄 file: 1, 153 B", lines[2]]
    assert lines[2].startswith("🖼 photo: 1, ")


async def test_usage_tells_what_a_quota_leaves(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    quota = Quota(day_bytes=10 << 20, day_files=20)
    async with running_bot(database_url, sandbox, tmp_path, config={"person_quota": quota}) as bot:
        await sandbox.person(TENANT, language_code="ru")
        text = (await bot.ask(TENANT, "/usage", timeout=PATIENT))["text"]
        assert "Сегодня: 0 Б из 10 МБ\nФайлов сегодня: 0 из 20" in text


async def test_a_link_works_for_others_until_its_end(bot: RunningBot, tmp_path: Path) -> None:
    media_id = await photo(bot, tmp_path)
    text = (await bot.ask(TENANT, f"/link {media_id} 2", timeout=PATIENT))["text"]
    assert f"open file {media_id} for 2 hours" in text
    assert "https://media.example.com/d/" in text
    parameter = text.split("start=")[1].split()[0]
    await bot.sandbox.person(77, first_name="Bob", language_code="en")
    assert "no such file" in (await bot.ask(77, f"/get {media_id}", timeout=PATIENT))["text"]
    assert "photo" in await bot.ask(77, f"/start {parameter}", timeout=PATIENT)
    for made_up in (parameter[:-1], parameter[:-2] + "AA", "m_", "m_" + "A" * 47):
        assert "has ended or is not whole" in (await bot.ask(77, f"/start {made_up}", timeout=PATIENT))["text"]
    assert "no such file" in (await bot.ask(77, f"/link {media_id}", timeout=PATIENT))["text"]
    await bot.ask(TENANT, f"/delete {media_id}", timeout=PATIENT)
    assert "deleted" in (await bot.ask(77, f"/start {parameter}", timeout=PATIENT))["text"]


@pytest.mark.parametrize("hours", ["0", "-1", "721", "x", "2 3", "99999999999"])
async def test_links_have_a_sensible_life(bot: RunningBot, tmp_path: Path, hours: str) -> None:
    media_id = await photo(bot, tmp_path)
    assert "From 1 to 720" in (await bot.ask(TENANT, f"/link {media_id} {hours}", timeout=PATIENT))["text"]
    assert "/link 17 24" in (await bot.ask(TENANT, "/link", timeout=PATIENT))["text"]


async def test_without_a_public_address_a_link_works_in_telegram(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    async with running_bot(database_url, sandbox, tmp_path, config={"webhook_secret": "s3cret"}) as bot:
        await sandbox.person(TENANT, language_code="ru")
        (sent,) = await sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
        await bot.card(TENANT, sent["message_id"], "Сохранено", timeout=PATIENT)
        text = (await bot.ask(TENANT, "/link 1", timeout=PATIENT))["text"]
        assert "PUBLIC_URL" in text
        assert "127.0.0.1" not in text
        assert "photo" in await bot.ask(TENANT, "/start " + text.split("start=")[1].split()[0], timeout=PATIENT)


async def test_everything_can_be_listed_deleted_and_taken_back(bot: RunningBot, tmp_path: Path) -> None:
    said = await bot.ask(TENANT, "/privacy", timeout=PATIENT)
    assert "can outlive it" in said["text"]
    await bot.sandbox.press(TENANT, said, data=labelled(said, "Delete everything"))
    await bot.answers(TENANT, said["message_id"], until=lambda found: "nothing of yours" in str(found), timeout=PATIENT)
    await photo(bot, tmp_path, "leak | <b>\n#urgent 250926-001")
    await document(bot, tmp_path, "plan.txt")
    said = await bot.ask(TENANT, "/privacy", timeout=PATIENT)
    await bot.sandbox.press(TENANT, said, data=labelled(said, "List"))
    (listed,) = await bot.answers(TENANT, said["message_id"], timeout=PATIENT)
    assert listed["caption"] == "Everything you sent: 2 files."
    lines = (await bot.sandbox.file(listed["document"]["file_unique_id"])).decode().splitlines()
    assert len(lines) == 4
    assert "leak | <b>" in lines[2]
    assert " | 250926-001 | #urgent | " in lines[2]
    assert " | plan.txt | file | " in lines[3]
    await bot.sandbox.press(TENANT, said, data=labelled(said, "Delete everything"))
    question = (await bot.answers(TENANT, listed["message_id"], timeout=PATIENT))[0]
    assert "all 2 files" in question["text"]
    done = await pressed(bot, question, "Yes", "Deleted: 2", "2 seconds")
    assert "not sent me any files" in (await bot.ask(TENANT, "/my", timeout=PATIENT))["text"]
    await bot.press(STAFF, done, labelled(done, "Undo"))
    await bot.press(TENANT, done, labelled(done, "Undo"))
    assert "Your files: 2" in (await bot.ask(TENANT, "/my", timeout=PATIENT))["text"] or "too late" in str(
        await bot.answers(TENANT)
    )


async def test_no_for_an_answer(bot: RunningBot, tmp_path: Path) -> None:
    await photo(bot, tmp_path)
    said = await bot.ask(TENANT, "/privacy", timeout=PATIENT)
    await bot.sandbox.press(TENANT, said, data=labelled(said, "Delete everything"))
    (question,) = await bot.answers(TENANT, said["message_id"], timeout=PATIENT)
    await pressed(bot, question, "Never mind", "leave it at that")
    assert "Your files: 1" in (await bot.ask(TENANT, "/my", timeout=PATIENT))["text"]
