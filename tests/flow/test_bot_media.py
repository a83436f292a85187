"""Files sent to the bot: kept, answered once, attached by their captions."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from storage.domain import Caller, Role
from tests import media
from tests.flow.bot_running import (
    ADMIN,
    BOT_ID,
    GROUP,
    REQUESTS,
    STAFF,
    TENANT,
    RunningBot,
    buttons,
    labelled,
    running_bot,
)

MIB = 1 << 20


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path) as running:
        yield running


async def test_a_photo_gets_one_card_that_ends_stored(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(ADMIN, [media.jpeg(tmp_path)], caption="Leak #250926-001 #urgent")
    card = await bot.card(ADMIN, sent["message_id"], "Stored", "250926-001")
    assert card["reply_to_message"]["message_id"] == sent["message_id"]
    assert [one["text"] for one in buttons(card)] == ["🗑 Delete"]
    views, total = await bot.archive.use_cases.reading.own(Caller.person(ADMIN, Role.ADMIN), limit=5, offset=0)
    assert (total, views[0].description, views[0].tags) == (1, "Leak", ("urgent",))
    assert len(await bot.answers(ADMIN, sent["message_id"])) == 1


@pytest.mark.parametrize("kind", ["photo", "video", "audio", "voice", "video_note", "animation", "document", "sticker"])
async def test_every_kind_is_kept(bot: RunningBot, kind: str) -> None:
    """Too large to be fetched back, so that Telegram's word for the type counts: the bytes are made up."""
    named = {"file_name": "plan.pdf", "mime_type": "application/pdf"} if kind == "document" else {}
    (sent,) = await bot.sandbox.send(ADMIN, ADMIN, media=[{"kind": kind, "virtual_size": 21 * MIB, **named}])
    card = await bot.card(ADMIN, sent["message_id"], "Stored")
    assert "/get " in card["text"], "who sends it is told that the web cannot serve it"


async def test_the_language_is_the_persons(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    await bot.card(TENANT, sent["message_id"], "Saqlandi")
    (sent,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)])
    await bot.card(STAFF, sent["message_id"], "Сохранено")


async def test_an_album_gets_one_card_and_its_caption_is_for_all(bot: RunningBot, tmp_path: Path) -> None:
    files = [media.jpeg(tmp_path, orientation=turn) for turn in (1, 3, 6)]
    captioned = [{"kind": "photo"}, {"kind": "photo", "caption": "Roof 250926-002"}, {"kind": "photo"}]
    sent = await bot.sandbox.send_files(ADMIN, files, media=captioned)
    card = await bot.card(ADMIN, sent[-1]["message_id"], "Album: 3 files", "Stored")
    assert card["text"].count("request 250926-002") == 3
    assert len(await bot.answers(ADMIN, sent[-1]["message_id"])) == 1
    reading = bot.archive.use_cases.reading
    views = await reading.behind_message(Caller.person(ADMIN, Role.ADMIN), ADMIN, sent[2]["message_id"])
    assert [view.description for view in views] == ["Roof"] * 3


async def test_the_same_file_again_shows_the_first(bot: RunningBot, tmp_path: Path) -> None:
    path = media.jpeg(tmp_path)
    (first,) = await bot.sandbox.send_files(ADMIN, [path])
    card = await bot.card(ADMIN, first["message_id"], "Stored")
    again = await bot.sandbox.forward(ADMIN, first, ADMIN)
    second = await bot.card(ADMIN, again["message_id"], "already")
    assert card["text"].split("ID ")[1].split()[0] in second["text"]
    assert [one["text"] for one in buttons(second)] == ["📎 1"]
    assert second["reply_to_message"]["message_id"] == card["message_id"], "a tap on the quote leads to the first"


async def test_what_breaks_the_policy_is_refused_with_the_reason(bot: RunningBot, tmp_path: Path) -> None:
    program = tmp_path / "<b>setup.exe"
    program.write_bytes(b"MZ" + bytes(4000))
    (sent,) = await bot.sandbox.send_files(ADMIN, [program], kind="document")
    card = await bot.card(ADMIN, sent["message_id"], "Not kept")
    assert "I do not keep files of this type" in card["text"]
    assert buttons(card) == []


