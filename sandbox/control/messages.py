"""What a person sees in a chat and does with messages that are there."""

import asyncio
import itertools
from typing import Final

from aiohttp import web

from sandbox import inlineids
from sandbox.control.common import (
    answer_json,
    body_of,
    bot_query,
    message_of,
    number_of,
    person_of,
    query_number,
    room_of,
    shown,
    world_of,
)
from sandbox.control.routing import BOOLEAN, INTEGER, OBJECT, STRING, Route, list_of, obj
from sandbox.control.sending import check_may_write
from sandbox.entities import found_in
from sandbox.envelope import forward_origin, thread_in
from sandbox.errors import ControlError
from sandbox.model import Json, Message
from sandbox.world import World

_ANSWER_WAIT: Final = 10.0  # seconds
_UNANSWERED: Final = {"text": None, "show_alert": False, "url": None, "answered": False}
_FORWARDED: Final = (
    "text",
    "entities",
    "media",
    "caption",
    "caption_entities",
    "contact",
    "location",
    "venue",
    "dice",
)


async def get_messages(request: web.Request) -> web.Response:
    """Oldest first; `after` pages forward from there, else the last `limit` before `before`."""
    world, bot_id = world_of(request), bot_query(request)
    room = room_of(world, number_of(request, "chat"), bot_id)
    after, before = query_number(request, "after", 0), query_number(request, "before", 1 << 62)
    limit = query_number(request, "limit", 100)
    newer = itertools.takewhile(lambda one: one.id > after, room.newest_first())
    found = (one for one in newer if one.id < before)
    chosen = list(found)[::-1][:limit] if after else list(itertools.islice(found, limit))[::-1]
    return answer_json({"messages": [shown(world, one, bot_id) for one in chosen]})


async def _wanted(request: web.Request) -> tuple[World, Json, Message]:
    world, wanted = world_of(request), await body_of(request)
    return world, wanted, message_of(world, request, wanted.get("bot") or bot_query(request))


async def edit(request: web.Request) -> web.Response:
    """One's own message: its text, or its caption. The bots get `edited_message`."""
    world, wanted, message = await _wanted(request)
    person = person_of(world, wanted.get("from"))
    if message.author != person.id or message.forward is not None:
        raise ControlError("only one's own messages can be edited", 403)
    body = {name: value for name, value in message.body.items() if name not in ("entities", "caption_entities")}
    if "text" in wanted and "text" in message.body:
        body |= {"text": wanted["text"], "entities": found_in(wanted["text"], [])}
    elif "caption" in wanted and "media" in message.body:
        body |= {"caption": wanted["caption"], "caption_entities": found_in(wanted["caption"], [])}
    else:
        raise ControlError("a text or a caption of a message that has one is needed")
    world.postbox.edit(message, body, person.id)
    return answer_json(shown(world, message))


async def delete(request: web.Request) -> web.Response:
    """By hand, at any age; no update tells the bots."""
    world = world_of(request)
    message = message_of(world, request, bot_query(request))
    world.postbox.delete(message)
    return answer_json({"deleted": True})


async def press(request: web.Request) -> web.Response:
    """Press a button of an inline keyboard and wait for the bot's answer."""
    world, wanted, message = await _wanted(request)
    person = person_of(world, wanted.get("from"))
    button = _button(message, wanted)
    if "callback_data" not in button:
        return answer_json({**_UNANSWERED, "url": button.get("url")})
    bot = world.state.bots.get(message.via_bot or message.author) or world.bot(message.room.bot_id)
    query_id, answer = world.callbacks.ask(bot.id, message.room.chat_id)
    query: Json = {"id": query_id, "from": world.renderer.user(person.id)}
    query |= {"chat_instance": str(abs(hash(message.room))), "data": button["callback_data"]}
    if message.via_bot is None:
        query["message"] = world.renderer.message(message, bot)
    else:
        query["inline_message_id"] = inlineids.encode(message)  # the bot need not be in that chat
    world.updates.push(bot, "callback_query", message.room.chat_id, query)
    world.journal.flush()
    try:
        async with asyncio.timeout(_ANSWER_WAIT):
            return answer_json(await answer)
    except TimeoutError:
        return answer_json(_UNANSWERED)


