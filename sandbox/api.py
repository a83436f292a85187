"""The Bot API's HTTP side: who calls, what is called, which faults hit, and the answer."""

import asyncio
import logging
import re
import time
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from sandbox.access import chat_id_of
from sandbox.call import Call, Done, Method
from sandbox.errors import INTERNAL, ApiError, EntityTooLarge, api_error, bad_request, too_many
from sandbox.faults import Fault
from sandbox.methods import METHODS
from sandbox.model import Bot
from sandbox.sources import total_size
from sandbox.stats import CallRecord
from sandbox.wire import Arguments, failure, read_arguments, success, too_large
from sandbox.world import World

_log = logging.getLogger("sandbox")
WORLD: Final = web.AppKey("world", World)
_TOKEN: Final = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{3,80}")


class CutConnection(Exception):
    """The client's connection is to be cut without an answer."""


@dataclass
class _Trace:
    """What a call record will say."""

    bot: Bot
    method: str
    chat_id: int | None = None
    size: int = 0


async def bot_api(request: web.Request) -> web.StreamResponse:
    """`/bot<token>/<method>`."""
    world = request.app[WORLD]
    started = time.monotonic()
    try:
        bot = authenticate(world, request.match_info["token"])
    except ApiError as error:
        return failure(error)
    trace = _Trace(bot, request.match_info["method"])
    try:
        answer = await _answer(world, request, trace)
    except CutConnection:
        _note(world, trace, started, 0, None)
        return cut(request)
    except ConnectionResetError:
        return cut(request)
    except EntityTooLarge:
        _note(world, trace, started, 413, "Request Entity Too Large")
        return too_large()
    except ApiError as error:
        _note(world, trace, started, error.code, error.description)
        return failure(error)
    _note(world, trace, started, answer.status, None)
    return answer


def cut(request: web.Request) -> web.Response:
    """Cut the TCP connection; the response returned can no longer be written."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def authenticate(world: World, token: str) -> Bot:
    """TELEGRAM.md, Wire. Raises the 401s, and the 429 for too many bots started at once."""
    if not _TOKEN.fullmatch(token):
        raise api_error(401, "invalid token specified")
    bot = world.state.tokens.get(token)
    if bot is None or world.faults.take("revoked", "", bot.id) is not None:
        raise ApiError(401, "Unauthorized")
    if bot.id not in world.started:
        world.flood.start_bot()
        world.started.add(bot.id)
    return bot


async def _answer(world: World, request: web.Request, trace: _Trace) -> web.Response:
    early = world.faults.before_reading(trace.method, trace.bot.id)
    if early is not None:
        await _play_early(request, early)
    method = METHODS.get(trace.method.lower())
    if method is None:
        raise api_error(404, "method not found")
    if world.closing.is_set():
        raise api_error(INTERNAL, "restart")
    if trace.bot.logged_out and world.options.refuse_logged_out and not world.options.local:
        raise ApiError(400, "Bad Request: Logged out")
    arguments = await read_arguments(request, world.store, world.options.max_upload)
    trace.size = _body_size(request)
    trace.chat_id = chat_id_of(world, arguments.text("chat_id"))
    faults = world.faults.on_call(trace.method, trace.bot.id, trace.chat_id)
    call = Call(world, trace.bot, trace.method, arguments, tuple(faults))
    return await _play(request, call, method, faults)


async def _play_early(request: web.Request, fault: Fault) -> None:
    """`away` cuts before anything is read, `reset` before, in the middle of or after the body."""
    when = fault.wanted.get("when", "in")
    if fault.kind == "reset" and request.body_exists and when != "before":
        half, taken = (request.content_length or 0) // 2, 0
        while (taken <= half or when == "after") and (piece := await request.content.readany()):
            taken += len(piece)
    raise CutConnection


async def _play(request: web.Request, call: Call, method: Method, faults: list[Fault]) -> web.Response:
    """Carry out a call as its faults want it. The files of a call that is handled late are its task's to drop."""
    late = next((fault for fault in faults if fault.kind == "late"), None)
    if late is not None:
        _handle_later(call, method, late.number("seconds", 1))
        raise CutConnection
    try:
        for fault in faults:
            await suffer(request, call.world, fault, call)
    except BaseException:
        call.arguments.drop()
        raise
    answer = await handle(call, method)
    if any(fault.kind == "answer_lost" for fault in faults):
        raise CutConnection
    return answer


