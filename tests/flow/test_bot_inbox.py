"""The durable inbox: nothing is lost, nothing is handled twice, every chat in its order."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from sqlalchemy import func, select, text, update

from bot.inbox.inbox import Inbox
from bot.inbox.polling import Poller
from bot.inbox.working import InboxWorker
from gateway.sandbox_process import TOKEN
from sandbox.client import SandboxClient
from storage.database import Sessions
from storage.domain import InboxState
from storage.tables import Bot as BotRow
from storage.tables import InboxUpdate
from tests.flow.bot_running import ADMIN, BOT_ID, TENANT
from tests.flow.conftest import eventually

Json = dict[str, Any]


def said(update_id: int, chat: int = 5) -> Json:
    return {"update_id": update_id, "message": {"chat": {"id": chat}, "text": f"\x00 {update_id}"}}


class Recorder:
    """Stands for the dispatcher: notes what it is fed, and fails when told to."""

    def __init__(self) -> None:
        self.fed: dict[int, list[int]] = defaultdict(list)
        self.busy: set[int] = set()
        self.most_at_once = 0
        self.fail: dict[int, int] = {}
        self.apologies: list[tuple[int, str]] = []

    async def feed(self, raw: Json) -> None:
        chat, update_id = raw["message"]["chat"]["id"], raw["update_id"]
        assert chat not in self.busy, "two updates of one chat at the same time"
        self.busy.add(chat)
        self.most_at_once = max(self.most_at_once, len(self.busy))
        await asyncio.sleep(random.uniform(0, 0.005))
        self.busy.discard(chat)
        if self.fail.get(update_id, 0):
            self.fail[update_id] -= 1
            raise RuntimeError("told to fail")
        self.fed[chat].append(update_id)

    async def apologise(self, raw: Json, incident: str) -> None:
        self.apologies.append((raw["update_id"], incident))


@pytest.fixture
def inbox(sessions: Sessions) -> Inbox:
    return Inbox(sessions, bot_id=BOT_ID, node="test")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def worker(inbox: Inbox, recorder: Recorder) -> InboxWorker:
    return InboxWorker(inbox, feed=recorder.feed, apologise=recorder.apologise, stopping=asyncio.Event())


async def states(sessions: Sessions) -> dict[str, int]:
    async with sessions.begin() as session:
        rows = await session.execute(select(InboxUpdate.state, func.count()).group_by(InboxUpdate.state))
        return {row[0].value: row[1] for row in rows}


async def jobs(sessions: Sessions) -> int:
    async with sessions.begin() as session:
        return int(await session.scalar(text("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'inbox'")) or 0)


async def test_an_update_is_kept_once_with_one_wake_up_per_chat(inbox: Inbox, sessions: Sessions) -> None:
    batch = [said(1), said(2), said(3, chat=6)]
    await inbox.accept(batch, username="mediagate_bot")
    assert await jobs(sessions) == 2
    await inbox.accept([*batch, said(4, chat=6)], username="mediagate_bot")
    assert (await states(sessions), await jobs(sessions)) == ({"pending": 4}, 3)
    async with sessions.begin() as session:
        assert await session.scalar(select(BotRow.update_offset)) == 5


async def test_chats_are_handled_in_order_and_side_by_side(
    inbox: Inbox, worker: InboxWorker, recorder: Recorder, sessions: Sessions
) -> None:
    """Wake-ups come in any number and at any time; updates arrive while others are handled."""
    wanted: dict[int, list[int]] = defaultdict(list)

    async def arrive(chat: int, first: int) -> None:
        for update_id in range(first, first + 12):
            wanted[chat].append(update_id)
            await inbox.accept([said(update_id, chat)])
            await asyncio.gather(*(worker.handle({"chat_key": chat}) for _ in range(random.randint(1, 2))))

    await asyncio.gather(*(arrive(chat, chat * 100) for chat in range(1, 5)))
    assert recorder.fed == wanted
    assert recorder.most_at_once > 1
    assert await states(sessions) == {"done": 48}


async def test_a_chat_in_hand_is_left_alone_and_its_handler_goes_on(
    inbox: Inbox, worker: InboxWorker, recorder: Recorder
) -> None:
    await inbox.accept([said(1), said(2)])
    first = await inbox.claim(5)
    assert first is not None
    await worker.handle({"chat_key": 5})
    assert recorder.fed == {}, "the second must wait for the first"
    following = await inbox.done_and_next(first)
    assert following is not None
    assert following.update_id == 2


async def test_a_failure_is_tried_again(inbox: Inbox, worker: InboxWorker, recorder: Recorder) -> None:
    await inbox.accept([said(1), said(2)])
    recorder.fail[1] = 1
    await worker.handle({"chat_key": 5})
    assert recorder.fed[5] == [1, 2]
    assert recorder.apologies == []


async def test_what_keeps_failing_is_given_up_with_one_apology(
    inbox: Inbox, worker: InboxWorker, recorder: Recorder, sessions: Sessions
) -> None:
    await inbox.accept([said(1), said(2)])
    recorder.fail[1] = 9
    await worker.handle({"chat_key": 5})
    assert recorder.fail[1] == 6, "three attempts"
    assert recorder.fed[5] == [2], "the chat goes on"
    ((update_id, incident),) = recorder.apologies
    async with sessions.begin() as session:
        row = await session.get(InboxUpdate, (BOT_ID, update_id))
        assert row is not None
        assert (row.state, row.incident) == (InboxState.FAILED, UUID(incident))


async def test_a_stop_during_a_retry_leaves_the_update_for_later(
    inbox: Inbox, recorder: Recorder, sessions: Sessions
) -> None:
    stopping = asyncio.Event()
    worker = InboxWorker(inbox, feed=recorder.feed, apologise=recorder.apologise, stopping=stopping)
    await inbox.accept([said(1)])
    recorder.fail[1] = 9
    handling = asyncio.create_task(worker.handle({"chat_key": 5}))
    await asyncio.sleep(0.1)
    stopping.set()
    await asyncio.wait_for(handling, 1)
    assert await states(sessions) == {"pending": 1}


async def test_a_new_start_takes_back_what_a_killed_one_was_handling(
    inbox: Inbox, sessions: Sessions, recorder: Recorder
) -> None:
    await inbox.accept([said(1), said(2)])
    await inbox.claim(5)
    async with sessions.begin() as session:
        await session.execute(text("DELETE FROM pgqueuer"))
    restarted = Inbox(sessions, bot_id=BOT_ID, node="test")
    await Inbox(sessions, bot_id=BOT_ID, node="another").recover()
    assert await states(sessions) == {"handling": 1, "pending": 1}, "another node's work is its own"
    await restarted.recover()
    assert (await states(sessions), await jobs(sessions)) == ({"pending": 2}, 1)
    worker = InboxWorker(restarted, feed=recorder.feed, apologise=recorder.apologise, stopping=asyncio.Event())
    await worker.handle({"chat_key": 5})
    assert recorder.fed[5] == [1, 2]


async def test_the_sweep_leaves_work_in_hand_alone_and_drops_what_is_old(inbox: Inbox, sessions: Sessions) -> None:
    await inbox.accept([said(1), said(2, chat=6), said(3, chat=7)])
    with inbox.holding.held(5):
        assert await inbox.claim(5) is not None
        other = await inbox.claim(6)
        assert other is not None
        await inbox.done_and_next(other)
        async with sessions.begin() as session:
            await session.execute(
                update(InboxUpdate).where(InboxUpdate.update_id == 2).values(done_at=text("now() - interval '4 days'"))
            )
        await inbox.sweep()
        assert await states(sessions) == {"handling": 1, "pending": 1}
    await inbox.sweep()
    assert await states(sessions) == {"pending": 2}, "held by nobody: taken back"


@pytest.fixture
async def telegram(sandbox: SandboxClient) -> AsyncIterator[Bot]:
    api = TelegramAPIServer.from_base(sandbox.base_url)
    async with Bot(TOKEN, session=AiohttpSession(api=api)) as bot:
        yield bot


async def test_polling_confirms_only_what_is_committed(
    inbox: Inbox, sandbox: SandboxClient, telegram: Bot, sessions: Sessions
) -> None:
    """It may be cancelled at any instant, be told to wait, be thrown out, and lose its answers."""
    for fault in ("reset", "answer_lost", "error"):
        await sandbox.add_fault(fault, method="getUpdates", count=1, status=500)
    texts = []
    for at in range(12):
        polling = asyncio.create_task(Poller(telegram, inbox).run())
        texts.append(f"message {at}")
        await sandbox.send_text(ADMIN, texts[-1])
        await asyncio.sleep(random.uniform(0, 0.06))
        polling.cancel()
        await asyncio.wait([polling], timeout=1)
        assert polling.cancelled()
    polling = asyncio.create_task(Poller(telegram, inbox).run())

    async def all_there() -> bool:
        async with sessions.begin() as session:
            rows = await session.scalars(select(InboxUpdate.payload).order_by(InboxUpdate.update_id))
            return [row["message"]["text"] for row in rows if "message" in row] == texts

    await eventually(all_there)
    polling.cancel()
    await asyncio.wait([polling], timeout=1)


async def test_an_old_offset_never_confirms_updates_whose_ids_began_anew(
    inbox: Inbox, sandbox: SandboxClient, telegram: Bot, sessions: Sessions
) -> None:
    """After a week without updates Telegram starts from another id, which may be lower."""
    async with sessions.begin() as session:
        session.add(BotRow(id=BOT_ID, username="mediagate_bot", update_offset=2**40))
    polling = asyncio.create_task(Poller(telegram, inbox).run())
    await sandbox.send_text(TENANT, "after a quiet week")

    async def kept() -> bool:
        async with sessions.begin() as session:
            rows = await session.scalars(select(InboxUpdate.payload))
            return any(row.get("message", {}).get("text") == "after a quiet week" for row in rows)

    await eventually(kept)
    polling.cancel()
    await asyncio.wait([polling], timeout=1)