def _button(message: Message, wanted: Json) -> Json:
    """The button at `row` and `column`, or the one with `data`."""
    rows: list[list[Json]] = (message.body.get("reply_markup") or {}).get("inline_keyboard", [])
    if "row" in wanted:
        row, column = wanted["row"], wanted.get("column", 0)
        if 0 <= row < len(rows) and 0 <= column < len(rows[row]):
            return rows[row][column]
    for button in (one for row in rows for one in row):
        if "data" in wanted and button.get("callback_data") == wanted["data"]:
            return button
    raise ControlError("the message has no such button", 404)


async def forward(request: web.Request) -> web.Response:
    """Into a chat the person may write to; what is protected stays where it is (403)."""
    world, wanted, message = await _wanted(request)
    person = person_of(world, wanted.get("from"))
    chat = world.state.chats.get(message.room.chat_id)
    if message.protected or (chat is not None and chat.protected) or "service" in message.body:
        raise ControlError("this message can't be forwarded", 403)
    target = room_of(world, wanted["to"], wanted.get("to_bot") or wanted.get("bot"))
    check_may_write(world, target, person)
    body: Json = {name: message.body[name] for name in _FORWARDED if name in message.body}
    extra: Json = {"forward": forward_origin(world, message)}
    forum = world.state.chats.get(target.key.chat_id)
    if forum is not None and wanted.get("message_thread_id"):
        extra["thread"] = thread_in(forum, wanted["message_thread_id"], person.id)
    sent = world.postbox.send(target.key, person.id, body, **extra)
    return answer_json({"messages": [shown(world, sent)]})


async def react(request: web.Request) -> web.Response:
    """Set a person's reaction, or take it back without `emoji`; the bots that asked for them get `message_reaction`."""
    world, wanted, message = await _wanted(request)
    world.postbox.react(message, person_of(world, wanted.get("from")).id, wanted.get("emoji"))
    return answer_json(shown(world, message))


_ONE: Final = "/control/chats/{chat}/messages/{mid}"
_BOT: Final = {"bot": INTEGER}
_FROM: Final = {"from": INTEGER}
_ANSWER: Final = obj(
    "answered",
    text={"type": ["string", "null"]},
    show_alert=BOOLEAN,
    url={"type": ["string", "null"]},
    answered=BOOLEAN,
)
ROUTES: Final = [
    Route(
        method="GET",
        path="/control/chats/{chat}/messages",
        handler=get_messages,
        summary="Read a chat",
        query={**_BOT, "after": INTEGER, "before": INTEGER, "limit": INTEGER},
        answer=obj("messages", messages=list_of(OBJECT)),
    ),
    Route(
        method="DELETE",
        path=_ONE,
        handler=delete,
        summary="Delete a message by hand",
        query=_BOT,
        answer=obj("deleted", deleted=BOOLEAN),
    ),
    Route(
        method="POST",
        path=_ONE + "/edit",
        handler=edit,
        summary="Edit a message",
        query=_BOT,
        body=obj("from", **_FROM, bot=INTEGER, text=STRING, caption=STRING),
        answer=OBJECT,
    ),
    Route(
        method="POST",
        path=_ONE + "/press",
        handler=press,
        summary="Press an inline button",
        query=_BOT,
        body=obj("from", **_FROM, bot=INTEGER, data=STRING, row=INTEGER, column=INTEGER),
        answer=_ANSWER,
    ),
    Route(
        method="POST",
        path=_ONE + "/forward",
        handler=forward,
        summary="Forward a message",
        query=_BOT,
        body=obj("from to", **_FROM, bot=INTEGER, to=INTEGER, to_bot=INTEGER, message_thread_id=INTEGER),
        answer=obj("messages", messages=list_of(OBJECT)),
    ),
    Route(
        method="POST",
        path=_ONE + "/react",
        handler=react,
        summary="React to a message",
        query=_BOT,
        body=obj("from", **_FROM, bot=INTEGER, emoji={"type": ["string", "null"]}),
        answer=OBJECT,
    ),
]
