"""A Telegram with one file per path, served as fast as a process can, and nothing else.

    python -m bench.reading_sink PORT

``/file/bot<token>/documents/<seed>`` has `SIZE` bytes of its seed and honours Range. It answers `getFile` for any id:
the id is the path.
"""

import asyncio
import json
import random
import re
import sys
from collections import Counter
from functools import lru_cache

from aiohttp import web

SIZE = 20 * 1024 * 1024 - 4096
_PIECE = 256 * 1024
_POLL_SECONDS = 25.0
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@lru_cache(maxsize=2)
def block(seed: str) -> bytes:
    """What a file of this seed repeats: a mebibyte and something, so that no two pieces of 1 MiB are equal."""
    return random.Random(seed).randbytes((1 << 20) + 4099)


def content(seed: str, start: int, stop: int) -> bytes:
    repeated = block(seed)
    at = start % len(repeated)
    times = (at + stop - start) // len(repeated) + 1
    return (repeated * times)[at : at + stop - start]


class Sink:
    """The Bot API as far as reading needs it; ``calls`` counts."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.open = 0
        self._pieces: dict[str, memoryview] = {}

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_get("/counts", self._counts)
        app.router.add_get("/file/bot{token}/documents/{seed}", self._file)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        return app

    async def _counts(self, _request: web.Request) -> web.Response:
        return web.json_response({**self.calls, "open": self.open})

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.calls[method] += 1
        given = {**request.query, **await request.post()}
        if method == "getFile":
            seed = str(given["file_id"])
            found = {"file_id": seed, "file_unique_id": seed, "file_size": SIZE, "file_path": f"documents/{seed}"}
            return web.json_response({"ok": True, "result": found})
        if method == "getMe":
            return web.json_response(
                {"ok": True, "result": {"id": 1, "is_bot": True, "first_name": "B", "username": "b"}}
            )
        if method == "getUpdates":
            await asyncio.sleep(_POLL_SECONDS)
            return web.json_response({"ok": True, "result": []})
        return web.json_response({"ok": True, "result": True})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        self.calls["file"] += 1
        self.open += 1
        try:
            return await self._sent(request)
        finally:
            self.open -= 1

    async def _sent(self, request: web.Request) -> web.StreamResponse:
        match = _RANGE.fullmatch(request.headers.get("Range", ""))
        start, stop = (int(match[1]), min(int(match[2] or SIZE - 1) + 1, SIZE)) if match else (0, SIZE)
        answer = web.StreamResponse(status=206 if match else 200)
        answer.content_length = stop - start
        if match:
            answer.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{SIZE}"
        await answer.prepare(request)
        data = self._whole(request.match_info["seed"])
        for at in range(start, stop, _PIECE):
            await answer.write(data[at : min(at + _PIECE, stop)])
        return answer

    def _whole(self, seed: str) -> memoryview:
        """In memory once for all: the sink must not be what is measured."""
        key = seed.partition("-")[0]
        if key not in self._pieces:
            self._pieces[key] = memoryview(content(key, 0, SIZE))
        return self._pieces[key]


async def _serve(port: int) -> None:
    runner = web.AppRunner(Sink().app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(_serve(int(sys.argv[1])))
