"""A client of the control API, for tests and scripts."""

import asyncio
import json
import mimetypes
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

Json = dict[str, Any]
Predicate = Callable[[list[Json]], Any]
_POLL: Final = 0.02
_START: Final = re.compile(r"[A-Za-z0-9_-]{0,64}")  # TELEGRAM.md, Updates


class SandboxError(Exception):
    """The control API refused: its status and sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class SandboxClient:
    """Use as an async context manager. `bot` tells private chats apart; without it the first bot is meant."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._base = self.base_url + "/control"
        self._stack = AsyncExitStack()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=120)
        self._session = await self._stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One call of the control API; query values that are None are left out. Raises SandboxError."""
        assert self._session is not None
        known = {name: str(value) for name, value in query.items() if value is not None}
        form = {"data": body} if isinstance(body, aiohttp.FormData) else {"json": body}
        async with self._session.request(method, self._base + path, params=known, **form) as answer:
            value = await answer.json(content_type=None)
            if not answer.ok:
                raise SandboxError(answer.status, str(value.get("error", value)))
            return value

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

    # -- being a person

    async def send(self, chat: int, sender: int, **fields: Any) -> list[Json]:
        """Any message; see `POST /control/chats/{id}/messages`. Answers the messages."""
        answer = await self.call("POST", f"/chats/{chat}/messages", {"from": sender, **fields})
        found: list[Json] = answer["messages"]
        return found

    async def send_text(
        self, sender: int, text: str, *, chat: int | None = None, bot: int | None = None, reply_to: int | None = None
    ) -> Json:
        """A text; without `chat` into the person's private chat with the bot."""
        return (await self.send(chat or sender, sender, text=text, **_place(bot, reply_to)))[0]

    async def start(self, sender: int, payload: str = "", *, bot: int | None = None) -> Json:
        """Press *Start*, or follow a deep link. Raises ValueError for a `payload` that no link can have."""
        if not _START.fullmatch(payload):
            raise ValueError("a start parameter has at most 64 characters of A-Za-z0-9_-")
        return await self.send_text(sender, f"/start {payload}".strip(), bot=bot)

    async def send_files(
        self,
        sender: int,
        paths: Sequence[Path],
        *,
        kind: str | None = None,
        chat: int | None = None,
        bot: int | None = None,
        album: bool | None = None,
        caption: str | None = None,
        reply_to: int | None = None,
        media: Sequence[Json] | None = None,
    ) -> list[Json]:
        """Real files; the kind is guessed from the name unless given. Several are an album unless `album` is False."""
        message: Json = {"from": sender, "as_album": album, "caption": caption, **_place(bot, reply_to)}
        if media is not None or kind is not None:
            message["media"] = list(media) if media is not None else [{"kind": kind} for _ in paths]
        form = aiohttp.FormData()
        form.add_field("message", json.dumps(message))
        async with AsyncExitStack() as files:
            for path in paths:
                file = files.enter_context(path.open("rb"))
                type_ = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
                form.add_field("file", file, filename=path.name, content_type=type_)
            answer = await self.call("POST", f"/chats/{chat or sender}/messages", form)
        found: list[Json] = answer["messages"]
        return found

    async def send_virtual(
        self,
        sender: int,
        size: int,
        *,
        kind: str = "video",
        chat: int | None = None,
        bot: int | None = None,
        caption: str | None = None,
        **media: Any,
    ) -> Json:
        """A file of `size` bytes that uses no disk; `media` are further fields of the item (file_name, …)."""
        item = {"kind": kind, "virtual_size": size, **media}
        place = _place(bot, None)
        return (await self.send(chat or sender, sender, media=[item], caption=caption, **place))[0]

    async def edit(self, chat: int, message: int, sender: int, *, bot: int | None = None, **fields: Any) -> Json:
        """Edit one's own message: `text` or `caption`."""
        return await self._act(chat, message, "edit", {"from": sender, **fields}, bot)

    async def press(
        self,
        sender: int,
        message: Json,
        *,
        data: str | None = None,
        row: int | None = None,
        column: int | None = None,
        bot: int | None = None,
    ) -> Json:
        """Press a button, by its data or place: `{"text", "show_alert", "url", "answered"}` after up to 10 s."""
        body: Json = {"from": sender, "data": data, "row": row, "column": column}
        known = {name: value for name, value in body.items() if value is not None}
        return await self._act(message["chat"]["id"], message["message_id"], "press", known, bot)

    async def forward(self, sender: int, message: Json, to: int, *, bot: int | None = None) -> Json:
        body = {"from": sender, "to": to}
        answer = await self._act(message["chat"]["id"], message["message_id"], "forward", body, bot)
        forwarded: Json = answer["messages"][0]
        return forwarded

    async def react(self, sender: int, message: Json, emoji: str | None, *, bot: int | None = None) -> Json:
        body = {"from": sender, "emoji": emoji}
        return await self._act(message["chat"]["id"], message["message_id"], "react", body, bot)

    async def delete(self, chat: int, message: int, *, bot: int | None = None) -> None:
        """By hand, at any age."""
        await self.call("DELETE", f"/chats/{chat}/messages/{message}", bot=bot)

    async def _act(self, chat: int, message: int, verb: str, body: Json, bot: int | None) -> Json:
        wanted = body if bot is None else {**body, "bot": bot}
        answer: Json = await self.call("POST", f"/chats/{chat}/messages/{message}/{verb}", wanted)
        return answer

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
        self, chat: int, predicate: Predicate, *, timeout: float = 10, bot: int | None = None, limit: int = 100
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


def _place(bot: int | None, reply_to: int | None) -> Json:
    known = {"bot": bot, "reply_to_message_id": reply_to}
    return {name: value for name, value in known.items() if value is not None}
