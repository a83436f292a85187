"""What the control routes share."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.api import WORLD, cut
from sandbox.errors import ApiError, ControlError, EntityTooLarge
from sandbox.model import Chat, Json, Message, Person, Room
from sandbox.world import World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors of the control API as `{"error"}`; what a call did is on disk before it is answered."""
    if not request.path.startswith("/control"):
        return await handler(request)
    try:
        return await handler(request)
    except ConnectionResetError:
        return cut(request)  # the sender went away in the middle of the body
    except (ControlError, ApiError, EntityTooLarge, ValueError, KeyError, TypeError) as error:
        text, status = _refusal(error)
        return answer_json({"error": text}, status)
    finally:
        request.app[WORLD].journal.flush()


def _refusal(error: Exception) -> tuple[str, int]:
    """Sentence and status of an error; a foreign one is what the caller's JSON led to."""
    match error:
        case ControlError():
            return error.text, error.status
        case ApiError():
            return error.description, error.code
        case EntityTooLarge():
            return "the body is too large", 413
        case _:
            return f"{type(error).__name__}: {error}", 400


def answer_json(value: Any, status: int = 200) -> web.Response:
    return web.json_response(value, status=status)


async def body_of(request: web.Request) -> Json:
    """The JSON object of a request; an empty body is an empty object."""
    raw = await request.text()
    value = json.loads(raw) if raw else {}
    if not isinstance(value, dict):
        raise ControlError("a JSON object is expected")
    return value


def world_of(request: web.Request) -> World:
    return request.app[WORLD]


def number_of(request: web.Request, name: str) -> int:
    try:
        return int(request.match_info[name])
    except ValueError as error:
        raise ControlError(f"{name} has to be a number", 404) from error


def query_number(request: web.Request, name: str, default: int) -> int:
    return int(request.query.get(name, default))


def person_of(world: World, person_id: Any) -> Person:
    person = world.state.people.get(person_id)
    if person is None:
        raise ControlError("no such person", 404)
    return person


def chat_of(world: World, chat_id: int) -> Chat:
    chat = world.state.chats.get(chat_id)
    if chat is None:
        raise ControlError("no such chat", 404)
    return chat


def room_of(world: World, chat_id: int, bot_id: int | None) -> Room:
    """The history of a chat; of a private chat with the bot named, or the first bot."""
    if chat_id > 0:
        person_of(world, chat_id)
        return world.state.room_for(chat_id, world.bot(bot_id).id)
    chat_of(world, chat_id)
    return world.state.room_for(chat_id, 0)


def message_of(world: World, request: web.Request, bot_id: int | None) -> Message:
    room = room_of(world, number_of(request, "chat"), bot_id)
    message = room.messages.get(number_of(request, "mid"))
    if message is None:
        raise ControlError("no such message", 404)
    return message


def bot_query(request: web.Request) -> int | None:
    return query_number(request, "bot", 0) or None


def shown(world: World, message: Message, bot_id: int | None = None) -> Json:
    return world.renderer.seen_by_person(message, world.bot(message.room.bot_id or bot_id))
