"""Who may use the bot, what goes wrong on our side, and updates by webhook."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from sandbox.client import SandboxClient
from storage.callers.people import Access, People, PersonView
from storage.database import Sessions
from storage.domain import InboxState, Role
from storage.errors import MalformedBody
from storage.tables import InboxUpdate, Person
from tests import media
from tests.flow.bot_running import ADMIN, GROUP, STAFF, TENANT, RunningBot, running_bot


class User:
    """What Telegram says of a person."""

    def __init__(self, telegram_id: int, language_code: str | None = "en", first_name: str = "Bob") -> None:
        self.id = telegram_id
        self.first_name = first_name
        self.username = None
        self.language_code = language_code


async def test_roles_and_language_of_the_table_win(sessions: Sessions) -> None:
    people = People(sessions, access=Access.INVITE, admins={1}, staff={2})
    met = [await people.meet(User(telegram_id, "ru-RU")) for telegram_id in (1, 2, 3)]
    assert [(one.role, one.admitted, one.language) for one in met] == [
        (Role.ADMIN, True, "ru"),
        (Role.STAFF, True, "ru"),
        (Role.USER, False, "ru"),
    ]
    await people.speak(3, "uz")
    async with sessions.begin() as session:
        await session.execute(update(Person).where(Person.telegram_id == 3).values(role=Role.STAFF))
    met_again = await people.meet(User(3, "ru", first_name="\x00Robert"))
    assert (met_again.role, met_again.admitted, met_again.language) == (Role.STAFF, True, "uz")
    assert met_again.first_name == "Robert"


async def test_turning_away_once_an_hour(sessions: Sessions) -> None:
    people = People(sessions, access=Access.INVITE)
    await people.meet(User(5))
    assert await people.may_turn_away(5)
    await people.meet(User(5))
    assert not await people.may_turn_away(5)
    async with sessions.begin() as session:
        await session.execute(update(Person).values(last_seen_at=text("now() - interval '61 minutes'")))
    await people.meet(User(5))
    assert await people.may_turn_away(5)


async def test_only_the_invited_get_more_than_one_answer(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    async with running_bot(database_url, sandbox, tmp_path, config={"access": Access.INVITE}) as bot:
        await sandbox.person(TENANT, language_code="en")
        assert "ask your manager" in (await bot.ask(TENANT, "/start"))["text"]
        await sandbox.send_text(TENANT, "/my")
        await sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
        last = await sandbox.send_text(TENANT, "hello?")
        await handled(bot, last["text"])
        assert len(await bot.answers(TENANT)) == 1
        assert await bot.archive.use_cases.reading.own((await met(bot, TENANT)).caller, limit=1, offset=0) == ([], 0)
        assert "Здравствуйте" in (await bot.ask(STAFF, "/start"))["text"]


async def test_a_link_of_staff_lets_people_in(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    async with running_bot(database_url, sandbox, tmp_path, config={"access": Access.INVITE}) as bot:
        answer = await bot.ask(ADMIN, "/invite")
        assert "valid for 3 days" in answer["text"]
        parameter = answer["text"].split("start=")[1].split()[0]
        assert len(parameter) <= 64
        made_up = parameter[:-2] + "AA"
        assert "muddati tugagan" in (await bot.ask(TENANT, f"/start {made_up}"))["text"]
        assert "Xush kelibsiz, Aziza" in (await bot.ask(TENANT, f"/start {parameter}"))["text"]
        assert "faqat xodimlar" in (await bot.ask(TENANT, "/invite"))["text"]


async def test_a_contact_opens_the_door_if_it_is_ones_own(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    async with running_bot(database_url, sandbox, tmp_path, config={"access": Access.CONTACT}) as bot:
        asked = await bot.ask(TENANT, "/start")
        keyboard = asked["reply_markup"]["keyboard"]
        assert keyboard[0][0]["request_contact"]
        for update_id, whose in ((1, ADMIN), (2, TENANT)):
            await bot.door.accept_update(contact(update_id, whose))
        answers = await bot.answers(TENANT, until=lambda found: len(found) == 4)
        assert "boshqa odamning" in answers[1]["text"]
        assert "Rahmat, Aziza" in answers[2]["text"]
        assert "Choose a language" in answers[3]["text"]
        assert "Assalomu alaykum, Aziza" in (await bot.ask(TENANT, "/start"))["text"]


def contact(update_id: int, whose: int) -> dict[str, Any]:
    """As Telegram sends it when somebody shares a contact."""
    return {
        "update_id": update_id,
        "message": {
            "message_id": 900 + update_id,
            "date": 1,
            "chat": {"id": TENANT, "type": "private", "first_name": "Aziza"},
            "from": {"id": TENANT, "is_bot": False, "first_name": "Aziza", "language_code": "uz"},
            "contact": {"phone_number": "+998901111001", "first_name": "A", "user_id": whose},
        },
    }


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path) as running:
        yield running


async def met(bot: RunningBot, telegram_id: int) -> PersonView:
    return await People(bot.sessions, access=Access.OPEN).meet(User(telegram_id))


async def handled(bot: RunningBot, said: str) -> None:
    """Wait until the update with this text is settled."""
    settled = InboxUpdate.state.in_((InboxState.DONE, InboxState.FAILED))
    query = select(InboxUpdate.payload).where(settled)
    async with asyncio.timeout(10):
        while True:
            async with bot.sessions.begin() as session:
                payloads = (await session.scalars(query)).all()
            if any(one.get("message", {}).get("text") == said for one in payloads):
                return
            await asyncio.sleep(0.05)


async def test_an_update_that_comes_twice_has_one_effect(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(ADMIN, [media.jpeg(tmp_path)], caption="250926-001")
    await bot.card(ADMIN, sent["message_id"], "Stored")
    async with bot.sessions.begin() as session:
        raw = await session.scalar(
            select(InboxUpdate.payload).where(InboxUpdate.payload["message"]["photo"].is_not(None))
        )
        await session.execute(update(InboxUpdate).values(state=InboxState.PENDING, done_at=None))
    assert raw is not None
    await bot.door.accept_update(raw)
    await bot.door.sweep()
    await bot.ask(ADMIN, "/my")
    assert len([one for one in await bot.answers(ADMIN) if "Stored" in one.get("text", "")]) == 1
    _, total = await bot.archive.use_cases.reading.own((await met(bot, ADMIN)).caller, limit=1, offset=0)
    assert total == 1


async def test_what_goes_wrong_on_our_side_gets_one_kind_answer_with_an_incident(bot: RunningBot) -> None:
    surprise = {"status": 400, "description": "Bad Request: surprise"}
    await bot.sandbox.add_fault("error", method="sendMessage", count=3, **surprise)
    answer = await bot.ask(ADMIN, "/start", timeout=30)
    assert "Something went wrong on my side" in answer["text"]
    await handled(bot, "/start")
    async with bot.sessions.begin() as session:
        row = await session.scalar(select(InboxUpdate).where(InboxUpdate.state == InboxState.FAILED))
    assert row is not None
    assert str(row.incident) in answer["text"]
    said = await bot.sandbox.send_text(ADMIN, "/start")  # admins are told of the incident meanwhile, too
    await bot.answers(ADMIN, said["message_id"], until=lambda all_: any("Hello" in one["text"] for one in all_))


async def test_strange_updates_are_settled_without_a_word(bot: RunningBot) -> None:
    chat = {"id": GROUP, "type": "supergroup", "title": "Staff"}
    person = {"id": STAFF, "is_bot": False, "first_name": "Sergey"}
    strange: tuple[dict[str, Any], ...] = (
        {
            "channel_post": {
                "message_id": 1,
                "date": 1,
                "chat": {"id": -1001, "type": "channel", "title": "C"},
                "text": "x",
            }
        },
        {"message": {"message_id": 2, "date": 1, "chat": chat, "from": person, "new_chat_title": "New"}},
        {"message": {"message_id": 3, "date": 1, "chat": chat, "from": {**person, "is_bot": True}, "text": "/help"}},
        {"poll": {"id": "1"}},
        {"from_the_future": {"a": 1}},
        {},
    )
    for at, body in enumerate(strange, start=1):
        await bot.door.accept_update({"update_id": at, **body})
    with pytest.raises(MalformedBody):
        await bot.door.accept_update({"message": {}})
    await bot.ask(ADMIN, "/help")
    async with asyncio.timeout(20):
        while not await settled(bot, len(strange)):
            await asyncio.sleep(0.05)
    assert await bot.answers(GROUP, until=lambda _: True) == []


async def settled(bot: RunningBot, up_to: int) -> bool:
    async with bot.sessions.begin() as session:
        rows = await session.scalars(select(InboxUpdate.state).where(InboxUpdate.update_id <= up_to))
        return all(state in (InboxState.DONE, InboxState.FAILED) for state in rows)


async def test_an_anonymous_admin_is_told_why(bot: RunningBot) -> None:
    chat = {"id": GROUP, "type": "supergroup", "title": "Staff"}
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    message = {"message_id": 50, "date": 1, "chat": chat, "from": anonymous, "sender_chat": chat, "text": "/my"}
    await bot.door.accept_update({"update_id": 1, "message": message})
    answer = (await bot.answers(GROUP))[0]
    assert "cannot see who is writing" in answer["text"]


async def test_the_webhook_takes_over_and_gives_back(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    await sandbox.options(http_webhooks=True)
    hook = {"webhook": True, "webhook_secret": "s3cret", "public_url": "http://127.0.0.1:9"}
    async with running_bot(database_url, sandbox, tmp_path, config=hook) as bot:
        assert bot.door.is_from_telegram("s3cret")
        assert not any(bot.door.is_from_telegram(guess) for guess in (None, "", "S3cret"))
        await called(sandbox, "setWebhook")
    async with running_bot(database_url, sandbox, tmp_path) as bot:
        assert "Hello" in (await bot.ask(ADMIN, "/start"))["text"]
        assert not bot.door.is_from_telegram(None)


async def called(sandbox: SandboxClient, method: str) -> None:
    async with asyncio.timeout(5):
        while not any(call["method"].lower() == method.lower() for call in await sandbox.calls()):
            await asyncio.sleep(0.02)


async def test_telegram_may_be_away_at_the_start(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    for method in ("setMyCommands", "deleteWebhook", "getUpdates"):
        await sandbox.add_fault("error", method=method, count=1, status=502)
    async with running_bot(database_url, sandbox, tmp_path) as bot:
        assert "Hello" in (await bot.ask(ADMIN, "/start"))["text"]
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 4
