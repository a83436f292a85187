"""Bots and people."""

import secrets
from dataclasses import fields
from typing import Final

from aiohttp import web

from sandbox.call import Call
from sandbox.config import UNLIMITED
from sandbox.control.common import answer_json, body_of, number_of, person_of, world_of
from sandbox.control.routing import BOOLEAN, FILE, INTEGER, OBJECT, STRING, Route, list_of, obj
from sandbox.errors import ControlError
from sandbox.model import Json, Person
from sandbox.pictures import take_photo
from sandbox.samples import add_bot
from sandbox.wire import Arguments, read_arguments
from sandbox.world import World

_FIRST_PERSON: Final = 2001
_FIRST_BOT: Final = 7_000_000_001
_CHANGEABLE: Final = {field.name for field in fields(Person)} - {"id", "blocked_bots", "photos"}


async def post_bot(request: web.Request) -> web.Response:
    """Idempotent by token; a known bot gets what is named changed."""
    world, wanted = world_of(request), await body_of(request)
    token = wanted.get("token") or _free_token(world)
    bot = world.state.tokens.get(token)
    if bot is None:
        if int(token.partition(":")[0]) in world.state.bots:
            raise ControlError("another bot has this id", 409)
        bot = add_bot(world, token, wanted.get("username", ""), wanted.get("first_name", ""))
    for name in ("username", "first_name", "can_read_all_group_messages", "supports_inline_queries", "logged_out"):
        if name in wanted:
            setattr(bot, name, wanted[name])
    world.state.save_bot(bot)
    return answer_json(bot_shown(bot.id, world))


def _free_token(world: World) -> str:
    return f"{max([_FIRST_BOT, *world.state.bots]) + 1}:{secrets.token_urlsafe(26)}"


def bot_shown(bot_id: int, world: World) -> Json:
    bot = world.state.bots[bot_id]
    return {
        "id": bot.id,
        "is_bot": True,
        "token": bot.token,
        "username": bot.username,
        "first_name": bot.first_name,
        "can_read_all_group_messages": bot.can_read_all_group_messages,
        "supports_inline_queries": bot.supports_inline_queries,
        "logged_out": bot.logged_out,
        "menu_buttons": bot.menu_buttons,
        "commands": bot.commands,
    }


async def post_person(request: web.Request) -> web.Response:
    """Idempotent by id."""
    world, wanted = world_of(request), await body_of(request)
    person_id = wanted.pop("id", None) or max([_FIRST_PERSON - 1, *world.state.people]) + 1
    known = world.state.people.get(person_id)
    if known is None:
        known = Person(id=person_id, first_name=wanted.get("first_name") or f"Person {person_id}")
    return answer_json(_changed(world, known, wanted))


async def patch_person(request: web.Request) -> web.Response:
    """Blocking and unblocking bots emits `my_chat_member`."""
    world, wanted = world_of(request), await body_of(request)
    return answer_json(_changed(world, person_of(world, number_of(request, "id")), wanted))


def _changed(world: World, person: Person, wanted: Json) -> Json:
    blocked = wanted.pop("blocked_bots", None)
    unknown = set(wanted) - _CHANGEABLE
    if unknown:
        raise ControlError(f"unknown: {', '.join(sorted(unknown))}")
    for name, value in wanted.items():
        setattr(person, name, value)
    world.state.save_person(person)
    if blocked is not None:
        before, person.blocked_bots = person.blocked_bots, [world.bot(one).id for one in blocked]
        world.state.save_person(person)
        for bot_id in set(before) ^ set(person.blocked_bots):
            now = bot_id in person.blocked_bots
            world.postbox.membership.blocked(world.bot(bot_id), person.id, blocked=now)
    return person.as_json()


async def put_photo(request: web.Request) -> web.Response:
    """A new profile photo: multipart with one picture in `file`."""
    world = world_of(request)
    person = person_of(world, number_of(request, "id"))
    arguments = await read_arguments(request, world.store, UNLIMITED)
    try:
        if not arguments.uploads:
            raise ControlError("a picture in the field `file` is needed")
        photo = await take_photo(Call(world, world.bot(None), "", Arguments()), arguments.uploads[0])
    finally:
        arguments.drop()
    person.photos.insert(0, photo.uid)
    world.state.save_person(person)
    return answer_json(person.as_json())


async def delete_photos(request: web.Request) -> web.Response:
    """All profile photos of a person."""
    world = world_of(request)
    person = person_of(world, number_of(request, "id"))
    person.photos = []
    world.state.save_person(person)
    return answer_json(person.as_json())


_PERSON: Final = {
    "first_name": STRING,
    "last_name": STRING,
    "username": STRING,
    "language_code": STRING,
    "phone": STRING,
    "blocked_bots": list_of(INTEGER),
    "deactivated": BOOLEAN,
    "hidden_forwards": BOOLEAN,
}
ROUTES: Final = [
    Route(
        method="POST",
        path="/control/bots",
        handler=post_bot,
        summary="Make or change a bot",
        body=obj(
            token=STRING,
            username=STRING,
            first_name=STRING,
            can_read_all_group_messages=BOOLEAN,
            supports_inline_queries=BOOLEAN,
            logged_out=BOOLEAN,
        ),
        answer=OBJECT,
    ),
    Route(
        method="POST",
        path="/control/people",
        handler=post_person,
        summary="Make or change a person",
        body=obj(id=INTEGER, **_PERSON),
        answer=OBJECT,
    ),
    Route(
        method="PATCH",
        path="/control/people/{id}",
        handler=patch_person,
        summary="Change a person",
        body=obj(**_PERSON),
        answer=OBJECT,
    ),
    Route(
        method="POST",
        path="/control/people/{id}/photo",
        handler=put_photo,
        summary="Set a profile photo",
        form=obj("file", file=FILE),
        answer=OBJECT,
    ),
    Route(
        method="DELETE",
        path="/control/people/{id}/photo",
        handler=delete_photos,
        summary="Remove the profile photos",
        answer=OBJECT,
    ),
]
