"""The server: routes, start and end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from sandbox import control
from sandbox.api import WORLD, bot_api, run_method
from sandbox.config import SandboxConfig
from sandbox.downloads import bot_file
from sandbox.errors import ApiError
from sandbox.model import Bot
from sandbox.samples import add_bots, add_samples
from sandbox.state import State
from sandbox.wire import failure
from sandbox.world import World, build_world

_STATIC: Final = Path(__file__).parent / "static"
_READ_BUFFER: Final = 512 * 1024  # larger pieces of a body at once; aiohttp pauses the sender at twice this
_GRACE: Final = 0.5  # seconds for answers under way when the server ends


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that listens at `url`."""

    url: str
    world: World

    @property
    def state(self) -> State:
        return self.world.state


@asynccontextmanager
async def running(config: SandboxConfig, *middlewares: Middleware) -> AsyncIterator[RunningSandbox]:
    """Serve a sandbox until the context ends; its state is on disk then. `middlewares` see every request first."""
    world = _world(config)
    try:
        app = build_app(world, middlewares)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE, read_bufsize=_READ_BUFFER)
        await runner.setup()
        try:
            site = web.TCPSite(runner, config.host, config.port)
            await site.start()
            host, port = runner.addresses[0][:2]
            _resume_webhooks(world)
            yield RunningSandbox(f"http://{host}:{port}", world)
        finally:
            world.closing.set()
            world.updates.shut_down()
            world.faults.clear()
            await runner.cleanup()
    finally:
        await world.close()


def _world(config: SandboxConfig) -> World:
    async def run(bot: Bot, name: str, fields: dict[str, str]) -> None:
        await run_method(world, bot, name, fields)

    world = build_world(config, run)
    fresh = not world.state.bots
    add_bots(world)
    if fresh and config.samples:
        add_samples(world)
    world.journal.flush()
    return world


def _resume_webhooks(world: World) -> None:
    for bot in world.state.bots.values():
        if bot.webhook:
            world.webhooks.resume(bot)


def build_app(world: World, middlewares: Sequence[Middleware] = ()) -> web.Application:
    app = web.Application(middlewares=[*middlewares, control.errors_as_json])
    app[WORLD] = world
    app.router.add_route("GET", "/bot{token:[^/]*}/{method:[^/]*}", bot_api)
    app.router.add_route("POST", "/bot{token:[^/]*}/{method:[^/]*}", bot_api)
    app.router.add_get("/file/bot{token:[^/]*}/{path:.+}", bot_file)
    app.add_routes(control.routes())
    app.router.add_get("/", _index)
    app.router.add_get("/static/{path:.+}", _static)
    app.router.add_route("*", "/{path:.*}", _elsewhere)
    return app


async def _index(request: web.Request) -> web.StreamResponse:
    return _page(request, "index.html")


async def _static(request: web.Request) -> web.StreamResponse:
    return _page(request, request.match_info["path"])


def _page(_request: web.Request, name: str) -> web.StreamResponse:
    """A file of the chat page; the browser asks each time whether it changed."""
    path = (_STATIC / name).resolve()
    if not path.is_relative_to(_STATIC) or not path.is_file():
        return failure(ApiError(404, "Not Found"))
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


async def _elsewhere(_request: web.Request) -> web.StreamResponse:
    """TELEGRAM.md, Wire: any other path."""
    return failure(ApiError(404, "Not Found"))


async def serve(config: SandboxConfig, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; prints where, once it is ready."""
    async with running(config) as sandbox:
        print(f"sandbox listening on {sandbox.url}", flush=True)  # noqa: T201 - the line a starter waits for
        await stop.wait()
