"""How the tests of the sandbox talk to it: aiogram's Bot, and plain HTTP for what aiogram hides."""

import io
from collections.abc import Callable
from typing import Any

import aiohttp
from aiogram import Bot

from sandbox.config import DEFAULT_TOKEN

Json = dict[str, Any]
MakeBot = Callable[[str], Bot]
TOKEN = DEFAULT_TOKEN
BOT = 7_000_000_001
OTHER_TOKEN = "7000000002:another-bot-token-bbbbbbbbbbbbbbbbbbbb"
OTHER_BOT = 7_000_000_002
AZIZA, SERGEY, EMMA = 1001, 1002, 1003
REQUESTS, REPORTS = -1_001_000_000_001, -1_001_000_000_002
STAFF = -1_002_000_000_001


class Raw:
    """The Bot API by hand: `await raw("sendMessage", chat_id=1)` answers status and JSON."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def __call__(self, method: str, token: str = TOKEN, **fields: Any) -> tuple[int, Json]:
        known = {name: str(value) for name, value in fields.items()}
        async with self.session.post(f"{self.url}/bot{token}/{method}", data=known) as answer:
            return answer.status, await answer.json()

    async def error(self, method: str, token: str = TOKEN, **fields: Any) -> str:
        """The description of an error answer."""
        status, body = await self(method, token, **fields)
        assert status == body["error_code"]
        assert body["ok"] is False
        return str(body["description"])

    async def result(self, method: str, token: str = TOKEN, **fields: Any) -> Any:
        status, body = await self(method, token, **fields)
        assert status == 200, body
        return body["result"]

    async def upload(self, method: str, files: dict[str, tuple[str, bytes]], **fields: Any) -> tuple[int, Json]:
        """Multipart with files by part name: `{"document": ("a.txt", b"…")}`."""
        form = aiohttp.FormData({name: str(value) for name, value in fields.items()})
        for name, (file_name, data) in files.items():
            form.add_field(name, io.BytesIO(data), filename=file_name, content_type="application/octet-stream")
        async with self.session.post(f"{self.url}/bot{TOKEN}/{method}", data=form) as answer:
            return answer.status, await answer.json()
