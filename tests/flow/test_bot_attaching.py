"""Attaching without typing: the buttons on staff's cards."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from sandbox.client import SandboxClient
from storage.domain import Category
from storage.tables import Attachment, Audit
from tests import media
from tests.flow.bot_running import ADMIN, GROUP, STAFF, TENANT, Json, RunningBot, buttons, running_bot

WAIT = 60.0


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path) as running:
        for person in (TENANT, STAFF):
            await sandbox.person(person, language_code="en")
        yield running


class Hands:
    """Somebody at a phone: what they tap and type is counted; sending the file itself is not."""

    def __init__(self, bot: RunningBot, person: int) -> None:
        self._bot = bot
        self._person = person
        self.taps = 0
        self.characters = 0

    async def tap(self, message: Json, label: str) -> Json:
        """Press the button that reads ``label``, as the screen shows it now."""
        (pressed,) = [one for one in buttons(message) if label in one["text"]]
        self.taps += 1
        return await self._bot.sandbox.press(self._person, message, data=pressed["callback_data"])

    async def type(self, text: str, chat: int | None = None) -> Json:
        self.characters += len(text)
        return await self._bot.sandbox.send_text(self._person, text, chat=chat)


async def attachments(bot: RunningBot) -> dict[tuple[str, int], Category]:
    async with bot.sessions.begin() as session:
        rows = await session.scalars(select(Attachment))
        return {(row.request_number, row.media_id): row.category for row in rows}


async def showing(bot: RunningBot, chat: int, after: int, *labels: str) -> Json:
    """The card, once it has all of these buttons."""

    def shown(found: list[Json]) -> bool:
        texts = [one["text"] for one in buttons(found[0])] if found else []
        return all(any(label in text for text in texts) for label in labels)

    return (await bot.answers(chat, after, until=shown, timeout=WAIT))[0]


async def todays(bot: RunningBot, tmp_path: Path, serial: str = "001") -> str:
    """A tenant's photo makes a request of today."""
    number = f"{datetime.now(UTC):%y%m%d}-{serial}"
    (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path, width=90)], caption=number)
    await bot.card(TENANT, sent["message_id"], number, timeout=WAIT)
    return number


@pytest.mark.parametrize(("label", "category"), [("Before", "request_photo"), ("After", "completion_photo")])
async def test_before_and_after_take_two_taps_and_no_character(
    bot: RunningBot, tmp_path: Path, label: str, category: str
) -> None:
    number = await todays(bot, tmp_path)
    hands = Hands(bot, STAFF)
    (sent,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)])
    card = await showing(bot, STAFF, sent["message_id"], "Before", "After")
    await hands.tap(card, label)
    card = await showing(bot, STAFF, sent["message_id"], number, "Another number")
    told = await hands.tap(card, number)
    assert told["text"] == f"Attached: {number} · {label.lower()}"
    await bot.card(STAFF, sent["message_id"], f"request {number}", timeout=WAIT)
    assert (hands.taps, hands.characters) == (2, 0)
    assert list((await attachments(bot)).values())[-1] == category
    assert len(await bot.answers(STAFF, sent["message_id"])) == 1, "no message besides the card"


async def test_an_album_goes_as_one_and_comes_back_as_one(bot: RunningBot, tmp_path: Path) -> None:
    number = await todays(bot, tmp_path)
    files = [media.jpeg(tmp_path, orientation=turn) for turn in (1, 3, 6)]
    sent = await bot.sandbox.send_files(STAFF, files)
    after = sent[-1]["message_id"]
    hands = Hands(bot, STAFF)
    await hands.tap(await showing(bot, STAFF, after, "After"), "After")
    await hands.tap(await showing(bot, STAFF, after, number), number)
    card = await showing(bot, STAFF, after, f"Not {number}")
    assert card["text"].count(f"request {number}") == 3
    assert len(await attachments(bot)) == 4
    assert (await hands.tap(card, f"Not {number}"))["text"] == "It is as it was."
    card = await showing(bot, STAFF, after, "Before", "After")
    assert number not in card["text"]
    assert len(await attachments(bot)) == 1
    async with bot.sessions.begin() as session:
        audit = (await session.scalars(select(Audit.action).where(Audit.actor == f"telegram:{STAFF}"))).all()
    assert (audit.count("attached"), audit.count("detached")) == (3, 3)


