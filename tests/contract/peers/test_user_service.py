"""The User Service: its reference peer says what its description says, and the client and the null service do what
the port says.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import validate

from storage.errors import PeerUnavailable
from storage.users.port import NoUserService, Profile, UserService
from tests.peers.users import DESCRIPTION, TOKEN, UserPeer, running_users
from web.clients.transport import PeerTransport, peer_session
from web.clients.user_service import UserServiceClient, UserServiceConfig, read_user, user_peer

PEOPLE = {
    "42": {"name": "Anna Karimova", "language": "ru", "phone": "+998901234567"},
    "7": {"name": " Bob\n<b>\x00", "phone": "+998907654321"},
}
AVATAR = {"user_id": "42", "version": 2, "digest": "ab" * 32, "urls": {"64": f"/api/v1/avatars/{'ab' * 32}/64"}}
DOCUMENT: dict[str, Any] = json.loads(DESCRIPTION.read_text())


@pytest.fixture
async def peer() -> AsyncIterator[UserPeer]:
    async with running_users() as running:
        running.people = {**PEOPLE}
        yield running


@asynccontextmanager
async def client_of(peer: UserPeer, token: str = TOKEN) -> AsyncIterator[UserServiceClient]:
    config = UserServiceConfig(url=peer.url, token=token)
    quick = replace(user_peer(config), per_try=0.25, in_all=2.0, tries=2, fails=1000)
    async with peer_session() as http:
        yield UserServiceClient(PeerTransport(http, quick), config)


@pytest.fixture(params=["http", "null"])
async def service(request: pytest.FixtureRequest, peer: UserPeer) -> AsyncIterator[UserService]:
    if request.param == "null":
        yield NoUserService()
    else:
        async with client_of(peer) as client:
            yield client


class TestEveryService:
    """What holds for whichever implementation."""

    async def test_unknown_users_are_left_out(self, service: UserService) -> None:
        assert await service.profiles(["nobody"]) == {}
        known = await service.profiles(["42", "nobody"])
        assert set(known) == ({"42"} if service.configured else set())

    async def test_a_number_nobody_has(self, service: UserService) -> None:
        assert await service.find_by_phone("+1000000000") is None

    async def test_telling_never_raises_and_may_be_done_twice(self, service: UserService) -> None:
        told = [await service.take({"data": {"user_id": "42", "avatar": AVATAR}}, key="k") for _ in range(2)]
        assert [one.ok for one in told] == [service.configured] * 2
        assert all(one.ok or one.final for one in told)


async def test_the_client_and_the_reference_peer(peer: UserPeer) -> None:
    async with client_of(peer) as client:
        anna = Profile(user_id="42", name="Anna Karimova", language="ru")
        assert await client.profiles(["42", "7"]) == {"42": anna, "7": Profile(user_id="7", name="Bob <b>")}
        assert await client.find_by_phone("+998901234567") == anna
        assert "998901234567" not in "".join(str(request.rel_url) for request in peer.mood.seen)
        assert (await client.take({"data": {"user_id": "42", "avatar": AVATAR}}, key="evt_1")).status == 204
        assert (peer.avatars["42"], peer.keys) == (AVATAR, ["evt_1"])
        gone = await client.take({"data": {"user_id": "404", "avatar": AVATAR}}, key="evt_2")
        assert (gone.status, gone.final) == (404, True)


async def test_what_has_not_changed_is_not_sent_again(peer: UserPeer) -> None:
    async with client_of(peer) as client:
        first = await client.profiles(["42", "7"])
        assert await client.profiles(["7", "42"]) == first
        assert peer.unchanged == 1
        peer.people["42"] = {"name": "Anna Petrova"}
        assert (await client.profiles(["42", "7"]))["42"].name == "Anna Petrova"
        assert peer.unchanged == 1


@pytest.mark.parametrize(
    "says", ["down", "hangs", "drips", "cut", "malformed", "empty", "schema", "huge", "redirects", "forbids", "busy"]
)
async def test_a_bad_peer_is_one_error_and_a_word_that_waits(peer: UserPeer, says: str) -> None:
    peer.mood.says = says
    async with client_of(peer) as client:
        with pytest.raises(PeerUnavailable):
            await client.profiles(["42"])
        told = await client.take({"data": {"user_id": "42", "avatar": AVATAR}}, key="k")
        assert told.ok == (says in ("empty", "schema"))  # what it answers to a PUT is not looked at
        assert not told.final
        peer.mood.says = "fine"
        assert (await client.profiles(["42"]))["42"].name == "Anna Karimova"


async def test_a_wrong_token_is_for_the_operator_to_mend(peer: UserPeer) -> None:
    async with client_of(peer, token="wrong") as client:
        with pytest.raises(PeerUnavailable) as caught:
            await client.profiles(["42"])
        assert caught.value.fields["reason"] == "credentials"


def test_users_in_events_are_read_or_refused() -> None:
    assert read_user({"id": 42, "name": "Anna", "more": [1]}) == Profile(user_id="42", name="Anna")
    given: list[Any] = [None, [], {"name": "Anna"}, {"id": ""}, {"id": "x" * 201}, {"id": "1", "name": {"a": 1}}]
    for wrong in given:
        with pytest.raises(ValueError, match="UserSaid"):
            read_user(wrong)


async def test_the_description_is_right_and_the_peer_keeps_to_it(peer: UserPeer) -> None:
    """The document is what the other side reads: it has to be valid, and the reference peer its example."""
    validate(DOCUMENT)
    schemas = DOCUMENT["components"]["schemas"]

    def check(name: str, value: Any) -> None:
        whole = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        jsonschema_rs.Draft202012Validator(whole).validate(value)

    check("Users", {"users": [peer._shown("42"), peer._shown("7")]})
    check("Avatar", AVATAR)
    async with client_of(peer) as client:
        await client.profiles(["42"])
        await client.find_by_phone("+998901234567")
        await client.take({"data": {"user_id": "42", "avatar": AVATAR}}, key="k")
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    called = {(r.method, r.match_info.route.resource.canonical) for r in peer.mood.seen if r.match_info.route.resource}
    assert called == described
