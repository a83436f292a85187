"""A link to the upload page from the chat, and the card that shows what comes by it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiogram.types import Chat, Message
from sqlalchemy import func, select, update

from bot.media.invitations import offer_upload
from bot.texts import load_catalogue
from sandbox.client import SandboxClient
from storage.callers.invitations import CardPlace, Terms
from storage.callers.people import PersonView
from storage.domain import MediaId, Role
from storage.request_numbers import RequestNumber
from storage.resumable.cards import EVERY, CardTicker
from storage.resumable.expiring import expire
from storage.tables import Card, CardItem, ResumableUpload
from tests.flow.bot_running import GROUP, TENANT, RunningBot, buttons, running_bot
from tests.flow.conftest import eventually
from tests.flow.http_door import Door, open_door
from tests.flow.tus import Tus, metadata, text

PERSON = PersonView(telegram_id=TENANT, role=Role.USER, first_name="T", language="en", admitted=True)
PATIENCE = 60


@dataclass
class Offered:
    """The bot, the HTTP door, and what the person got in the chat."""

    bot: RunningBot
    door: Door
    message: Message
    tus: Tus

    async def card(self, *words: str) -> Any:
        """The card that answers the offer, once it says all of ``words``."""
        return await self.bot.card(self.message.chat.id, self.message.message_id, *words, timeout=PATIENCE)

    @property
    def token(self) -> dict[str, str]:
        return {"X_Upload_Token": str(self.tus.common["X_Upload_Token"])}

    async def begin(self, size: int | None, name: str = "tour.txt", **headers: str) -> str:
        return await self.tus.begin(size, Upload_Metadata=metadata(filename=name), **headers)


async def offer(bot: RunningBot, door: Door, *, chat: int = TENANT, **more: Any) -> Offered:
    if chat == TENANT:
        await bot.ask(TENANT, "/help")
    asked = Message(
        message_id=1, date=datetime.now(UTC), chat=Chat(id=chat, type="private" if chat > 0 else "supergroup")
    )
    message = await offer_upload(
        bot.running.bot,
        asked,
        person=PERSON,
        texts=load_catalogue()("en"),
        use_cases=bot.archive.use_cases,
        public_url=door.url,
        timezone=UTC,
        **more,
    )
    shown = next(one for one in await bot.answers(chat) if one["message_id"] == message.message_id)
    (opening,) = buttons(shown)
    page, _, token = opening["url"].partition("#")
    assert page == f"{door.url}/upload"
    return Offered(bot, door, message, Tus(door, X_Upload_Token=token, X_API_Key=None))


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path, part_size="64KiB") as running:
        yield running


@pytest.fixture
async def offered(bot: RunningBot) -> AsyncIterator[Offered]:
    async with open_door(bot.running) as door:
        yield await offer(bot, door)


async def test_the_card_shows_how_far_it_is_and_then_the_media(offered: Offered) -> None:
    url = await offered.begin(100_000)
    await offered.card("tour.txt", "0 % · 0 B of 98 KB")
    await offered.tus.cut(url, 0, text(100_000)[:40_000], 100_000, **offered.token)
    await offered.card("40 % · 39 KB of 98 KB")
    answer = await offered.tus.patch(url, 40_000, text(100_000)[40_000:])
    card = await offered.card("Stored", f"ID {answer.media_id}")
    assert f"del:{answer.media_id}:1" in {one.get("callback_data") for one in buttons(card)}
    owned = await offered.bot.archive.use_cases.reading.own(PERSON.caller, limit=10, offset=0)
    assert [view.id for view in owned[0]] == [answer.media_id]


async def test_a_ticker_wakes_the_card_while_bytes_come(offered: Offered) -> None:
    """Only where something has come, and only a card that is not behind already."""
    url = await offered.begin(1_000_000)
    await offered.card("0 %")
    sessions, board = offered.bot.sessions, offered.bot.archive.use_cases.board
    async with sessions.begin() as session:
        await session.execute(update(Card).values(sent=Card.wanted))
    ticker = CardTicker(sessions=sessions, board=board)
    patch = await offered.tus.open_patch(url, 0, 1_000_000, **offered.token)
    await patch.send(text(100_000))
    await offered.card("10 %")
    await eventually(lambda: _is_up_to_date(offered))
    await ticker.tick()
    wanted = await _wanted(offered)
    await ticker.tick()
    assert await _wanted(offered) == wanted, "nothing has come since"
    patch.hang_up()
    await eventually(offered.tus.is_at_rest)


async def _is_up_to_date(offered: Offered) -> bool:
    async with offered.bot.sessions.begin() as session:
        return bool(await session.scalar(select(Card.sent == Card.wanted)))


async def _wanted(offered: Offered) -> int:
    async with offered.bot.sessions.begin() as session:
        return await session.scalar(select(Card.wanted)) or 0


async def test_edits_keep_their_distance(offered: Offered) -> None:
    """However often it is woken, a card of uploads is not edited twice within seconds."""
    url = await offered.begin(10_000)
    await offered.card("0 %")
    for offset in range(0, 10_000, 1000):
        await offered.tus.patch(url, offset, text(10_000)[offset : offset + 1000])
        async with offered.bot.sessions.begin() as session:
            await session.execute(update(Card).values(wanted=Card.wanted + 1))
        await offered.bot.door.sweep()
    await offered.card("Stored")
    edits = [one["at"] for one in await offered.bot.sandbox.calls() if one["method"].lower() == "editmessagetext"]
    assert edits
    assert all(later - earlier > EVERY * 0.9 for earlier, later in pairwise(edits))


async def test_several_files_are_in_the_order_in_which_they_began(offered: Offered) -> None:
    urls = [await offered.begin(100, name) for name in ("b.txt", "a.txt", "c.txt")]
    await offered.tus.patch(urls[2], 0, text(100, 3))
    await offered.tus.delete(urls[0])
    shown = (await offered.card("Cancelled", "0 %", "Stored"))["text"]
    assert shown.index("b.txt") < shown.index("a.txt") < shown.index("c.txt")


async def test_what_is_refused_and_what_expires_is_told(offered: Offered) -> None:
    refused = await offered.begin(5000, "run.txt")
    assert (await offered.tus.patch(refused, 0, b"MZ" + bytes(4998))).status == 415
    await offered.card("run.txt", "Not kept: ")
    await offered.begin(10, "late.txt")
    async with offered.bot.sessions.begin() as session:
        still_open = ResumableUpload.outcome.is_(None)
        await session.execute(update(ResumableUpload).where(still_open).values(expires_at=func.now()))
    await expire(offered.bot.archive.use_cases.resumable)
    await offered.card("late.txt", "not finished in time")


async def test_a_file_put_together_of_runs_is_one_item(offered: Offered) -> None:
    urls = [await offered.begin(600, Upload_Concat="partial"), await offered.begin(400, Upload_Concat="partial")]
    for url, data in zip(urls, (text(600), text(400)), strict=True):
        await offered.tus.patch(url, 0, data)
    said = metadata(filename="whole.txt")
    answer = await offered.tus.call(
        "POST", "/api/v1/uploads", Upload_Concat=f"final;{' '.join(urls)}", Upload_Metadata=said
    )
    assert answer.media_id is not None
    await offered.card("whole.txt", "Stored")
    async with offered.bot.sessions.begin() as session:
        assert await session.scalar(select(func.count()).select_from(CardItem)) == 1


async def test_an_upload_that_was_faster_than_the_card_is_on_it(bot: RunningBot) -> None:
    """Who opens the page before the offer is noted as sent."""
    await bot.ask(TENANT, "/help")
    invitations = bot.archive.use_cases.invitations
    terms = Terms(expires_in=timedelta(hours=1), max_files=2, max_size=1000)
    invited, token = await invitations.create(PERSON.caller, terms)
    async with open_door(bot.running) as door:
        tus = Tus(door, X_Upload_Token=token, X_API_Key=None)
        await tus.whole(text(100), Upload_Metadata=metadata(filename="kept.txt"))
        await tus.begin(100, Upload_Metadata=metadata(filename="early.txt"))
    place = CardPlace(chat_id=TENANT, message_id=1, person_id=TENANT, language="en")
    await invitations.show_in_chat(invited.id, place)
    await invitations.show_in_chat(invited.id, place)
    await bot.answers(
        TENANT, until=lambda found: _says(found, "kept.txt", "Stored", "early.txt", "0 %"), timeout=PATIENCE
    )
    async with bot.sessions.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Card)) == 1


def _says(messages: list[dict[str, Any]], *words: str) -> bool:
    return any(all(word in message.get("text", "") for word in words) for message in messages)


async def test_an_offer_may_give_a_reason_and_a_number(bot: RunningBot) -> None:
    async with open_door(bot.running) as door:
        made = await offer(bot, door, introduction="Too <b>large</b>.", request_number=RequestNumber("250926-001"))
        assert made.message.text is not None
        assert made.message.text.startswith("Too large.\n\n")
        assert "250926-001" in made.message.text
        media_id = (await made.tus.patch(await made.begin(100), 0, text(100))).media_id
        assert media_id is not None
        (view,) = await bot.archive.use_cases.reading.several(PERSON.caller, [MediaId(media_id)])
        assert view.request_numbers == ("250926-001",)


async def test_where_telegram_takes_no_such_button_the_link_stands_in_the_text(bot: RunningBot) -> None:
    await bot.ask(TENANT, "/help")
    refused = {"status": 400, "description": "Bad Request: inline keyboard button URL is invalid: Wrong HTTP URL"}
    async with open_door(bot.running) as door, bot.sandbox.fault("error", method="sendMessage", count=1, **refused):
        message = await offer_upload(
            bot.running.bot,
            Message(message_id=1, date=datetime.now(UTC), chat=Chat(id=TENANT, type="private")),
            person=PERSON,
            texts=load_catalogue()("en"),
            use_cases=bot.archive.use_cases,
            public_url=door.url,
            timezone=UTC,
        )
    assert message.text is not None
    assert f"{door.url}/upload#" in message.text


async def test_in_a_group_it_answers_whoever_asked(bot: RunningBot) -> None:
    async with open_door(bot.running) as door:
        made = await offer(bot, door, chat=GROUP)
        await made.begin(100)
        card = await made.card("0 %")
        assert card["reply_to_message"]["message_id"] == made.message.message_id
