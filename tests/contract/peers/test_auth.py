"""The port to the Auth Service: what holds for its keys, for asking it, and for the null service alike."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from storage.errors import Unauthenticated
from tests.peers.issuer import AUDIENCE, CLIENT, Issuer, ec_key, running_issuer
from web.auth.port import Auth, NoAuth
from web.auth.tokens import TokenAuth, by_asking, by_keys
from web.clients.auth_service import AuthServiceClient, AuthServiceConfig, auth_peer
from web.clients.transport import PeerTransport, peer_session


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with running_issuer() as running:
        yield running


@pytest.fixture(params=["keys", "asking", "null"])
async def auth(request: pytest.FixtureRequest, issuer: Issuer) -> AsyncIterator[Auth]:
    if request.param == "null":
        yield NoAuth()
        return
    config = AuthServiceConfig(
        url=issuer.url, issuer=issuer.url, audience=AUDIENCE, client_id=CLIENT[0], client_secret=CLIENT[1]
    )
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(peer_session())
        client = AuthServiceClient(PeerTransport(http, auth_peer(issuer.url)), config)
        yield TokenAuth(by_keys(client) if request.param == "keys" else by_asking(client))


def knows(auth: Auth) -> bool:
    return not isinstance(auth, NoAuth)


class TestEveryAuth:
    """What holds for whichever implementation."""

    async def test_nobody_is_somebody_without_a_token_that_holds(self, auth: Auth, issuer: Issuer) -> None:
        for token in ("", "nonsense", issuer.token(exp=1), issuer.token(iss="https://evil.example")):
            with pytest.raises(Unauthenticated):
                await auth.identity(token)
            assert auth.remembered(token) is None

    async def test_who_was_found_out_is_remembered(self, auth: Auth, issuer: Issuer) -> None:
        token = issuer.token()
        assert auth.remembered(token) is None
        if not knows(auth):
            with pytest.raises(Unauthenticated):
                await auth.identity(token)
            assert auth.remembered(token) is None
            return
        found = await auth.identity(token)
        assert found.caller.owner == "user:anna"
        assert auth.remembered(token) == await auth.identity(token) == found

    async def test_another_token_of_the_same_person_is_looked_at_itself(self, auth: Auth, issuer: Issuer) -> None:
        if knows(auth):
            await auth.identity(issuer.token())
        with pytest.raises(Unauthenticated):
            await auth.identity(issuer.token(ec_key("made up"), exp=1))
