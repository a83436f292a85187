"""The least that could do it: aiohttp writes a body to disk and hashes it, off the event loop; no Telegram, no rows.

python bare.py PORT DIRECTORY
"""

import asyncio
import hashlib
import os
import sys
from pathlib import Path

import uvloop
from aiohttp import web

PIECE = 1 << 20


async def keep(request: web.Request) -> web.Response:
    target = Path(request.app["directory"]) / os.urandom(8).hex()
    digest = hashlib.sha256()

    def write(data: bytes) -> None:
        digest.update(data)
        file.write(data)

    piece = bytearray()
    with await asyncio.to_thread(target.open, "wb") as file:
        async for chunk in request.content.iter_any():
            piece += chunk
            if len(piece) >= PIECE:
                await asyncio.to_thread(write, piece)
                piece = bytearray()
        await asyncio.to_thread(write, piece)
        await asyncio.to_thread(os.fsync, file.fileno())
    return web.json_response({"sha256": digest.hexdigest()}, status=201)


def main(port: str, directory: str) -> None:
    app = web.Application()
    app["directory"] = directory
    app.router.add_post("/upload", keep)
    web.run_app(app, host="127.0.0.1", port=int(port), access_log=None, loop=uvloop.new_event_loop(), print=None)


main(*sys.argv[1:])
