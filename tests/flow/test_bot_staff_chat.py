"""The staff chat: what waits for a request is asked there once, and decided by a tap."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import SandboxClient
from tests import media
from tests.flow.bot_running import ADMIN, BOT_ID, GROUP, STAFF, TENANT, RunningBot, buttons, running_bot

Json = dict[str, Any]


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    await sandbox.person(TENANT, language_code="en")
    async with running_bot(database_url, sandbox, tmp_path, config={"staff_chat": GROUP}) as running:
        yield running


async def staff_card(bot: RunningBot, *words: str, after: int = 0) -> Json:
    """The first message in the staff chat after an id that says all of ``words``, with its text or caption."""

    def found(messages: list[Json]) -> list[Json]:
        return [one for one in messages if all(word in said(one) for word in words)]

    answers = await bot.answers(GROUP, after, until=found, timeout=40)
    return found(answers)[0]


def said(message: Json) -> str:
    return str(message.get("text") or message.get("caption") or "")


def labels(message: Json) -> list[str]:
    return [one["text"] for one in buttons(message)]


async def tap(bot: RunningBot, person: int, message: Json, label: str) -> Json:
    """Press the button whose label begins so."""
    data = next(one["callback_data"] for one in buttons(message) if one["text"].startswith(label))
    return await bot.sandbox.press(person, message, data=data)


async def test_a_photo_without_a_number_is_shown_to_staff_with_its_words(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)], caption="Leak in the <kitchen> #urgent")
    card = await staff_card(bot, "Aziza", "Leak in the <kitchen>", "#urgent")
    assert card["photo"], "the picture itself carries the card"
    assert labels(card) == ["№ Another number", "➕ New request", "💬 Reply", "✖️ Not needed"]
    await tap(bot, STAFF, card, "➕")
    card = await staff_card(bot, "→ ", "Sergey")
    number = card["caption"].split("→ ")[1].split(",")[0]
    assert number.endswith("-001")
    await bot.card(TENANT, sent["message_id"], number)


async def test_one_tap_attaches_to_a_request_of_late(bot: RunningBot, tmp_path: Path) -> None:
    await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)], caption="250926-004")
    await bot.card(STAFF, 0, "250926-004")
    await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path, orientation=3)])
    card = await staff_card(bot, "Aziza")
    pressed = await tap(bot, STAFF, card, "250926-004")
    assert "250926-004" in pressed["text"]
    await staff_card(bot, "→ 250926-004", "Sergey")


async def test_an_album_is_one_card_under_its_pictures(bot: RunningBot, tmp_path: Path) -> None:
    files = [media.jpeg(tmp_path, orientation=turn) for turn in (1, 3, 6)]
    await bot.sandbox.send_files(TENANT, files, caption="Roof")
    card = await staff_card(bot, "Aziza", "3 files", "Roof")
    pictures = [one for one in await bot.answers(GROUP) if "photo" in one]
    assert len(pictures) == 3
    assert len({one["media_group_id"] for one in pictures}) == 1
    assert card["reply_to_message"]["message_id"] == pictures[0]["message_id"]
    assert not any(said(one) for one in pictures), "the words are said once"
    await tap(bot, STAFF, card, "➕")
    await staff_card(bot, "→ ", "3 files")


async def test_what_has_a_number_or_comes_from_staff_is_not_asked(bot: RunningBot, tmp_path: Path) -> None:
    await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)], caption="250926-001")
    await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path, orientation=3)])
    await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path, orientation=6)], caption="the last one")
    await staff_card(bot, "the last one")
    assert len([one for one in await bot.answers(GROUP) if buttons(one)]) == 1


async def test_of_two_taps_at_once_one_wins_and_the_other_hears_who(bot: RunningBot, tmp_path: Path) -> None:
    await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    card = await staff_card(bot, "Aziza")
    taps = await asyncio.gather(tap(bot, STAFF, card, "➕"), tap(bot, ADMIN, card, "✖️"))
    texts = " ".join(one["text"] for one in taps)
    assert ("Emma" in texts) != ("Sergey" in texts), "exactly one hears of the other"
    settled = ["💬 Reply", "↩️ Undo"]
    (card,) = await bot.answers(GROUP, until=lambda found: found and labels(found[0]) == settled, timeout=30)
    again = await tap(bot, ADMIN, card, "💬")
    assert again["answered"]


async def test_not_needed_can_be_taken_back(bot: RunningBot, tmp_path: Path) -> None:
    await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    card = await staff_card(bot, "Aziza")
    await tap(bot, ADMIN, card, "✖️")
    card = await staff_card(bot, "Needs no request: Emma")
    assert "Nothing waits" in (await bot.ask(ADMIN, "/waiting"))["text"]
    await tap(bot, ADMIN, card, "↩️")
    (card,) = await bot.answers(GROUP, until=lambda found: found and "➕ New request" in labels(found[0]), timeout=30)
    assert "Needs no request" not in said(card)
    listed = await bot.ask(ADMIN, "/waiting")
    assert "1 waits for a request" in listed["text"]
    assert "Aziza" in listed["text"]


async def test_a_number_written_by_the_sender_settles_the_card(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)], caption="Leak")
    await staff_card(bot, "Leak")
    await bot.sandbox.edit(TENANT, sent["message_id"], TENANT, caption="Leak 250926-007")
    await staff_card(bot, "→ 250926-007, Aziza")


async def test_what_its_sender_deletes_is_not_asked_any_more(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    await staff_card(bot, "Aziza")
    own = await bot.card(TENANT, sent["message_id"], "Stored")
    await tap(bot, TENANT, own, "🗑")
    card = await staff_card(bot, "Deleted by the sender")
    assert buttons(card) == []


async def test_only_staff_decide(bot: RunningBot, tmp_path: Path) -> None:
    await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    card = await staff_card(bot, "Aziza")
    for one in buttons(card):
        pressed = await bot.sandbox.press(TENANT, card, data=one["callback_data"])
        assert pressed["text"] == "Only staff can do this."
    assert "Only staff" in (await bot.ask(TENANT, "/waiting"))["text"]
    card = await staff_card(bot, "Aziza")
    assert "➕ New request" in labels(card)


async def test_another_number_is_asked_for_and_taken_from_the_reply(bot: RunningBot, tmp_path: Path) -> None:
    await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    card = await staff_card(bot, "Aziza")
    await tap(bot, ADMIN, card, "№")
    question = await staff_card(bot, "which request", after=card["message_id"])
    assert question["reply_markup"]["force_reply"]
    wrong = await bot.ask(ADMIN, "hm?", chat=GROUP, reply_to=question["message_id"])
    assert "no request number" in wrong["text"]
    right = await bot.sandbox.send_text(ADMIN, "№ 250926 12", chat=GROUP, reply_to=wrong["message_id"])
    await staff_card(bot, "→ 250926-012", "Emma")
    messages = await bot.sandbox.wait_for(GROUP, lambda found: any(one["reactions"] for one in found))
    assert next(one["message_id"] for one in messages if one["reactions"]) == right["message_id"]


async def test_an_answer_reaches_the_sender_and_theirs_comes_back(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    card = await staff_card(bot, "Aziza")
    await tap(bot, ADMIN, card, "💬")
    question = await staff_card(bot, "what shall I tell Aziza", after=card["message_id"])
    answer = await bot.sandbox.send_text(ADMIN, "Which <floor>?", chat=GROUP, reply_to=question["message_id"])
    said_to_tenant = await bot.answers(TENANT, until=lambda found: "Which <floor>?" in said(found[-1]), timeout=30)
    assert "Emma" in said(said_to_tenant[-1])
    assert said_to_tenant[-1]["reply_to_message"]["message_id"] == sent["message_id"]
    reply_to = said_to_tenant[-1]["message_id"]
    await bot.sandbox.send_text(TENANT, "The third", reply_to=reply_to)
    back = await staff_card(bot, "The third", "Aziza", after=answer["message_id"])
    assert back["reply_to_message"]["message_id"] == card["message_id"]
    assert labels(back) == ["💬 Reply"]
    (photo,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path, orientation=3)], reply_to=reply_to)
    second = await staff_card(bot, "Aziza", "photo", after=back["message_id"])
    assert second["reply_to_message"]["message_id"] == card["message_id"]
    await bot.card(TENANT, photo["message_id"], "Stored")


async def test_who_blocked_the_bot_cannot_be_answered(bot: RunningBot, tmp_path: Path) -> None:
    await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    card = await staff_card(bot, "Aziza")
    await bot.sandbox.change_person(TENANT, blocked_bots=[BOT_ID])
    await tap(bot, ADMIN, card, "💬")
    question = await staff_card(bot, "what shall I tell Aziza", after=card["message_id"])
    await bot.sandbox.send_files(ADMIN, [media.jpeg(tmp_path)], chat=GROUP, reply_to=question["message_id"])
    await staff_card(bot, "cannot be reached", after=question["message_id"])
