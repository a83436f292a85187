"""Every bad day of a peer, for every client: one error of the client's own, soon, and fine again afterwards."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from storage.errors import AuthUnavailable, PeerUnavailable, RequestServiceUnavailable
from storage.request_numbers import RequestNumber
from storage.work_orders.port import Draft
from tests.peers.moods import Mood, certificate, served
from web.clients.auth_service import AuthServiceClient, AuthServiceConfig, auth_peer
from web.clients.calls import Peer
from web.clients.request_service import RequestServiceClient, RequestServiceConfig, request_peer
from web.clients.transport import PeerTransport, peer_session
from web.clients.user_service import UserServiceClient, UserServiceConfig, user_peer

NUMBER = RequestNumber("250926-001")
DRAFT = Draft(description="Leak", sender=None, sender_name=None, by="telegram:1002", by_name=None)
DAYS = {
    "refuses": "unreachable",
    "hangs": "timeout",
    "drips": "timeout",
    "cut": "unreachable",
    "down": "status 500",
    "busy": "status 503",
    "limits": "status 429",
    "forbids": "credentials",
    "malformed": "malformed",
    "schema": "schema",
    "huge": "too_long",
    "redirects": "redirect",
    "expired certificate": "certificate",
}
"""What the peer does, and the reason that the error gives."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question to a peer, and the error that stands for every answer that is none."""

    ask: Callable[[], Awaitable[object]]
    error: type[PeerUnavailable]


def questions(http: aiohttp.ClientSession, url: str, *, patience: float) -> dict[str, Asked]:
    """Every call that somebody waits for, by name."""

    def transport(peer: Peer) -> PeerTransport:
        return PeerTransport(http, replace(peer, per_try=patience, in_all=patience, tries=1, fails=1000))

    config = AuthServiceConfig(url=url, issuer=url, client_id="us", client_secret="secret")
    users, requests = UserServiceConfig(url=url), RequestServiceConfig(url=url)
    auth = AuthServiceClient(transport(auth_peer(url)), config)
    auth._endpoints.update(jwks_uri=f"{url}/keys", introspection_endpoint=f"{url}/introspect")
    fresh = AuthServiceClient(transport(auth_peer(url)), config)
    user = UserServiceClient(transport(user_peer(users)), users)
    request = RequestServiceClient(transport(request_peer(requests)), requests)
    return {
        "auth: discovery": Asked(ask=fresh.keys, error=AuthUnavailable),
        "auth: keys": Asked(ask=auth.keys, error=AuthUnavailable),
        "auth: introspection": Asked(ask=lambda: auth.introspect("token"), error=AuthUnavailable),
        "users: names": Asked(ask=lambda: user.profiles(["42"]), error=PeerUnavailable),
        "users: by phone": Asked(ask=lambda: user.find_by_phone("+998901234567"), error=PeerUnavailable),
        "requests: look-up": Asked(ask=lambda: request.look_up([NUMBER]), error=RequestServiceUnavailable),
        "requests: open": Asked(ask=request.open_requests, error=RequestServiceUnavailable),
        "requests: begin": Asked(ask=lambda: request.create(DRAFT, key="k"), error=RequestServiceUnavailable),
    }


async def fine(request: web.Request) -> web.Response:
    """What every one of the questions takes for an answer."""
    user, order = {"id": "42", "name": "Anna"}, {"number": NUMBER}
    where = f"{request.url.origin()}/keys"
    lists = {"keys": [], "users": [user], "requests": [order]}
    return web.json_response({**lists, **user, **order, "jwks_uri": where, "active": True})


@asynccontextmanager
async def peer(says: str, folder: Path) -> AsyncIterator[tuple[str, Path | None, Mood]]:
    """Its URL, who vouches for it, and its mood."""
    known = says in ("refuses", "expired certificate")
    mood = Mood("fine" if known else says)
    app = web.Application(middlewares=[mood.middleware])
    app.router.add_route("*", "/{tail:.*}", fine)
    context, chain = certificate(folder, days_left=-1) if says == "expired certificate" else (None, None)
    async with served(app, context) as url:
        yield "http://127.0.0.1:9" if says == "refuses" else url, chain, mood


async def reason(asked: Asked) -> object:
    with pytest.raises(PeerUnavailable) as caught:
        await asked.ask()
    assert type(caught.value) is asked.error
    return caught.value.fields["reason"]


@pytest.mark.parametrize("says", DAYS)
async def test_every_client_meets_every_bad_day(says: str, tmp_path: Path) -> None:
    async with peer(says, tmp_path) as (url, chain, mood), peer_session(chain) as http:
        asked = questions(http, url, patience=0.4 if DAYS[says] == "timeout" else 30)
        reasons = await asyncio.gather(*map(reason, asked.values()))
        given = dict(zip(asked, reasons, strict=True))
        if says == "schema":
            assert given.pop("auth: discovery") == "jwks_uri", "a document that does not name it"
        assert set(given.values()) == {DAYS[says]}, given
        if says not in ("refuses", "expired certificate"):
            mood.says, asked = "fine", questions(http, url, patience=30)
            assert all([await one.ask() is not None for one in asked.values()])
