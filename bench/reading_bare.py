"""What reading is measured against: aiohttp passing bytes on from the sink, without a database, a check or a cache.

    python -m bench.reading_bare SINK PORT

``/<seed>/<parts>`` is a file of so many parts, as the gateway's media are. Range is honoured.
"""

import asyncio
import json
import re
import sys

import aiohttp
from aiohttp import web

from bench.reading_sink import SIZE

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
SINK = web.AppKey("sink", aiohttp.ClientSession)


async def serve(request: web.Request) -> web.StreamResponse:
    """``GET /<seed>/<parts>``."""
    seed, parts = request.match_info["seed"], int(request.match_info["parts"])
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    start, stop = (int(match[1]), int(match[2]) + 1) if match else (0, parts * SIZE)
    answer = web.StreamResponse(status=206 if match else 200)
    answer.content_length = stop - start
    for part in range(start // SIZE, (stop - 1) // SIZE + 1):
        first, last = max(start - part * SIZE, 0), min(stop - part * SIZE, SIZE)
        headers = {"Range": f"bytes={first}-{last - 1}"}
        async with request.app[SINK].get(f"/file/bot1/documents/{seed}-{part}", headers=headers) as source:
            if not answer.prepared:
                await answer.prepare(request)
            async for chunk in source.content.iter_any():
                await answer.write(chunk)
    return answer


async def _serve(sink: str, port: int) -> None:
    async with aiohttp.ClientSession(sink) as client:
        app = web.Application()
        app[SINK] = client
        app.router.add_get("/{seed}/{parts}", serve)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(_serve(sys.argv[1], int(sys.argv[2])))
