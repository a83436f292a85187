"""Linking a Telegram account over HTTP: the bearer of a token asks, the chat proves, and both count at once."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from storage.details import NO_DETAILS
from storage.domain import Caller, Role
from storage.intake.arrivals import Arrival
from tests.flow.archives import RunningArchive, accept
from tests.flow.http_door import Door, open_door
from tests.flow.test_api_access_tokens import ask, token_auth
from tests.peers.issuer import Issuer, running_issuer


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with running_issuer() as running:
        yield running


async def linking(door: Door, token: str, method: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(door.url, headers=headers) as client,
        client.request(method, "/api/v1/users/me/telegram-link") as response,
    ):
        return response.status, await response.json(content_type=None) if response.status != 204 else None


async def test_a_linked_account_counts_at_once_and_so_does_its_end(archive: RunningArchive, issuer: Issuer) -> None:
    """What somebody sent in the chat is theirs by token from the link to its end, although the token is remembered."""
    chat = Arrival(caller=Caller.person(1001, Role.USER), filename="mine.txt", details=NO_DETAILS)
    sent = (await accept(archive, b"from the chat " * 10, chat, details=NO_DETAILS)).media.id
    accounts = archive.archive.use_cases.accounts
    async with token_auth(issuer) as auth, open_door(archive, tokens=auth, bot_name="a_bot") as door:
        anna = issuer.token(scope="media:read media:write")
        assert (await ask(door, f"/api/v1/media/{sent}", anna))[0] == 404
        assert (await linking(door, anna, "GET"))[1]["code"] == "account_not_linked"
        status, offer = await linking(door, anna, "POST")
        assert (status, offer["url"]) == (201, f"https://t.me/a_bot?start={offer['code']}")
        assert await accounts.link(offer["code"], 1001) is not None
        assert (await ask(door, f"/api/v1/media/{sent}", anna))[0] == 200
        assert (await linking(door, anna, "GET"))[1]["telegram_id"] == 1001
        assert (await ask(door, f"/api/v1/media/{sent}", issuer.token(sub="bob", scope="media:read")))[0] == 404
        assert (await linking(door, anna, "DELETE"))[0] == 204
        assert (await ask(door, f"/api/v1/media/{sent}", anna))[0] == 404
        service = issuer.token(sub=None, client_id="crm", scope="media:write")
        assert (await linking(door, service, "POST"))[0] == 403
