"""The bot over a whole storage layer and a local Telegram, and what a person sees of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, exists, select, true

from bot.app import BotDoor
from bot.config import BotConfig
from gateway.archive import Archive
from gateway.sandbox_process import TOKEN
from sandbox.client import SandboxClient
from storage.callers.people import Access
from storage.database import Sessions
from storage.domain import InboxState
from storage.tables import InboxUpdate, Incident
from storage.tables.base import Table
from tests.flow.archives import RunningArchive, assembled_archive, eventually
from tests.flow.http_door import open_door

Json = dict[str, Any]

TENANT, STAFF, ADMIN, GROUP, REQUESTS = 1001, 1002, 1003, -1_002_000_000_001, -1_001_000_000_001
WEBHOOK_SECRET = "s3cret"
BOT_ID = int(TOKEN.partition(":")[0])
SAMPLE_PEOPLE: Json = {"admin_ids": frozenset({ADMIN}), "staff_ids": frozenset({STAFF})}


@dataclass
class RunningBot:
    """The door, what is behind it, and the sandbox before it. ``public_url``: with a webhook, where it is served."""

    door: BotDoor
    archive: Archive
    sandbox: SandboxClient
    running: RunningArchive
    public_url: str
    _fed: int = 0

    @property
    def sessions(self) -> Sessions:
        return self.archive.sessions

    async def answers(
        self, chat: int, after: int = 0, *, until: Callable[[list[Json]], Any] = bool, timeout: float = 60
    ) -> list[Json]:
        """The bot's messages in a chat after a message id, once ``until`` holds of them."""

        def of_bot(messages: list[Json]) -> list[Json]:
            return [one for one in messages if one["message_id"] > after and one["from"]["id"] == BOT_ID]

        messages = await self.sandbox.wait_for(chat, lambda found: until(of_bot(found)), timeout=timeout)
        return of_bot(messages)

    async def ask(self, person: int, text: str, *, timeout: float = 60, **fields: Any) -> Json:
        """Say something to the bot and return its first answer."""
        said = await self.sandbox.send_text(person, text, **fields)
        return (await self.answers(fields.get("chat") or person, said["message_id"], timeout=timeout))[0]

    async def press(self, person: int, message: Json, data: str) -> None:
        """Press a button that the message does not (or no longer) have, as a modified client can."""
        user = {"id": person, "is_bot": False, "first_name": "P", "language_code": "en"}
        press = {"id": str(self._fed + 1), "from": user, "chat_instance": "1", "message": message, "data": data}
        assert await self.feed({"callback_query": press}) is InboxState.DONE

    async def feed(self, body: Json) -> InboxState:
        """Give the bot an update as its webhook would, under a fresh id; how it ended."""
        self._fed += 1
        await self.door.accept_update({"update_id": self._fed, **body})
        query = select(InboxUpdate.state).where(InboxUpdate.update_id == self._fed)
        async with asyncio.timeout(30):
            while True:
                async with self.sessions.begin() as session:
                    state = await session.scalar(query)
                if state in (InboxState.DONE, InboxState.FAILED):
                    return state
                await asyncio.sleep(0.02)

    async def calm(self) -> None:
        """Wait until every update is settled; then nothing may have gone wrong with any."""
        unsettled = InboxUpdate.state.in_((InboxState.PENDING, InboxState.HANDLING))
        await eventually(lambda: self._none(InboxUpdate, unsettled))
        assert await self._none(InboxUpdate, InboxUpdate.state == InboxState.FAILED)
        assert await self._none(Incident, true())

    async def _none(self, table: type[Table], condition: ColumnElement[bool]) -> bool:
        async with self.sessions.begin() as session:
            return not await session.scalar(select(exists().select_from(table).where(condition)))

    async def reacted(self, chat: int, message: Json, *wanted: str, timeout: float = 40) -> None:
        """Wait until these are the reactions to a message."""

        def shown(messages: list[Json]) -> bool:
            found = next((one for one in messages if one["message_id"] == message["message_id"]), None)
            return found is not None and [one["emoji"] for one in found["reactions"]] == list(wanted)

        await self.sandbox.wait_for(chat, shown, timeout=timeout)

    async def card(self, chat: int, after: int, *words: str, timeout: float = 60) -> Json:
        """The first answer after a message, once it says all of ``words``."""

        def shown(found: list[Json]) -> bool:
            return bool(found) and all(word in found[0].get("text", "") for word in words)

        return (await self.answers(chat, after, until=shown, timeout=timeout))[0]


@asynccontextmanager
async def running_bot(
    database_url: str,
    sandbox: SandboxClient,
    tmp_path: Path,
    *,
    config: Json | None = None,
    webhook: bool = False,
    **variables: str,
) -> AsyncIterator[RunningBot]:
    """Assemble and run; ``config`` are fields of `BotConfig`, ``variables`` settings in lower case.

    With ``webhook`` updates come over HTTP through the gateway's own route, else they are polled for.
    """
    async with AsyncExitStack() as stack:
        assembled = await stack.enter_async_context(
            assembled_archive(database_url, sandbox, tmp_path, **{"delete_grace": "2s", **variables})
        )
        fields: Json = {"node": "test", "access": Access.OPEN, **SAMPLE_PEOPLE, **(config or {})}
        doors: list[BotDoor] = []
        if webhook:
            await sandbox.options(http_webhooks=True)
            http = await stack.enter_async_context(open_door(assembled, accept_update=_accept(doors)))
            fields |= {"webhook": True, "webhook_secret": WEBHOOK_SECRET, "public_url": http.url}
        door = BotDoor(
            bot=assembled.bot,
            use_cases=assembled.archive.use_cases,
            jobs=assembled.jobs,
            config=BotConfig(**fields),
        )
        doors.append(door)
        await stack.enter_async_context(assembled.jobs.running())
        await stack.enter_async_context(door.running())
        yield RunningBot(door, assembled.archive, sandbox, assembled, str(fields.get("public_url", "")))


def _accept(doors: list[BotDoor]) -> Callable[[str, Json], Awaitable[bool]]:
    """What the HTTP door, which is open first, gives updates to: the bot's door, once it is there."""

    async def accept(secret: str, update: Json) -> bool:
        if not doors or not doors[0].is_from_telegram(secret):
            return False
        await doors[0].accept_update(update)
        return True

    return accept


def buttons(message: Json) -> list[Json]:
    """All buttons under a message, row by row."""
    return [one for row in message.get("reply_markup", {}).get("inline_keyboard", []) for one in row]


def labelled(message: Json, words: str) -> str:
    """The data of the first button whose label has ``words`` in it."""
    return next(str(one["callback_data"]) for one in buttons(message) if words in one["text"])
