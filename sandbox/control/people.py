"""Bots and people."""

import secrets
from dataclasses import fields
from typing import Final

from aiohttp import web

from sandbox.control.common import answer_json, body_of, number_of, person_of, world_of
from sandbox.errors import ControlError
from sandbox.model import Json, Person
from sandbox.samples import add_bot
from sandbox.world import World

_FIRST_PERSON: Final = 2001
_FIRST_BOT: Final = 7_000_000_001
_CHANGEABLE: Final = {field.name for field in fields(Person)} - {"id", "blocked_bots"}


async def post_bot(request: web.Request) -> web.Response:
    """Idempotent by token; a known bot gets what is named changed."""
    world, wanted = world_of(request), await body_of(request)
    token = wanted.get("token") or _free_token(world)
    bot = world.state.tokens.get(token)
    if bot is None:
        if int(token.partition(":")[0]) in world.state.bots:
            raise ControlError("another bot has this id", 409)
        bot = add_bot(world, token, wanted.get("username", ""), wanted.get("first_name", ""))
    for name in ("username", "first_name", "can_read_all_group_messages"):
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
    world, wanted = world_of(request), await body_of(request)
    return answer_json(_changed(world, person_of(world, number_of(request, "id")), wanted))


def _changed(world: World, person: Person, wanted: Json) -> Json:
    """Blocking and unblocking emits `my_chat_member`."""
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


ROUTES: Final = [
    web.post("/control/bots", post_bot),
    web.post("/control/people", post_person),
    web.patch("/control/people/{id}", patch_person),
]
