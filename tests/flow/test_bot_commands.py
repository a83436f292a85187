"""What people ask for in words: lists, files, deletions, requests, and nonsense."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from storage.details import Details
from storage.domain import Caller, Scope
from storage.intake.taking_in import Arrival
from storage.request_numbers import RequestNumber
from tests import media
from tests.flow.bot_running import ADMIN, GROUP, STAFF, TENANT, Json, RunningBot, buttons, running_bot

NUMBER = RequestNumber("250926-001")


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path, part_size="64KiB") as running:
        for person in (TENANT, STAFF):
            await sandbox.person(person, language_code="en")
        yield running


async def stored(bot: RunningBot, path: Path, person: int = ADMIN, caption: str | None = None) -> tuple[int, Json]:
    """A photo sent and stored: its id and its card."""
    (sent,) = await bot.sandbox.send_files(person, [path], caption=caption)
    card = await bot.card(person, sent["message_id"], "Stored")
    return int(card["text"].split("ID ")[1].split()[0]), card


async def uploaded(bot: RunningBot, size: int) -> int:
    """A file through the other door."""
    arrival = Arrival(caller=Caller.service("crm", frozenset(Scope)), filename="log.txt")
    async with bot.archive.use_cases.intake.begin(arrival) as upload:
        await upload.write(b"a line\n" * (size // 7))
        accepted = await upload.accept(await upload.finish(), Details(request_number=NUMBER))
        assert await upload.progress.wait_ended(15)
    return accepted.media.id


async def test_hello_and_help(bot: RunningBot) -> None:
    assert "Hello, Emma" in (await bot.ask(ADMIN, "/start"))["text"]
    assert "For staff" in (await bot.ask(ADMIN, "/help"))["text"]
    assert "For staff" not in (await bot.ask(TENANT, "/help"))["text"]
    assert "/help" in (await bot.ask(TENANT, "/nonsense"))["text"]
    assert "Send me" in (await bot.ask(TENANT, "x" * 4096))["text"]


async def test_markup_in_a_name_is_only_text(bot: RunningBot) -> None:
    await bot.sandbox.person(77, first_name="<b>Bob</b> & co", language_code="en")
    assert "Hello, <b>Bob</b> & co!" in (await bot.ask(77, "/start"))["text"]


async def test_a_language_can_be_chosen(bot: RunningBot) -> None:
    question = await bot.ask(TENANT, "/language")
    await bot.sandbox.press(TENANT, question, row=0, column=1)
    await bot.card(TENANT, question["message_id"] - 1, "говорим по-русски")
    assert "Здравствуйте" in (await bot.ask(TENANT, "/start"))["text"]


async def test_a_file_comes_back_without_the_line_for_programs(bot: RunningBot, tmp_path: Path) -> None:
    media_id, _ = await stored(bot, media.jpeg(tmp_path), caption="Leak #250926-001")
    given = await bot.ask(ADMIN, f"/get {media_id}")
    assert "photo" in given
    assert given["caption"].startswith("Photo, ")
    assert given["caption"].endswith(f" · ID {media_id} · 250926-001")


async def test_a_file_of_one_part_from_the_other_door(bot: RunningBot) -> None:
    media_id = await uploaded(bot, 1000)
    given = await bot.ask(STAFF, f"/get {media_id}")
    assert given["document"]["file_name"] == "log.txt"


async def test_a_file_in_parts_is_for_the_web(bot: RunningBot) -> None:
    media_id = await uploaded(bot, 150_000)
    assert f"/api/v1/media/{media_id}/file" in (await bot.ask(ADMIN, f"/get {media_id}"))["text"]
    text = (await bot.ask(STAFF, f"/get {media_id}"))["text"]
    assert "3 parts" in text
    assert "/api/" not in text


@pytest.mark.parametrize("command", ["/get", "/delete"])
async def test_what_is_not_ones_own_answers_like_what_is_not_there(
    bot: RunningBot, tmp_path: Path, command: str
) -> None:
    media_id, _ = await stored(bot, media.jpeg(tmp_path))
    answers = {
        (await bot.ask(TENANT, f"{command} {wanted}"))["text"] for wanted in (media_id, 10**6, "x", "-1", "9" * 40)
    }
    assert answers == {"I have no such file."}
    assert command in (await bot.ask(TENANT, command))["text"]
    assert "photo" in await bot.ask(ADMIN, f"/get {media_id}")


async def test_delete_and_undo_by_command(bot: RunningBot, tmp_path: Path) -> None:
    media_id, _ = await stored(bot, media.jpeg(tmp_path))
    answer = await bot.ask(ADMIN, f"/delete {media_id}")
    assert "for 2 seconds" in answer["text"]
    assert (await bot.ask(ADMIN, f"/get {media_id}"))["text"] == "This file is deleted."
    pressed = await bot.sandbox.press(ADMIN, answer, row=0, column=0)
    assert pressed["text"] == "It is back."
    await bot.press(ADMIN, answer, f"undo:{media_id}:0")
    assert "photo" in await bot.ask(ADMIN, f"/get {media_id}")


async def test_pages_of_ones_own_files(bot: RunningBot, tmp_path: Path) -> None:
    assert "not sent me any files" in (await bot.ask(ADMIN, "/my"))["text"]
    for at in range(9):
        await bot.sandbox.send_files(ADMIN, [media.jpeg(tmp_path, width=100 + at)])
    await bot.answers(ADMIN, until=lambda found: str(found).count("Stored") == 9, timeout=30)
    answer = await bot.ask(ADMIN, "/my")
    assert "Your files: 9" in answer["text"]
    assert len(buttons(answer)) == 8 + 2, "the page's files, what to show, and the way on"
    await bot.sandbox.press(ADMIN, answer, data=buttons(answer)[-1]["callback_data"])
    turned = await bot.card(ADMIN, answer["message_id"] - 1, "Page 2 of 2")
    await bot.sandbox.press(ADMIN, turned, data=buttons(turned)[0]["callback_data"])
    assert "photo" in (await bot.answers(ADMIN, answer["message_id"]))[0]


async def test_made_up_buttons_do_no_harm(bot: RunningBot, tmp_path: Path) -> None:
    media_id, card = await stored(bot, media.jpeg(tmp_path))
    for data in (
        "my:999999999999999",
        "my:-5",
        "nonsense",
        "del:x:1",
        f"del:{'9' * 30}:1",
        "lang:xx",
        "req:abc:0",
        "req:250926-001:-3",
    ):
        await bot.press(ADMIN, card, data)
    assert "photo" in await bot.ask(ADMIN, f"/get {media_id}")


async def test_staff_attach_by_reply_to_media_card_and_album(bot: RunningBot, tmp_path: Path) -> None:
    files = [media.jpeg(tmp_path, orientation=turn) for turn in (1, 3)]
    album = await bot.sandbox.send_files(STAFF, files)
    card = await bot.card(STAFF, album[-1]["message_id"], "Album: 2 files", "Stored")
    for number, target in (("250926-001", album[0]), ("250926-002", card)):
        answer = await bot.ask(STAFF, f"/attach {number}", reply_to=target["message_id"])
        assert answer["text"] == f"2 files are now attached to request {number}."
    answer = await bot.ask(STAFF, "/attach 250926-002", reply_to=card["message_id"])
    assert "already" in answer["text"]
    await bot.card(STAFF, album[-1]["message_id"], "250926-001, 250926-002")
    assert "Reply to a file" in (await bot.ask(STAFF, "/attach"))["text"]
    answer = await bot.ask(STAFF, "/attach 259999-001", reply_to=card["message_id"])
    assert "259999-001 is not a request number" in answer["text"]
    answer = await bot.ask(STAFF, "/attach 1", reply_to=answer["message_id"])
    assert "no file of mine there" in answer["text"]


async def test_a_request_shows_its_files_to_staff_only(bot: RunningBot, tmp_path: Path) -> None:
    for turn in (1, 3):
        await stored(bot, media.jpeg(tmp_path, orientation=turn), TENANT, "250926-001")
    await uploaded(bot, 500)
    said = await bot.sandbox.send_text(STAFF, "/request №250926 1")
    found = await bot.answers(STAFF, said["message_id"], until=lambda answers: len(answers) == 3)
    assert "Request 250926-001: 3 files" in found[0]["text"]
    assert "request photos: 2\nrequest documents: 1" in found[0]["text"]
    assert found[1]["media_group_id"] == found[2]["media_group_id"]
    refused, unknown = await bot.ask(TENANT, "/request 250926-001"), await bot.ask(STAFF, "/request 250926-777")
    assert refused["text"].replace("250926-001", "250926-777") == unknown["text"]
    assert "I find nothing for request" in (await bot.ask(STAFF, "/request 250926-005"))["text"]
    await bot.press(TENANT, found[0], "req:250926-001:0")


async def test_groups_get_answers_to_commands_only(bot: RunningBot) -> None:
    for text in ("hello", "/nonsense", "/help@another_bot"):
        await bot.sandbox.send_text(STAFF, text, chat=GROUP)
    answer = await bot.ask(STAFF, "/help@mediagate_bot", chat=GROUP)
    assert answer["reply_to_message"]["text"] == "/help@mediagate_bot"
    assert len(await bot.answers(GROUP)) == 1


async def test_a_list_in_a_group_stays_that_of_whoever_asked(bot: RunningBot, tmp_path: Path) -> None:
    await stored(bot, media.jpeg(tmp_path), STAFF)
    answer = await bot.ask(STAFF, "/my", chat=GROUP)
    await bot.press(ADMIN, answer, "my:0")
    assert "Your files: 1" in (await bot.answers(GROUP))[0]["text"]
    pressed = await bot.sandbox.press(TENANT, answer, row=0, column=0)
    assert pressed["text"] == "I have no such file."
    await bot.sandbox.press(STAFF, answer, row=0, column=0)
    await bot.answers(GROUP, until=lambda found: len(found) == 2 and "photo" in found[1])
