"""The state machine of dialogues: kept in PostgreSQL, over when its time is, and never raced for by two nodes."""

import asyncio
import random
from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from aiogram import Bot, Dispatcher, Router
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import StorageKey
from aiogram.fsm.strategy import FSMStrategy
from aiogram.types import Message, Update
from sqlalchemy import func, select, update

from bot.conversations import Conversations, OrderedByInbox
from bot.inbox.inbox import Inbox, chat_key
from bot.inbox.working import InboxWorker
from gateway.sandbox_process import TOKEN
from storage.database import Sessions
from storage.tables import Conversation
from tests.flow.bot_running import BOT_ID

Json = dict[str, Any]
KEY = StorageKey(bot_id=BOT_ID, chat_id=-5, user_id=7, thread_id=3)


class Asked(StatesGroup):
    number = State()
    name = State()


@pytest.fixture
def conversations(sessions: Sessions) -> Conversations:
    return Conversations(sessions, {"Asked:name": timedelta(minutes=2)})


async def rows(sessions: Sessions) -> int:
    async with sessions.begin() as session:
        return await session.scalar(select(func.count()).select_from(Conversation)) or 0


async def pass_time(sessions: Sessions, by: timedelta) -> None:
    async with sessions.begin() as session:
        await session.execute(update(Conversation).values(expires_at=Conversation.expires_at - by))


async def test_state_and_data_are_kept_and_cleared(conversations: Conversations, sessions: Sessions) -> None:
    assert (await conversations.get_state(KEY), await conversations.get_data(KEY)) == (None, {})
    context = FSMContext(conversations, KEY)
    await context.set_state(Asked.number)
    await context.set_data({"number": "250926-001"})
    assert await context.update_data({"ids": [1, 2]}, note="x") == {"number": "250926-001", "ids": [1, 2], "note": "x"}
    again = FSMContext(Conversations(sessions), KEY)
    assert (await again.get_state(), await again.get_value("ids")) == ("Asked:number", [1, 2])
    await again.clear()
    assert (await context.get_state(), await context.get_data(), await rows(sessions)) == (None, {}, 0)


async def test_every_key_is_a_dialogue_of_its_own(conversations: Conversations) -> None:
    others = [
        StorageKey(bot_id=BOT_ID, chat_id=-5, user_id=7),
        StorageKey(bot_id=BOT_ID, chat_id=-5, user_id=8, thread_id=3),
        StorageKey(bot_id=BOT_ID, chat_id=-6, user_id=7, thread_id=3),
        StorageKey(bot_id=1, chat_id=-5, user_id=7, thread_id=3),
        StorageKey(bot_id=BOT_ID, chat_id=-5, user_id=7, thread_id=3, destiny="setup"),
    ]
    await conversations.set_state(KEY, Asked.number)
    for at, other in enumerate(others):
        assert await conversations.get_state(other) is None
        await conversations.set_data(other, {"at": at})
    assert [await conversations.get_data(other) for other in others] == [{"at": at} for at in range(5)]
    assert await conversations.get_state(KEY) == "Asked:number"


async def test_a_dialogue_ends_after_its_states_time_without_a_word(
    conversations: Conversations, sessions: Sessions
) -> None:
    await conversations.set_state(KEY, Asked.name)
    await conversations.set_data(KEY, {"a": 1})
    await pass_time(sessions, timedelta(seconds=100))
    assert await conversations.update_data(KEY, {"b": 2}) == {"a": 1, "b": 2}
    await pass_time(sessions, timedelta(seconds=100))
    assert await conversations.get_state(KEY) == "Asked:name", "the last word put its end off"
    await pass_time(sessions, timedelta(seconds=30))
    assert (await conversations.get_state(KEY), await conversations.get_data(KEY)) == (None, {})
    assert await conversations.update_data(KEY, {"c": 3}) == {"c": 3}, "what is over is not gone on with"
    assert await conversations.get_state(KEY) is None
    await pass_time(sessions, timedelta(hours=2))
    await conversations.forget()
    assert await rows(sessions) == 0


