"""The port to the Request Service: what holds for the client over HTTP and for the null service alike."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import validate

from storage.errors import RequestServiceUnavailable
from storage.request_numbers import RequestNumber
from storage.work_orders.events import MOVED, TOLD
from storage.work_orders.port import Assignee, Draft, NoRequestService, Report, RequestService
from tests.peers.requests import TOKEN, RequestPeer, running_requests
from web.clients.calls import Peer
from web.clients.request_service import RequestServiceClient, RequestServiceConfig
from web.clients.transport import PeerTransport, peer_session

FIRST, SECOND, ABSENT = (RequestNumber(f"250926-00{serial}") for serial in (1, 2, 9))
DRAFT = Draft(description="Leak", sender="telegram:1001", sender_name="Aziza", by="telegram:1002", by_name="Sergey")
DESCRIPTION = json.loads((Path(__file__).parents[2] / "peers" / "requests.openapi.json").read_text())


def client_of(peer: RequestPeer, http: Any) -> RequestServiceClient:
    config = RequestServiceConfig(url=peer.url, token=TOKEN)
    impatient = Peer(
        name="requests", url=peer.url, token=TOKEN, per_try=0.3, in_all=0.5, tries=2, error=RequestServiceUnavailable
    )
    return RequestServiceClient(PeerTransport(http, impatient), config)


@pytest.fixture
async def peer() -> AsyncIterator[RequestPeer]:
    async with running_requests() as peer:
        peer.open(FIRST, "Leak", address="Lane 1", assignees=[{"id": "u7", "name": "Sergey", "telegram_id": 1002}])
        peer.open(SECOND, state="closed")
        yield peer


@pytest.fixture
async def client(peer: RequestPeer) -> AsyncIterator[RequestServiceClient]:
    async with peer_session() as http:
        yield client_of(peer, http)


@pytest.fixture(params=["http", "null"])
async def service(request: pytest.FixtureRequest, peer: RequestPeer) -> AsyncIterator[RequestService]:
    async with AsyncExitStack() as stack:
        if request.param == "null":
            yield NoRequestService()
        else:
            yield client_of(peer, await stack.enter_async_context(peer_session()))


async def test_what_is_asked_for_is_known_by_its_number(service: RequestService) -> None:
    found = await service.look_up([FIRST, SECOND])
    assert {number: order.number for number, order in found.items()} == {FIRST: FIRST, SECOND: SECOND}


async def test_open_requests_are_open(service: RequestService) -> None:
    assert not any(order.closed for order in await service.open_requests())


async def test_a_report_never_raises(service: RequestService) -> None:
    posted = await service.report(Report(number=FIRST, media_id=7, attached=True, event={"type": "x"}), key="k1")
    assert posted.ok is service.configured
    assert posted.final is not service.configured


async def test_a_request_is_read_whole(client: RequestServiceClient) -> None:
    found = await client.look_up([FIRST, SECOND, ABSENT])
    assert set(found) == {FIRST, SECOND}
    order = found[FIRST]
    assert (order.title, order.address, order.state, order.closed) == ("Leak", "Lane 1", "open", False)
    assert order.assignees == (Assignee(id="u7", name="Sergey", telegram_id=1002),)
    assert found[SECOND].closed
    assert [order.number for order in await client.open_requests()] == [FIRST]


async def test_the_same_key_begins_one_request(client: RequestServiceClient, peer: RequestPeer) -> None:
    first = await client.create(DRAFT, key="card-1")
    assert await client.create(DRAFT, key="card-1") == first
    assert await client.create(DRAFT, key="card-2") != first
    assert peer.drafts[first.number]["description"] == "Leak"
    assert peer.drafts[first.number]["sender"] == {"id": "telegram:1001", "name": "Aziza"}


async def test_reports_are_put_and_deleted(client: RequestServiceClient, peer: RequestPeer) -> None:
    report = Report(number=FIRST, media_id=7, attached=True, event={"type": "media.attached", "data": {}})
    assert (await client.report(report, key="msg_1")).ok
    assert peer.media[FIRST] == {7: {"type": "media.attached", "data": {}}}
    gone = Report(number=FIRST, media_id=7, attached=False, event={})
    assert (await client.report(gone, key="msg_2")).ok
    assert (await client.report(gone, key="msg_2")).ok, "what is not there is detached"
    assert peer.media[FIRST] == {}
    refused = await client.report(Report(number=ABSENT, media_id=7, attached=True, event={}), key="msg_3")
    assert (refused.status, refused.final) == (404, True)
    assert peer.calls[0][2] == "msg_1"


@pytest.mark.parametrize("mood", ["down", "silent", "garbage", "schema", "huge", "redirect", "refuses", "drip"])
async def test_a_bad_peer_is_one_error_and_a_report_that_waits(
    client: RequestServiceClient, peer: RequestPeer, mood: str
) -> None:
    peer.mood = mood
    with pytest.raises(RequestServiceUnavailable) as raised:
        await client.look_up([FIRST])
    assert raised.value.fields["reason"]
    if mood not in ("garbage", "schema", "huge"):  # a body says nothing about a report
        posted = await client.report(Report(number=FIRST, media_id=7, attached=True, event={}), key="msg_1")
        assert not posted.ok
        assert not posted.final


async def test_the_description_is_right_and_the_peer_keeps_to_it(
    client: RequestServiceClient, peer: RequestPeer
) -> None:
    """The document is what the other side reads: it has to be valid, and the reference peer its example."""
    validate(DESCRIPTION)
    order = await client.create(DRAFT, key="card-1")
    schema = {**DESCRIPTION["components"]["schemas"]["Request"], "components": DESCRIPTION["components"]}
    for shown in (peer.orders[order.number], peer.orders[FIRST]):
        jsonschema_rs.validate(schema, shown)
    body = DESCRIPTION["paths"]["/requests"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    jsonschema_rs.validate({**body, "components": DESCRIPTION["components"]}, peer.drafts[order.number])
    await client.look_up([FIRST])
    await client.open_requests()
    for attached in (True, False):
        await client.report(Report(number=FIRST, media_id=7, attached=attached, event={}), key="msg_1")
    methods = ("get", "put", "post", "delete")
    described = {(one.upper(), path) for path, found in DESCRIPTION["paths"].items() for one in found if one in methods}
    shown = {path: path.format(number=FIRST, media_id=7) for _, path in described}
    assert {(method, path) for method, path, _ in peer.calls} == {(method, shown[path]) for method, path in described}


def test_the_events_it_sends_are_those_that_are_heard() -> None:
    message = DESCRIPTION["webhooks"]["request"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(message["properties"]["type"]["enum"]) == {*TOLD, *MOVED}
