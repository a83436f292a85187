"""State as a whole, clock, options, faults, statistics, and the stream of events."""

import asyncio
import json
from typing import Final

from aiohttp import web

from sandbox.api import WORLD
from sandbox.control.chats import chat_shown
from sandbox.control.common import answer_json, body_of, number_of, query_number, world_of
from sandbox.control.people import bot_shown
from sandbox.errors import ControlError
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
    world = world_of(request)
    if request.method == "POST":
        world.clock.advance(float((await body_of(request))["advance"]))
        world.state.save_clock()
    return answer_json({"now": world.clock.now()})


async def options(request: web.Request) -> web.Response:
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
    return answer_json(world_of(request).faults.add(await body_of(request)).as_json())


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


async def unknown(_request: web.Request) -> web.Response:
    raise ControlError("no such control call", 404)


ROUTES: Final = [
    web.get("/control/state", get_state),
    web.get("/control/clock", clock),
    web.post("/control/clock", clock),
    web.get("/control/options", options),
    web.post("/control/options", options),
    web.get("/control/faults", get_faults),
    web.post("/control/faults", post_fault),
    web.delete("/control/faults", delete_faults),
    web.delete("/control/faults/{id}", delete_fault),
    web.get("/control/stats", get_stats),
    web.post("/control/stats/reset", reset_stats),
    web.get("/control/calls", get_calls),
    web.get("/control/events", get_events),
    web.route("*", "/control/{path:.*}", unknown),
]
