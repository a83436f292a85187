"""State as a whole, clock, options, faults, statistics, and the stream of events."""

import asyncio
import json
from typing import Final

from aiohttp import web

from sandbox.api import WORLD
from sandbox.control.chats import chat_shown
from sandbox.control.common import answer_json, body_of, number_of, query_number, world_of
from sandbox.control.people import bot_shown
from sandbox.control.routing import BOOLEAN, INTEGER, NUMBER, OBJECT, Route, list_of, obj
from sandbox.control.schemas import FAULT, OPTIONS
from sandbox.model import Json
from sandbox.world import World

_HEARTBEAT: Final = 15.0


async def get_state(request: web.Request) -> web.Response:
    world = world_of(request)
    state = world.state
    return answer_json(
        {
            "now": world.clock.now(),
            "bots": [bot_shown(one, world) for one in state.bots],
            "people": [person.as_json() for person in state.people.values()],
            "chats": [chat_shown(chat) for chat in state.chats.values()],
            "flood": world.flood.as_json(),
            "faults": world.faults.as_json(),
            "options": world.options.as_json(),
        }
    )


async def clock(request: web.Request) -> web.Response:
    """Message dates, the 48-hour rule, flood windows, paths and updates age by it."""
    world = world_of(request)
    if request.method == "POST":
        world.clock.advance(float((await body_of(request))["advance"]))
        world.state.save_clock()
    return answer_json({"now": world.clock.now()})


async def options(request: web.Request) -> web.Response:
    """They apply at once and last until the sandbox ends; `local` takes its limits along."""
    world = world_of(request)
    if request.method == "POST":
        wanted = await body_of(request)
        world.options = world.options.changed(wanted)
        if "flood" in wanted:
            world.flood.forget()
    return answer_json(world.options.as_json())


async def get_faults(request: web.Request) -> web.Response:
    return answer_json(world_of(request).faults.as_json())


async def post_fault(request: web.Request) -> web.Response:
    """It hits calls of `method`, `bot` and `chat` (left out: all), `count` times (left out: until it is removed), each
    with `probability` by a die of `seed`.
    """
    world = world_of(request)
    fault = world.faults.add(await body_of(request))
    if fault.kind == "revoked":
        for bot_id in [fault.wanted["bot"]] if "bot" in fault.wanted else list(world.state.bots):
            world.updates.revoke(bot_id)
    return answer_json(fault.as_json())


async def delete_fault(request: web.Request) -> web.Response:
    """A fault that is used up, or removed already, is no error."""
    return answer_json({"removed": world_of(request).faults.remove(number_of(request, "id"))})


async def delete_faults(request: web.Request) -> web.Response:
    world_of(request).faults.clear()
    return answer_json({"removed": True})


async def get_stats(request: web.Request) -> web.Response:
    world = world_of(request)
    return answer_json(world.stats.as_json(world.state.message_count))


async def reset_stats(request: web.Request) -> web.Response:
    world_of(request).stats.reset()
    return await get_stats(request)


async def get_calls(request: web.Request) -> web.Response:
    after, limit = query_number(request, "after", 0), query_number(request, "limit", 100)
    return answer_json(world_of(request).stats.last_calls(after, limit))


def _sees(world: World, person_id: int, event: Json) -> bool:
    chat_id = event.get("chat_id")
    if not person_id or chat_id is None or chat_id > 0:
        return not person_id or chat_id is None or chat_id == person_id
    chat = world.state.chats.get(chat_id)
    return chat is not None and (chat.has(person_id) or event["type"] == "member")


async def get_events(request: web.Request) -> web.StreamResponse:
    """Server-sent events of the chats a person sees, or of all."""
    world = request.app[WORLD]
    person_id = query_number(request, "person", 0)
    answer = web.StreamResponse(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
    answer.content_type = "text/event-stream"
    await answer.prepare(request)
    await answer.write(b": hello\n\n")
    closing = asyncio.create_task(world.closing.wait())
    queue = world.events.subscribe(lambda event: _sees(world, person_id, event))
    try:
        await _stream(answer, queue, closing)
    except ConnectionResetError:
        pass  # the page was closed
    finally:
        world.events.unsubscribe(queue)
        closing.cancel()
    return answer


async def _stream(answer: web.StreamResponse, queue: asyncio.Queue[Json], closing: asyncio.Task[bool]) -> None:
    while not closing.done():
        getting = asyncio.create_task(queue.get())
        try:
            await asyncio.wait((getting, closing), timeout=_HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
            if getting.done():
                event = getting.result()
                data = json.dumps(event, ensure_ascii=False)
                await answer.write(f"event: {event['type']}\ndata: {data}\n\n".encode())
            else:
                await answer.write(b": still here\n\n")
        finally:
            getting.cancel()


_STATE: Final = obj(
    "now bots people chats flood faults options",
    now=NUMBER,
    bots=list_of(OBJECT),
    people=list_of(OBJECT),
    chats=list_of(OBJECT),
    flood=OBJECT,
    faults=list_of(OBJECT),
    options=OBJECT,
)
_CLOCK: Final = obj("now", now=NUMBER)
_REMOVED: Final = obj("removed", removed=BOOLEAN)
ROUTES: Final = [
    Route(method="GET", path="/control/state", handler=get_state, summary="Everything at once", answer=_STATE),
    Route(method="GET", path="/control/clock", handler=clock, summary="Read the sandbox clock", answer=_CLOCK),
    Route(
        method="POST",
        path="/control/clock",
        handler=clock,
        summary="Move the sandbox clock on",
        body=obj("advance", advance=NUMBER),
        answer=_CLOCK,
    ),
    Route(method="GET", path="/control/options", handler=options, summary="Read the options", answer=OPTIONS),
    Route(
        method="POST",
        path="/control/options",
        handler=options,
        summary="Change options",
        body=OPTIONS,
        answer=OPTIONS,
    ),
    Route(method="GET", path="/control/faults", handler=get_faults, summary="List faults", answer=list_of(OBJECT)),
    Route(
        method="POST", path="/control/faults", handler=post_fault, summary="Order a fault", body=FAULT, answer=OBJECT
    ),
    Route(method="DELETE", path="/control/faults", handler=delete_faults, summary="Remove all faults", answer=_REMOVED),
    Route(
        method="DELETE",
        path="/control/faults/{id}",
        handler=delete_fault,
        summary="Remove a fault",
        answer=_REMOVED,
    ),
    Route(method="GET", path="/control/stats", handler=get_stats, summary="Count calls and bytes", answer=OBJECT),
    Route(
        method="POST", path="/control/stats/reset", handler=reset_stats, summary="Start counting anew", answer=OBJECT
    ),
    Route(
        method="GET",
        path="/control/calls",
        handler=get_calls,
        summary="Read the last calls of the Bot API",
        query={"after": INTEGER, "limit": INTEGER},
        answer=list_of(OBJECT),
    ),
    Route(
        method="GET",
        path="/control/events",
        handler=get_events,
        summary="Follow what happens",
        query={"person": INTEGER},
        media="text/event-stream",
    ),
]