async def test_delete_and_undo_on_the_card(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(ADMIN, [media.jpeg(tmp_path)])
    card = await bot.card(ADMIN, sent["message_id"], "Stored")
    pressed = await bot.sandbox.press(ADMIN, card, data=labelled(card, "Delete"))
    assert "Deleted" in pressed["text"]
    card = await bot.card(ADMIN, sent["message_id"], "You can still undo")
    pressed = await bot.sandbox.press(ADMIN, card, row=0, column=0)
    assert pressed["text"] == "It is back."
    card = await bot.card(ADMIN, sent["message_id"], "Stored")
    await bot.sandbox.press(ADMIN, card, data=labelled(card, "Delete"))
    card = await bot.card(ADMIN, sent["message_id"], "Deleted")
    (card,) = await bot.answers(ADMIN, sent["message_id"], until=lambda found: found and not buttons(found[0]))
    assert "undo" not in card["text"]


async def test_buttons_carry_no_authority(bot: RunningBot, tmp_path: Path) -> None:
    help_text = await bot.ask(STAFF, "/help", chat=GROUP)
    (sent,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)], chat=GROUP, reply_to=help_text["message_id"])
    card = await bot.card(GROUP, sent["message_id"], "Сохранено")
    pressed = await bot.sandbox.press(TENANT, card, data=labelled(card, "Удалить"))
    assert pressed["show_alert"]
    assert "yoʻq" in pressed["text"]
    (card,) = await bot.answers(GROUP, sent["message_id"])
    assert "Сохранено" in card["text"]


async def test_groups_hear_only_what_is_meant_for_the_bot(bot: RunningBot, tmp_path: Path) -> None:
    help_text = await bot.ask(STAFF, "/help", chat=GROUP)
    (plain,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)], chat=GROUP)
    (meant,) = await bot.sandbox.send_files(
        STAFF, [media.jpeg(tmp_path, orientation=3)], chat=GROUP, caption="#250926-003"
    )
    await bot.reacted(GROUP, meant, "👍")
    (replied,) = await bot.sandbox.send_files(
        STAFF, [media.jpeg(tmp_path, orientation=6)], chat=GROUP, reply_to=help_text["message_id"]
    )
    card = await bot.card(GROUP, replied["message_id"], "Сохранено")
    assert card["reply_to_message"]["message_id"] == replied["message_id"]
    assert len(await bot.answers(GROUP, help_text["message_id"])) == 1
    await bot.sandbox.send_text(STAFF, "/attach 250926-004", chat=GROUP, reply_to=plain["message_id"])
    await bot.reacted(GROUP, plain, "👍")


async def test_a_number_written_later_attaches(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(ADMIN, [media.jpeg(tmp_path)], caption="Roof")
    await bot.card(ADMIN, sent["message_id"], "Stored")
    await bot.sandbox.edit(ADMIN, sent["message_id"], ADMIN, caption="Roof 250926-007")
    card = await bot.card(ADMIN, sent["message_id"], "Stored", "250926-007")
    answer = await bot.ask(ADMIN, "№ 250926-008", reply_to=card["message_id"])
    assert answer["text"] == "1 file is now attached to request 250926-008."
    await bot.card(ADMIN, sent["message_id"], "250926-007, 250926-008")


async def test_a_card_that_was_deleted_is_sent_again(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(ADMIN, [media.jpeg(tmp_path)])
    card = await bot.card(ADMIN, sent["message_id"], "Stored")
    await bot.sandbox.delete(ADMIN, card["message_id"])
    await bot.sandbox.edit(ADMIN, sent["message_id"], ADMIN, caption="250926-009")
    card = await bot.card(ADMIN, sent["message_id"], "250926-009")


async def test_floods_only_delay_a_card(bot: RunningBot, tmp_path: Path) -> None:
    await bot.sandbox.add_fault("flood", method="sendMessage", count=1, retry_after=1)
    (sent,) = await bot.sandbox.send_files(ADMIN, [media.jpeg(tmp_path)])
    await bot.card(ADMIN, sent["message_id"], "Stored", timeout=60)
    assert len(await bot.answers(ADMIN, sent["message_id"])) == 1


async def test_who_blocked_the_bot_gets_no_card_and_stops_nothing(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(ADMIN, [media.jpeg(tmp_path)])
    await bot.card(ADMIN, sent["message_id"], "Stored")
    await bot.sandbox.change_person(ADMIN, blocked_bots=[BOT_ID])
    before = len(await bot.sandbox.messages(REQUESTS))
    await bot.sandbox.edit(ADMIN, sent["message_id"], ADMIN, caption="250926-010")
    await bot.sandbox.change_person(ADMIN, blocked_bots=[])
    answer = await bot.ask(ADMIN, "/my")
    assert "Your files: 1" in answer["text"]
    assert len(await bot.sandbox.messages(REQUESTS)) == before
