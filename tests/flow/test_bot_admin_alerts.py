"""Alerts: told once, with an end, over restarts and nodes; the digest; what a day of silence costs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.engine import make_url

from bot.admin.watching import WatchTimes
from bot.inbox.contact import Contact
from gateway.logging import configure_logging
from sandbox.client import SandboxClient
from storage.auditing.alerts import Alerts
from storage.clock import SystemClock
from storage.database import Sessions
from storage.domain import InboxState
from storage.tables import Alert, InboxUpdate, Incident, Person, Presence
from tests.flow.bot_running import ADMIN, BOT_ID, TENANT, RunningBot, running_bot

Json = dict[str, Any]
WAIT = 40
QUICK: Json = {"watch": WatchTimes(every=0.2, telegram_away=0.5)}


async def told(bot: RunningBot, person: int, words: str) -> Json:
    found = await bot.answers(
        person, until=lambda all_: any(words in one.get("text", "") for one in all_), timeout=WAIT
    )
    return next(one for one in found if words in one.get("text", ""))


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path, config=QUICK) as running:
        await sandbox.person(TENANT, language_code="en")
        await running.ask(ADMIN, "/start", timeout=WAIT)
        yield running


async def test_two_nodes_tell_one_alert_once_and_only_its_own_node_ends_it(sessions: Sessions) -> None:
    clock = SystemClock()
    one, other = (Alerts(sessions=sessions, clock=clock, node=node) for node in ("a", "b"))
    assert await one.open("spool", {"percent": 95, "node": "a"}, [1, 2])
    assert not await other.open("spool", {"percent": 99, "node": "b"}, [1, 2])
    assert not await other.end("spool")
    alert = (await other.current())[0]
    found = await one.to_tell(alert.id)
    assert found is not None
    assert [telling.chat_id for telling in found[1]] == [1, 2]
    await one.told(found[1][0], 77, end=False)
    again = await other.to_tell(alert.id)
    assert again is not None
    assert [telling.chat_id for telling in again[1]] == [2]
    assert await one.end("spool")
    assert not await one.end("spool")
    over = await one.to_tell(alert.id)
    assert over is not None
    assert [(telling.chat_id, telling.message_id) for telling in over[1]] == [(1, 77), (2, None)]
    assert await one.open("spool", {"percent": 91, "node": "a"}, [1])
    async with sessions.begin() as session:
        await session.execute(update(Alert).values(seen_at=Alert.seen_at - timedelta(hours=1)))
    await other.end_abandoned(["spool"])
    assert await other.current() == []


async def test_an_event_with_a_name_is_told_once(sessions: Sessions) -> None:
    alerts = Alerts(sessions=sessions, clock=SystemClock(), node="a")
    firsts = await asyncio.gather(*(alerts.event("digest", {"new": 1}, [1], once="26.09.2025") for _ in range(5)))
    assert firsts.count(True) == 1
    assert await alerts.event("digest", {"new": 1}, [1], once="27.09.2025")


async def test_telegrams_absence_is_told_when_it_is_back(bot: RunningBot) -> None:
    async with bot.sandbox.fault("away"):
        async with asyncio.timeout(WAIT):
            while not await opened(bot.sessions, "telegram_away"):
                await asyncio.sleep(0.1)
    await told(bot, ADMIN, "Telegram answers again")


async def test_a_full_spool_and_a_slow_database_are_told_with_their_end(bot: RunningBot) -> None:
    watch, spool = bot.door._admins.watch, bot.archive.spool
    room = int(spool.max_bytes * 0.95)
    spool.take(room)
    alert = await told(bot, ADMIN, "The spool is 95 % full")
    watch._times = replace(watch._times, slow=0.0, fast=0.0)
    slow = await told(bot, ADMIN, "The database is slow")
    spool._used -= room
    watch._times = replace(watch._times, slow=30.0, fast=30.0)
    assert (await told(bot, ADMIN, "The spool has room again"))["message_id"] == alert["message_id"]
    assert (await told(bot, ADMIN, "The database is quick again"))["message_id"] == slow["message_id"]


async def test_what_was_being_handled_goes_on_as_soon_as_the_database_is_back(bot: RunningBot) -> None:
    """And not with the next minute's sweep."""
    person = {"id": ADMIN, "is_bot": False, "first_name": "T", "language_code": "en"}
    message = {"message_id": 1, "date": 1, "chat": {"id": ADMIN, "type": "private"}, "from": person, "text": "/help"}
    left = {"bot_id": BOT_ID, "update_id": 1, "chat_key": ADMIN, "payload": {"update_id": 1, "message": message}}
    async with bot.sessions.begin() as session:
        handling = {"state": InboxState.HANDLING, "handling_node": bot.door._config.node}
        await session.execute(insert(InboxUpdate).values(**left, **handling))
    bot.door._admins.watch._failed_pings = 1
    await told(bot, ADMIN, "For admins")


async def opened(sessions: Sessions, kind: str) -> bool:
    async with sessions.begin() as session:
        return await session.scalar(select(Alert.id).where(Alert.kind == kind)) is not None


