"""What a person can do in Telegram: write, send files, press, react, follow links, open Mini Apps."""

import json
import mimetypes
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import aiohttp

from sandbox.client_calls import ControlCalls, Json

_START: Final = re.compile(r"[A-Za-z0-9_-]{0,64}")  # TELEGRAM.md, Updates


class PersonCalls(ControlCalls):
    """`sender` is always the id of the person who acts; `bot` tells their private chats apart."""

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
        media_group_id: str | None = None,
    ) -> list[Json]:
        """Real files; the kind is guessed from the name unless given. Several are an album unless `album` is False.

        Calls with the same `media_group_id` send the items of one album one by one.
        """
        message: Json = {"from": sender, "as_album": album, "caption": caption, **_place(bot, reply_to)}
        message |= _known({"media_group_id": media_group_id})
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
        return await self._act(message["chat"]["id"], message["message_id"], "press", _known(body), bot)

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

    # -- keyboards, links, inline mode, Mini Apps

    async def press_key(self, sender: int, message: Json, button: str | Sequence[int], **fields: Any) -> Json:
        """Press a button of the reply keyboard that came with `message`, by its text or (row, column).

        `chat` or `create` (a title) answer `request_chat`, `users` answers `request_users`, `location`
        `request_location`. Answers `{"messages": […]}`, and `url` where the button opens a Mini App.
        """
        wanted = button if isinstance(button, str) else list(button)
        body = {"from": sender, "button": wanted, **fields}
        return await self._act(message["chat"]["id"], message["message_id"], "key", body, fields.get("bot"))

    async def open_link(self, sender: int, url: str, *, chat: int | None = None) -> Json:
        """Follow `https://t.me/<bot>?start=…`, `?startgroup=…` (with `chat`), or an invite link.

        Answers `{"messages": […]}`; for invite links also `chat_id` and the person's `status` there.
        """
        found: Json = await self.call("POST", "/links", _known({"from": sender, "url": url, "chat": chat}))
        return found

    async def inline(
        self, sender: int, query: str, *, bot: int | None = None, chat: int | None = None, offset: str = ""
    ) -> Json:
        """Type `@bot query`: `{"query_id", "results", "answered", "next_offset", "button"}` after up to 10 s."""
        body = _known({"from": sender, "query": query, "bot": bot, "chat": chat, "offset": offset})
        found: Json = await self.call("POST", "/inline", body)
        return found

    async def choose(self, sender: int, query_id: str, result_id: str, *, chat: int | None = None) -> Json:
        """Pick a result of `inline`; answers the message it became."""
        body = _known({"from": sender, "query_id": query_id, "result_id": result_id, "chat": chat})
        answer = await self.call("POST", "/inline/choose", body)
        message: Json = answer["messages"][0]
        return message

    async def open_web_app(self, sender: int, *, bot: int | None = None, **how: Any) -> Json:
        """Open a Mini App: `url`, or `menu=True`, or `message` (an id) and `button` (text or [row, column]).

        Answers `{"url", "init_data", "query_id"}`; the `url` carries signed init data in its fragment.
        """
        found: Json = await self.call("POST", "/webapp", _known({"from": sender, "bot": bot, **how}))
        return found

    async def send_web_app_data(self, sender: int, data: str, *, button_text: str = "", bot: int | None = None) -> Json:
        """What a Mini App of a keyboard button sends back; answers the message with `web_app_data`."""
        body = _known({"from": sender, "data": data, "button_text": button_text, "bot": bot})
        answer = await self.call("POST", "/webapp/data", body)
        message: Json = answer["messages"][0]
        return message

    async def topic(self, chat: int, sender: int, name: str) -> Json:
        """Open a topic in a forum: a `ForumTopic`."""
        found: Json = await self.call("POST", f"/chats/{chat}/topics", {"from": sender, "name": name})
        return found

    async def set_photo(self, person: int, path: Path) -> Json:
        """A new profile photo from a picture on disk; answers the person."""
        form = aiohttp.FormData()
        with path.open("rb") as file:
            form.add_field("file", file, filename=path.name, content_type="application/octet-stream")
            found: Json = await self.call("POST", f"/people/{person}/photo", form)
        return found


def _known(body: Json) -> Json:
    return {name: value for name, value in body.items() if value is not None}


def _place(bot: int | None, reply_to: int | None) -> Json:
    return _known({"bot": bot, "reply_to_message_id": reply_to})
