"""A person types `@bot query` and picks a result."""

import asyncio
from typing import Final

from aiohttp import web

from sandbox import inlineids
from sandbox.control.common import answer_json, body_of, person_of, room_of, shown, world_of
from sandbox.control.routing import INTEGER, OBJECT, STRING, Route, list_of, obj
from sandbox.control.sending import check_may_write
from sandbox.errors import ControlError
from sandbox.inline_results import send_result
from sandbox.model import PRIVATE, Json
from sandbox.world import World

_ANSWER_WAIT: Final = 10.0  # seconds
_UNANSWERED: Final = {"results": [], "answered": False, "next_offset": "", "button": None}


async def ask(request: web.Request) -> web.Response:
    """Waits up to 10 s for the bot's answer; `answered` is false when there is none."""
    world, wanted = world_of(request), await body_of(request)
    person, bot = person_of(world, wanted.get("from")), world.bot(wanted.get("bot"))
    if not bot.supports_inline_queries:
        raise ControlError("this bot has no inline mode", 403)
    query_id, answer = world.inline.ask(bot.id, person.id, str(wanted.get("query", "")))
    query: Json = {
        "id": query_id,
        "from": world.renderer.user(person.id),
        "query": str(wanted.get("query", "")),
        "offset": str(wanted.get("offset", "")),
        "chat_type": _chat_type(world, wanted, bot.id),
    }
    world.updates.push(bot, "inline_query", person.id, query)
    world.journal.flush()
    try:
        async with asyncio.timeout(_ANSWER_WAIT):
            found = await answer
    except TimeoutError:
        found = _UNANSWERED
    return answer_json({"query_id": query_id, **found})


def _chat_type(world: World, wanted: Json, bot_id: int) -> str:
    """`sender` in the private chat with the bot itself."""
    chat_id = wanted.get("chat", wanted["from"])
    if chat_id in world.state.chats:
        return world.state.chats[chat_id].type
    return "sender" if wanted.get("chat_bot", bot_id) == bot_id else PRIVATE


async def choose(request: web.Request) -> web.Response:
    """The result becomes the person's message in `chat`, and the bot gets `chosen_inline_result`."""
    world, wanted = world_of(request), await body_of(request)
    person = person_of(world, wanted.get("from"))
    found = world.inline.chosen(str(wanted["query_id"]), str(wanted["result_id"]))
    if found is None or found[0].person_id != person.id:
        raise ControlError("no such result", 404)
    query, result = found
    bot = world.bot(query.bot_id)
    room = room_of(world, wanted.get("chat") or person.id, wanted.get("chat_bot") or bot.id)
    check_may_write(world, room, person)
    extra = {"reply_to": wanted.get("reply_to_message_id")}
    message = await send_result(world, bot, person.id, room, result, **extra)
    feedback: Json = {"result_id": result["id"], "from": world.renderer.user(person.id), "query": query.query}
    if message.body.get("reply_markup"):
        feedback["inline_message_id"] = inlineids.encode(message)
    world.updates.push(bot, "chosen_inline_result", person.id, feedback)
    return answer_json({"messages": [shown(world, message)]})


ROUTES: Final = [
    Route(
        method="POST",
        path="/control/inline",
        handler=ask,
        summary="Send an inline query and wait for its results",
        body=obj("from query", **{"from": INTEGER}, bot=INTEGER, query=STRING, chat=INTEGER, offset=STRING),
        answer=obj("query_id results answered", query_id=STRING, results=list_of(OBJECT), answered={"type": "boolean"}),
    ),
    Route(
        method="POST",
        path="/control/inline/choose",
        handler=choose,
        summary="Pick a result: it is sent",
        body=obj(
            "from query_id result_id",
            **{"from": INTEGER},
            query_id=STRING,
            result_id=STRING,
            chat=INTEGER,
            chat_bot=INTEGER,
            reply_to_message_id=INTEGER,
        ),
        answer=obj("messages", messages=list_of(OBJECT)),
    ),
]
