"""``/users/me/telegram-link``: the Telegram account of a token's bearer."""

from aiohttp import web

from storage.domain import Scope
from storage.users.accounts import user_id_of
from web.deps import CALLER, DEPS
from web.docs import accounts as docs
from web.guard import Endpoint
from web.rendering import API, timestamp

_PATH = f"{API}/users/me/telegram-link"
_NO_STORE = {"Cache-Control": "no-store"}


async def offer_link(request: web.Request) -> web.Response:
    """201 with the code and its deep link."""
    deps = request.app[DEPS]
    offer = await deps.use_cases.accounts.offer(request[CALLER])
    deps.use_cases.profiles.want({user_id_of(request[CALLER])})  # so that the bot can say who it is for
    url = f"https://t.me/{deps.bot_name}?start={offer.code}"
    answer = {"code": offer.code, "url": url, "expires_at": timestamp(offer.expires_at)}
    return web.json_response(answer, status=201, headers=_NO_STORE)


async def show_link(request: web.Request) -> web.Response:
    row = await request.app[DEPS].use_cases.accounts.of_user(request[CALLER])
    answer = {"telegram_id": row.telegram_id, "linked_at": timestamp(row.linked_at)}
    return web.json_response(answer, headers=_NO_STORE)


async def end_link(request: web.Request) -> web.Response:
    await request.app[DEPS].use_cases.accounts.unlink_user(request[CALLER])
    return web.Response(status=204)


ENDPOINTS = (
    Endpoint("POST", _PATH, offer_link, Scope.MEDIA_WRITE, docs.OFFER),
    Endpoint("GET", _PATH, show_link, Scope.MEDIA_READ, docs.SHOW),
    Endpoint("DELETE", _PATH, end_link, Scope.MEDIA_WRITE, docs.END),
)
