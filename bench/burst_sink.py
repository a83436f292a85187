"""A Telegram that does nothing but answer at once: photos of many people, all there when a burst begins.

    python -m bench.burst_sink PORT

Every bot (token) gets bursts of its own by ``POST /burst``; ``GET /burst`` says how far its last one is. It keeps no
state beyond counters, so that what is measured is the bot.
"""

import asyncio
import io
import json
import os
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from PIL import Image

Json = dict[str, Any]
CHANNEL = -1001
_POLL_SECONDS = 25.0


@dataclass
class Bot:
    """One bot: what waits for it, what its calls were, and when the marks of its burst were reached."""

    waiting: deque[Json] = field(default_factory=deque)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    calls: dict[str, int] = field(default_factory=dict)
    update_id: int = 0
    message_id: int = 100
    wanted: int = 0
    began: float = 0.0
    answered: float | None = None
    copied: float | None = None
    last: float = 0.0


class Sink:
    """The Bot API as far as it is needed, and the control of bursts."""

    def __init__(self) -> None:
        self._bots: dict[str, Bot] = {}
        self._jpeg = _picture()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_post("/burst/{token}", self._start)
        app.router.add_get("/burst/{token}", self._tell)
        app.router.add_get("/file/bot{token}/{path:.*}", self._download)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        return app

    def _bot(self, request: web.Request) -> Bot:
        return self._bots.setdefault(request.match_info["token"], Bot())

    async def _start(self, request: web.Request) -> web.Response:
        bot, wanted = self._bot(request), await request.json()
        bot.calls, bot.wanted, bot.answered, bot.copied = {}, wanted["photos"], None, None
        for at in range(wanted["photos"]):
            bot.update_id += 1
            bot.message_id += 1
            person = 1000 + at % wanted["people"]
            bot.waiting.append({"update_id": bot.update_id, "message": _photo(bot.message_id, person, len(self._jpeg))})
        bot.began = bot.last = time.monotonic()
        bot.arrived.set()
        return web.json_response({})

    async def _tell(self, request: web.Request) -> web.Response:
        bot = self._bot(request)
        quiet = time.monotonic() - bot.last
        return web.json_response(
            {"answered": bot.answered, "copied": bot.copied, "last": bot.last - bot.began, "quiet": quiet}
            | {"calls": bot.calls}
        )

    async def _call(self, request: web.Request) -> web.Response:
        bot, method = self._bot(request), request.match_info["method"]
        given = dict(parse_qsl((await request.read()).decode())) if request.method == "POST" else dict(request.query)
        bot.calls[method] = bot.calls.get(method, 0) + 1
        if method != "getUpdates":
            bot.last = time.monotonic()
        result = await self._updates(bot, given) if method == "getUpdates" else self._result(bot, method, given)
        return web.json_response({"ok": True, "result": result})

    async def _updates(self, bot: Bot, given: dict[str, str]) -> list[Json]:
        confirmed = int(given.get("offset", 0))
        while bot.waiting and bot.waiting[0]["update_id"] < confirmed:
            bot.waiting.popleft()
        if not bot.waiting:
            bot.arrived.clear()
            try:
                async with asyncio.timeout(min(float(given.get("timeout", 0)), _POLL_SECONDS)):
                    await bot.arrived.wait()
            except TimeoutError:
                return []
        limit = int(given.get("limit", 100))
        return [bot.waiting[at] for at in range(min(limit, len(bot.waiting)))]

    def _result(self, bot: Bot, method: str, given: dict[str, str]) -> Any:
        now = time.monotonic() - bot.began
        result: Any = _KNOWN.get(method, True)
        match method:
            case "getChat":
                result = {"id": int(given["chat_id"]), **_CHAT}
            case "getFile":
                result = {"file_id": given["file_id"], "file_unique_id": "u", "file_path": f"photos/{given['file_id']}"}
            case "copyMessage":
                if bot.calls[method] == bot.wanted:
                    bot.copied = now
                result = {"message_id": self._next(bot)}
            case "sendMessage" | "editMessageText":
                if bot.calls.get("sendMessage") == bot.wanted and bot.answered is None:
                    bot.answered = now
                chat = {"id": int(given["chat_id"]), "type": "private", "first_name": "P"}
                result = {"message_id": self._next(bot), "date": 1, "chat": chat, "text": given["text"]}
        return result

    async def _download(self, request: web.Request) -> web.Response:
        """The same picture with a tail of its own, so that no two files are the same."""
        tail = request.match_info["path"].encode()[-24:].rjust(24, b"-")
        return web.Response(body=self._jpeg[:-24] + tail, content_type="application/octet-stream")

    def _next(self, bot: Bot) -> int:
        bot.message_id += 1
        return bot.message_id


_USER = {"id": 1, "is_bot": True, "first_name": "B", "username": "burst_bot"}
_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
_CHAT = {"type": "channel", "title": "C", "accent_color_id": 0, "max_reaction_count": 11} | {
    "accepted_gift_types": dict.fromkeys(_GIFTS, False)
}
_RIGHTS = ("post_messages", "edit_messages", "delete_messages", "manage_chat", "change_info", "invite_users")
_KNOWN: Json = {
    "getMe": _USER,
    "getChatMember": {"status": "administrator", "user": _USER, "can_be_edited": False, "is_anonymous": False}
    | {f"can_{right}": True for right in _RIGHTS},
}


def _photo(message_id: int, person: int, size: int) -> Json:
    user = {"id": person, "is_bot": False, "first_name": f"P{person}", "language_code": "en"}
    sizes = [
        {"file_id": f"{message_id}-{side}-{os.getpid()}", "file_unique_id": f"{message_id}{side}", "width": side}
        | {"height": side * 3 // 4, "file_size": size if side == 1280 else side * 20}
        for side in (90, 320, 800, 1280)
    ]
    chat = {"id": person, "type": "private", "first_name": user["first_name"]}
    return {"message_id": message_id, "date": int(time.time()), "chat": chat, "from": user, "photo": sizes}


def _picture() -> bytes:
    """About 60 KB, as a phone's photo is after Telegram."""
    target = io.BytesIO()
    Image.effect_noise((640, 480), 24).save(target, "JPEG", quality=70)
    return target.getvalue() + bytes(24)


async def _serve(port: int) -> None:
    runner = web.AppRunner(Sink().app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
