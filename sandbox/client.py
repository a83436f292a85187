"""A client of the control API, for tests and scripts of any bot.

    async with SandboxClient("http://127.0.0.1:8081") as sandbox:
        aziza = await sandbox.person(first_name="Aziza")
        await sandbox.start(aziza["id"], "from-an-ad")              # your bot gets /start from-an-ad
        messages = await sandbox.wait_for(aziza["id"], lambda found: len(found) == 2)
        await sandbox.press(aziza["id"], messages[-1], data="yes")  # what your bot answers the query with
        async with sandbox.fault("flood", method="sendMessage", retry_after=3):
            ...                                                     # the bot's calls are refused here
        await sandbox.advance(49 * 3600)                            # two days later

Ids are Telegram's: people are positive, groups negative, channels -100…. Messages are Bot API `Message` objects as the
chat holds them, with `edited` and `reactions` beside. Every refusal is a SandboxError.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sandbox.client_calls import Json, SandboxError
from sandbox.client_person import PersonCalls

__all__ = ["Json", "Predicate", "SandboxClient", "SandboxError"]
Predicate = Callable[[list[Json]], Any]
_POLL: Final = 0.02


class SandboxClient(PersonCalls):
    """Use as an async context manager. `bot` tells private chats apart; without it the first bot is meant."""

    # -- who and where

    async def state(self) -> Json:
        found: Json = await self.call("GET", "/state")
        return found

    async def bot(self, **fields: Any) -> Json:
        """A bot by `token`, made if there is none: `{"id", "token", "username", …}`."""
        found: Json = await self.call("POST", "/bots", fields)
        return found

    async def person(self, id: int | None = None, **fields: Any) -> Json:  # noqa: A002 - the API's own name
        """A person, made or changed."""
        wanted = fields if id is None else {"id": id, **fields}
        found: Json = await self.call("POST", "/people", wanted)
        return found

    async def change_person(self, person: int, **fields: Any) -> Json:
        """`blocked_bots`, `deactivated`, `language_code`, …"""
        found: Json = await self.call("PATCH", f"/people/{person}", fields)
        return found

    async def chat(self, type: str, title: str, **fields: Any) -> Json:  # noqa: A002 - the API's own name
        found: Json = await self.call("POST", "/chats", {"type": type, "title": title, **fields})
        return found

    async def channel(self, title: str, *, creator: int, bots: Sequence[int] = (), **fields: Any) -> Json:
        """A channel with these bots as administrators with full rights."""
        placed = [{"id": one, "status": "administrator"} for one in bots]
        return await self.chat("channel", title, creator=creator, bots=placed, **fields)

    async def member(self, chat: int, user: int, status: str, rights: Json | None = None) -> Json:
        wanted = {"status": status} if rights is None else {"status": status, "rights": rights}
        found: Json = await self.call("PUT", f"/chats/{chat}/members/{user}", wanted)
        return found

    async def chats(self, person: int) -> list[Json]:
        found: list[Json] = await self.call("GET", "/chats", person=person)
        return found

    async def change_chat(self, chat: int, **fields: Any) -> Json:
        """`title`, `username`, `description`, `protected` (restrict saving content), `is_forum`."""
        found: Json = await self.call("PATCH", f"/chats/{chat}", fields)
        return found

    async def upgrade(self, chat: int) -> Json:
        """A group becomes a supergroup with a new id, which is answered."""
        found: Json = await self.call("POST", f"/chats/{chat}/upgrade")
        return found

    # -- looking

    async def messages(
        self,
        chat: int,
        *,
        bot: int | None = None,
        after: int | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Json]:
        """Oldest first: those after `after`, or the last ones."""
        path = f"/chats/{chat}/messages"
        answer = await self.call("GET", path, bot=bot, after=after, before=before, limit=limit)
        found: list[Json] = answer["messages"]
        return found

    async def wait_for(
        self, chat: int, predicate: Predicate, *, timeout: float = 60, bot: int | None = None, limit: int = 100
    ) -> list[Json]:
        """The chat's messages once `predicate` holds of them. Raises AssertionError with them when it does not."""
        messages: list[Json] = []
        deadline = asyncio.get_running_loop().time() + timeout
        while True:
            messages = await self.messages(chat, bot=bot, limit=limit)
            if predicate(messages):
                return messages
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"not within {timeout} s in chat {chat}: {messages}")
            await asyncio.sleep(_POLL)

    async def file(self, unique_id: str, *, start: int | None = None, end: int | None = None) -> bytes:
        """The bytes of a file, or its range `start … end` (end exclusive)."""
        assert self._session is not None
        headers = {} if start is None else {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
        async with self._session.get(f"{self._base}/files/{unique_id}", headers=headers) as answer:
            answer.raise_for_status()
            return await answer.read()

    async def stats(self) -> Json:
        found: Json = await self.call("GET", "/stats")
        return found

    async def reset_stats(self) -> None:
        await self.call("POST", "/stats/reset")

    async def calls(self, after: int = 0, limit: int = 100) -> list[Json]:
        found: list[Json] = await self.call("GET", "/calls", after=after, limit=limit)
        return found

    # -- the world

    async def now(self) -> float:
        return float((await self.call("GET", "/clock"))["now"])

    async def advance(self, seconds: float) -> float:
        """Move the sandbox clock on; answers the new time."""
        return float((await self.call("POST", "/clock", {"advance": seconds}))["now"])

    async def options(self, **changes: Any) -> Json:
        """The options, changed if any are given."""
        method = "POST" if changes else "GET"
        found: Json = await self.call(method, "/options", changes or None)
        return found

    async def add_fault(self, kind: str, **fields: Any) -> int:
        """Order a fault; answers its id."""
        return int((await self.call("POST", "/faults", {"kind": kind, **fields}))["id"])

    async def remove_fault(self, fault_id: int) -> None:
        await self.call("DELETE", f"/faults/{fault_id}")

    async def clear_faults(self) -> None:
        await self.call("DELETE", "/faults")

    @asynccontextmanager
    async def fault(self, kind: str, **fields: Any) -> AsyncIterator[int]:
        """A fault for the length of a `with` block."""
        fault_id = await self.add_fault(kind, **fields)
        try:
            yield fault_id
        finally:
            await self.remove_fault(fault_id)