def said(update_id: int, chat: int, person: int) -> Json:
    return {
        "update_id": update_id,
        "message": {
            "message_id": update_id,
            "date": 1,
            "chat": {"id": chat, "type": "supergroup", "title": "Work"},
            "from": {"id": person, "is_bot": False, "first_name": "P"},
            "text": "one more",
        },
    }


class Node:
    """One process: its own dispatcher and worker, the same database. Its handler is the race one fears."""

    def __init__(self, name: str, sessions: Sessions, bot: Bot) -> None:
        self.handled: list[int] = []
        self.inbox = Inbox(sessions, bot_id=BOT_ID, node=name)
        self._bot = bot
        self._dispatcher = Dispatcher(
            storage=Conversations(sessions),
            events_isolation=OrderedByInbox(),
            fsm_strategy=FSMStrategy.USER_IN_TOPIC,
        )
        router = Router()
        router.message.register(self._count)
        self._dispatcher.include_router(router)
        self.worker = InboxWorker(self.inbox, feed=self._feed, apologise=self._apologise, stopping=asyncio.Event())

    async def _count(self, message: Message, state: FSMContext) -> None:
        seen = await state.get_value("seen", [])
        await asyncio.sleep(0.003)  # what a call to Telegram would take: the other node has its chance
        await state.set_data({"seen": [*seen, message.message_id]})
        self.handled.append(message.message_id)

    async def _feed(self, raw: Json) -> None:
        await self._dispatcher.feed_update(self._bot, Update.model_validate(raw, context={"bot": self._bot}))

    async def _apologise(self, raw: Json, incident: str) -> None:
        raise AssertionError(f"{raw} failed: {incident}")


async def test_two_nodes_never_handle_one_dialogue_at_once(sessions: Sessions) -> None:
    """Two people in each of three chats; both nodes are woken for every update. Nobody's dialogue loses a step."""
    chats, people = (-1, -2, -3), (7, 8)
    wanted: dict[tuple[int, int], list[int]] = defaultdict(list)

    async def talk(chat: int) -> None:
        for first in range(abs(chat) * 1000, abs(chat) * 1000 + 30, 3):
            batch = [said(first + at, chat, random.choice(people)) for at in range(3)]
            for one in batch:
                wanted[chat, one["message"]["from"]["id"]].append(one["update_id"])
            await random.choice(nodes).inbox.accept(batch)
            order = random.sample(nodes, len(nodes))
            await asyncio.gather(*(node.worker.handle({"chat_key": chat}) for node in order))

    async with Bot(TOKEN) as bot:
        nodes = [Node(name, sessions, bot) for name in ("one", "two")]
        await asyncio.gather(*map(talk, chats))
    async with sessions.begin() as session:
        kept = {(row.chat_id, row.user_id): row.data["seen"] for row in await session.scalars(select(Conversation))}
    assert kept == wanted
    assert all(node.handled for node in nodes), "both took part"


@pytest.mark.parametrize("kind", ["message", "edited_message", "callback_query", "my_chat_member"])
async def test_what_orders_updates_is_the_chat_that_names_a_dialogue(sessions: Sessions, kind: str) -> None:
    """Else the inbox would not keep its updates apart."""
    body = said(1, -77, 7)["message"]
    person = body["from"]
    member = {"user": person, "status": "member"}
    bodies: Json = {
        "callback_query": {"id": "1", "from": person, "chat_instance": "1", "message": body, "data": "x"},
        "my_chat_member": {
            **{name: body[name] for name in ("chat", "from", "date")},
            "old_chat_member": member,
            "new_chat_member": member,
        },
    }
    raw = {"update_id": 1, kind: bodies.get(kind, body)}
    keys = []

    async def note(_event: object, state: FSMContext) -> None:
        keys.append(state.key)

    async with Bot(TOKEN) as bot:
        dispatcher = Dispatcher(storage=Conversations(sessions), fsm_strategy=FSMStrategy.USER_IN_TOPIC)
        dispatcher.observers[kind].register(note)
        await dispatcher.feed_update(bot, Update.model_validate(raw, context={"bot": bot}))
    assert keys == [StorageKey(bot_id=BOT_ID, chat_id=chat_key(raw), user_id=7)]