async def suffer(request: web.Request, world: World, fault: Fault, call: Call | None = None) -> None:
    """What a fault does before the call, or the download, is handled."""
    match fault.kind:
        case "flood":
            raise too_many(int(fault.number("retry_after", 1)))
        case "error":
            raise _ordered_error(fault)
        case "hidden_flood":
            _refuse_hiding(call, fault)
        case "slow":
            await asyncio.sleep(fault.number("seconds", 1))
        case "stall":
            await _stall(request, fault, world)
        case _:
            pass  # answer_lost comes after the handling


def _ordered_error(fault: Fault) -> ApiError:
    code = int(fault.number("status", INTERNAL))
    return ApiError(code, fault.wanted.get("description") or "Internal Server Error")


def _refuse_hiding(call: Call | None, fault: Fault) -> None:
    """TELEGRAM.md, Limits: where a flood error hides in a 400. Albums break off on their own, when some were sent."""
    if call is None or call.method.lower() == "sendmediagroup":
        return
    if call.method.lower() == "getfile":
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    wait = int(fault.number("retry_after", 5))
    text = f'failed to send message #1 with the error message "Too Many Requests: retry after {wait}"'
    raise bad_request(text)


async def _stall(request: web.Request, fault: Fault, world: World) -> None:
    """Hold a call until the fault is removed; a call whose client has gone by then is dropped, not handled."""
    waits = [asyncio.create_task(fault.removed.wait()), asyncio.create_task(world.closing.wait())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in waits:
        task.cancel()
    if request.transport is None or request.transport.is_closing():
        raise CutConnection


def _handle_later(call: Call, method: Method, seconds: float) -> None:
    async def later() -> None:
        await asyncio.sleep(seconds)
        try:
            await handle(call, method)
        except ApiError as error:
            _log.info("a late call was refused: %s", error.description)

    task = asyncio.create_task(later())
    call.world.later.add(task)
    task.add_done_callback(call.world.later.discard)


async def handle(call: Call, method: Method) -> web.Response:
    """Carry out a call; its effects are on disk and its unused uploads gone when this returns or raises."""
    try:
        if call.arguments.uploads:
            await asyncio.sleep(call.world.flood.same_size_delay(call.bot.id, total_size(call)))
        result: Any = await method(call)
    except (ApiError, asyncio.CancelledError):
        raise
    except Exception as error:
        _log.exception("%s failed", call.method)
        raise ApiError(INTERNAL, "Internal Server Error") from error
    finally:
        call.arguments.drop()
        call.world.journal.flush()
    wrong = call.fault("wrong_size")
    if wrong is not None:
        result = _missized(result, int(wrong.number("bytes", 1)))
    if isinstance(result, Done):
        return success(result.result, result.description)
    return success(result)


def _missized(value: Any, by: int) -> Any:
    if isinstance(value, list):
        return [_missized(one, by) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: one + by if name == "file_size" else _missized(one, by) for name, one in value.items()}


async def run_method(world: World, bot: Bot, name: str, fields: dict[str, str]) -> None:
    """A call that came as the answer to a webhook; nobody hears of its errors."""
    method = METHODS.get(name.lower())
    if method is not None:
        try:
            await handle(Call(world, bot, name, Arguments(fields=fields)), method)
        except ApiError as error:
            _log.info("a webhook's call was refused: %s", error.description)


def _body_size(request: web.Request) -> int:
    return request.content.total_bytes if request.body_exists else 0


def _note(world: World, trace: _Trace, started: float, status: int, description: str | None) -> None:
    record = CallRecord(
        id=world.stats.next_call(),
        at=world.clock.now(),
        bot_id=trace.bot.id,
        method=trace.method,
        chat_id=trace.chat_id,
        status=status,
        description=description,
        seconds=round(time.monotonic() - started, 4),
        bytes=trace.size,
    )
    world.stats.note(record)
    world.tell({"type": "call", "chat_id": trace.chat_id, "method": trace.method, "status": status})
