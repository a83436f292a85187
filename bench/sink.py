"""A Telegram that takes whatever it is sent and keeps nothing, as fast as a process can: for what ships by HTTP.

    python -m bench.sink PORT

Bodies are read into one buffer again and again. ``GET /stats`` says how many documents have come, how many bytes, and
when (`time.monotonic`) the last of them was complete.
"""

import asyncio
import json
import re
import sys
import time
from typing import Any, cast

import uvloop

Json = dict[str, Any]
CHANNEL = -1001
_BUFFER = 1 << 20
_CHAT_ID = re.compile(rb'name="?chat_id"?[^-]{0,120}\r\n(-?\d+)\r\n')
"""Between a field's name and its value the sizes of chunks may stand."""

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked")
_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
_RIGHTS = (
    "manage_chat", "post_messages", "edit_messages", "delete_messages", "manage_video_chats", "restrict_members",
    "promote_members", "send_welcome_messages", "change_info", "invite_users", "post_stories", "edit_stories",
    "delete_stories",
)  # fmt: skip
_USER = {"id": 7000000001, "is_bot": True, "first_name": "B", "username": "bench_bot"}


class Sink:
    """What all connections share."""

    def __init__(self) -> None:
        self.documents = self.received = self.message_id = 0
        self.last = 0.0

    def answer(self, path: bytes, start: bytes) -> Any:
        """``start`` is the begin of the body."""
        method = path.partition(b"?")[0].rpartition(b"/")[2].decode()
        self.message_id += 1
        chat = _CHAT_ID.search(start) or re.search(rb"chat_id=(-?\d+)", start) or re.search(rb"chat_id=(-?\d+)", path)
        chat_id = int(chat[1]) if chat else CHANNEL
        match method:
            case "getMe":
                return _USER
            case "getChat":
                gifts = dict.fromkeys(_GIFTS, False)
                known = {"title": "C", "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}
                return {"id": chat_id, "type": "channel", **known}
            case "getChatMember":
                rights = {f"can_{right}": True for right in _RIGHTS}
                return {
                    "status": "administrator",
                    "user": _USER,
                    "can_be_edited": False,
                    "is_anonymous": False,
                } | rights
            case "getUpdates":
                return []
            case "sendDocument" | "sendMessage" | "forwardMessage":
                return self._message(chat_id)
        return True

    def _message(self, chat_id: int) -> Json:
        file_id = f"file-{self.message_id}"
        chat = {"id": chat_id, "type": "channel", "title": "C"}
        document = {"file_id": file_id, "file_unique_id": file_id}
        return {"message_id": self.message_id, "date": int(time.time()), "chat": chat, "document": document}


class Connection(asyncio.BufferedProtocol):
    """One request after the other; a head and its body's first bytes are kept, the rest is counted."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._kept = b""
        self._head = b""
        self._left: int | None = None  # of the body; None: chunked, ended by its last chunk
        self._tail = b""
        self._body = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 -- asyncio names it
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        if not self._head:
            self._kept += self._view[:nbytes].tobytes()
            self._begin()
            return
        if len(self._kept) < 4096:
            self._kept += self._view[: min(nbytes, 4096)].tobytes()
        self._went_on(nbytes, self._view[max(0, nbytes - 7) : nbytes].tobytes())

    def _begin(self) -> None:
        head, gap, start = self._kept.partition(b"\r\n\r\n")
        if not gap:
            return
        self._head, self._kept = head, start[:4096]
        self._body, self._tail = 0, b""
        length = _LENGTH.search(head)
        self._left = int(length[1]) if length else None if _CHUNKED.search(head) else 0
        if b"100-continue" in head.lower():
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._went_on(len(start), start[-7:])

    def _went_on(self, count: int, tail: bytes) -> None:
        self._body += count
        if self._left is None:
            self._tail = (self._tail + tail)[-7:]
            if self._tail == b"\r\n0\r\n\r\n":
                self._end()
        elif self._body >= self._left:
            self._end()

    def _end(self) -> None:
        path = self._head.split(b" ", 2)[1]
        if path == b"/stats":
            told = {"documents": self._sink.documents, "bytes": self._sink.received, "last": self._sink.last}
            body = json.dumps(told).encode()
        else:
            if b"sendDocument" in path:
                self._sink.documents += 1
                self._sink.received += self._body
                self._sink.last = time.monotonic()
            body = json.dumps({"ok": True, "result": self._sink.answer(path, self._kept)}).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._head = self._kept = b""
        if b"getUpdates" in path:
            asyncio.get_running_loop().call_later(5, self._transport.write, head + body)
        else:
            self._transport.write(head + body)


async def serve(port: int) -> None:
    sink = Sink()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(sink), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