async def test_another_number_is_taken_as_people_write_it(bot: RunningBot, tmp_path: Path) -> None:
    """Where nothing is recent it is asked for at once; what is no number is asked for again, with an example."""
    (sent,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)])
    hands = Hands(bot, STAFF)
    await hands.tap(await showing(bot, STAFF, sent["message_id"], "Before"), "Before")
    question = (await bot.answers(STAFF, sent["message_id"], until=lambda found: len(found) == 2, timeout=WAIT))[-1]
    assert "Which request?" in question["text"]
    answer = await bot.ask(STAFF, "the roof", timeout=WAIT)
    assert "250926-001" in answer["text"]
    answer = await bot.ask(STAFF, "№ 250926 1", timeout=WAIT)
    assert answer["text"] == "1 file is now attached to request 250926-001 · before."
    await bot.card(STAFF, sent["message_id"], "request 250926-001", timeout=WAIT)
    await hands.tap(answer, "Undo")
    await showing(bot, STAFF, sent["message_id"], "Before", "After")
    assert "as it was" in (await bot.card(STAFF, answer["message_id"] - 1, "as it was", timeout=WAIT))["text"]
    assert await attachments(bot) == {}


async def test_what_one_attached_to_lately_comes_first_and_one_can_go_back(bot: RunningBot, tmp_path: Path) -> None:
    today = await todays(bot, tmp_path)
    (first,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path, orientation=3)], caption="250101-007")
    await bot.card(STAFF, first["message_id"], "250101-007", timeout=WAIT)
    (sent,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)])
    hands = Hands(bot, STAFF)
    await hands.tap(await showing(bot, STAFF, sent["message_id"], "Before"), "Before")
    card = await showing(bot, STAFF, sent["message_id"], "Back")
    assert [one["text"] for one in buttons(card)][:2] == ["250101-007", today]
    await hands.tap(card, "Back")
    await showing(bot, STAFF, sent["message_id"], "Before", "After", "Delete")


async def test_tenants_are_offered_no_number_of_others(bot: RunningBot, tmp_path: Path) -> None:
    number = await todays(bot, tmp_path)
    (sent,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)])
    card = await showing(bot, STAFF, sent["message_id"], "Before")
    (own,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path, orientation=6)])
    theirs = await bot.card(TENANT, own["message_id"], "Stored", timeout=WAIT)
    assert not any("Before" in one["text"] for one in buttons(theirs))
    (before, *_) = [one["callback_data"] for one in buttons(card) if "Before" in one["text"]]
    for data in (before, f"pick:1:before:{number}", "pick:99:after:x", "back:1", "other:2:after", "unattach:1:1"):
        await bot.press(TENANT, theirs, data)
    for data in ("stage:999999:before", "pick:2:before:nonsense", "stage:1:never", f"pick:2:after:{'9' * 30}"):
        await bot.press(STAFF, card, data)
    assert list(await attachments(bot)) == [(number, 1)]
    assert len(await bot.answers(TENANT, own["message_id"])) == 1


async def test_in_a_group_a_photo_for_the_bot_is_attached_by_whoever_is_there(bot: RunningBot, tmp_path: Path) -> None:
    """A reply to the bot is heard in privacy mode too; what was attached in the group lately is offered to all."""
    hello = await bot.ask(STAFF, "/help@mediagate_bot", chat=GROUP, timeout=WAIT)
    reply = {"chat": GROUP, "reply_to": hello["message_id"]}
    await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path, width=90)], caption="250101-007", **reply)
    (sent,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)], **reply)
    await showing(bot, GROUP, sent["message_id"], "Before", "After")
    hands = Hands(bot, ADMIN)
    await hands.tap(await showing(bot, GROUP, sent["message_id"], "After"), "After")
    await hands.tap(await showing(bot, GROUP, sent["message_id"], "250101-007"), "250101-007")
    card = await showing(bot, GROUP, sent["message_id"], "Not 250101-007")
    assert "request 250101-007" in card["text"]
    assert (hands.taps, hands.characters) == (2, 0)
    (pressed,) = [one for one in buttons(card) if "Not" in one["text"]]
    refused = await bot.sandbox.press(STAFF, card, data=pressed["callback_data"])
    assert "nothing to take back" in refused["text"], "only who attached it takes it back"
    assert len(await attachments(bot)) == 2
    assert (await hands.tap(await showing(bot, GROUP, sent["message_id"], "Not"), "Not"))["text"] == "It is as it was."
    assert len(await attachments(bot)) == 1