async def test_a_rival_is_explained_once(bot: RunningBot) -> None:
    contact = bot.door.contact
    for _ in range(3):
        await contact.rival("terminated by other getUpdates request")
    alert = await told(bot, ADMIN, "Somebody else takes my updates")
    assert "@BotFather makes a new one with /revoke" in alert["text"]
    await contact.rival(None)
    over = await told(bot, ADMIN, "The updates are mine alone again")
    assert over["message_id"] == alert["message_id"]


def test_a_restart_says_nothing_of_a_rival_before_it_has_listened() -> None:
    now = [0.0]
    contact = Contact(SystemClock(), monotonic=lambda: now[0])
    assert contact.conflict is None
    now[0] = 121
    assert contact.conflict is False


async def test_errors_are_told_by_class_with_an_incident_and_are_over_after_an_hour(bot: RunningBot) -> None:
    for minutes, error in ((3, "KeyError"), (2, "KeyError"), (1, "OSError")):
        async with bot.sessions.begin() as session:
            await session.execute(insert(Incident).values(incident(error, minutes)))
    for _ in range(3):
        await bot.door.rounds.go()
    await told(bot, ADMIN, "Something unexpected happened: KeyError")
    await told(bot, ADMIN, "Something unexpected happened: OSError")
    async with bot.sessions.begin() as session:
        await session.execute(update(Incident).values(at=Incident.at - timedelta(hours=2)))
    await bot.door.rounds.go()
    await told(bot, ADMIN, "KeyError has not happened again for an hour")
    messages = await bot.answers(ADMIN)
    assert sum("KeyError" in one["text"] for one in messages) == 1
    await bot.door.rounds.go()
    assert await bot.answers(ADMIN) == messages


def incident(error: str, minutes: int) -> Json:
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    return {"id": uuid4(), "at": at, "door": "telegram", "error": error, "trace": "…"}


async def test_the_digest_comes_once_a_day(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    async with running_bot(database_url, sandbox, tmp_path, config={"digest_at": time(0, 0)}) as bot:
        await bot.ask(ADMIN, "/start", timeout=WAIT)
        for _ in range(3):
            await bot.door.rounds.go()
        digest = await told(bot, ADMIN, "Yesterday, ")
        assert "New files: 0" in digest["text"]
        assert "Waiting for a request: 0" in digest["text"]
        assert len(await bot.answers(ADMIN)) == 2


async def test_after_more_than_a_day_those_concerned_hear_which_hours_are_lost(
    database_url: str, sandbox: SandboxClient, sessions: Sessions, tmp_path: Path
) -> None:
    began = datetime.now(UTC) - timedelta(hours=30)
    await sandbox.person(TENANT, language_code="en")
    for person in (TENANT, ADMIN):
        await sandbox.start(person)
    async with sessions.begin() as session:
        session.add(Presence(bot_id=BOT_ID, seen_at=began))
        for telegram_id, minutes in ((TENANT, 20), (6001, 200)):
            seen = began - timedelta(minutes=minutes)
            session.add(Person(telegram_id=telegram_id, first_name="P", last_seen_at=seen, created_at=seen))
    for _ in range(2):  # a restart tells nobody twice
        async with running_bot(database_url, sandbox, tmp_path, config=QUICK) as bot:
            lost = f"{began:%d.%m.%Y %H:%M}"
            assert lost in (await told(bot, ADMIN, "I was away for more than a day"))["text"]
            assert lost in (await told(bot, TENANT, "What you sent me between"))["text"]
    assert sum("I was away" in one["text"] for one in await sandbox.messages(ADMIN)) == 1
    assert sum("What you sent me" in one.get("text", "") for one in await sandbox.messages(TENANT)) == 1


class Wire:
    """A door before PostgreSQL that can be shut."""

    def __init__(self, dsn: str, place: Path) -> None:
        url = make_url(dsn)
        self._target = f"{url.query['host']}/.s.PGSQL.{url.query.get('port', '5432')}"
        self._place = place / ".s.PGSQL.5432"
        self.dsn = url.set(query={"host": str(place), "port": "5432"}).render_as_string(hide_password=False)
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_unix_server(self._pass_on, str(self._place))

    async def shut(self) -> None:
        assert self._server is not None
        self._server.close()
        await asyncio.sleep(0)  # the listening socket is closed by the loop
        for writer in list(self._open):
            writer.transport.abort()
        self._place.unlink(missing_ok=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_unix_connection(self._target)
        self._open |= {writer, ours}
        await asyncio.gather(_copy(reader, ours), _copy(theirs, writer), return_exceptions=True)
        self._open -= {writer, ours}


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    finally:
        writer.close()


@pytest.fixture
def short_logs() -> None:
    """Tracebacks with every local value take the event loop for seconds each, and there are many here."""
    configure_logging("json")


@pytest.mark.usefixtures("short_logs")
async def test_a_database_that_is_away_is_told_while_it_is(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, open_path: Path
) -> None:
    wire = Wire(database_url, open_path)
    await wire.open()
    async with running_bot(wire.dsn, sandbox, tmp_path, config=QUICK) as bot:
        await bot.ask(ADMIN, "/start", timeout=WAIT)
        await wire.shut()
        away = await told(bot, ADMIN, "The database does not answer")
        await wire.open()
        back = await told(bot, ADMIN, "The database is back")
        assert back["message_id"] == away["message_id"]
    await wire.shut()
