"""The Request Service over HTTP, as ``tests/peers/requests.openapi.json`` describes what is expected of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from storage.errors import PeerRefused, RequestServiceUnavailable
from storage.events.poster import Posted
from storage.request_numbers import InvalidRequestNumber, RequestNumber, parse_request_number
from storage.work_orders.port import Assignee, Draft, Report, WorkOrder
from web.clients.calls import Answer, Call, Peer, filled, unusable
from web.clients.transport import PeerTransport

LOOKUP_PATH = "/requests?numbers={numbers}"
OPEN_PATH = "/requests?state=open&limit={limit}"
CREATE_PATH = "/requests"
MEDIA_PATH = "/requests/{number}/media/{media_id}"
CLOSED_STATES = ("closed", "done", "cancelled")

_MOST_OPEN = 200
_LONGEST = 1000
_GONE = (404, 410)
_AGAIN = (408, 425)


def _text(text: str) -> str:
    """As a row takes it: no NUL, no halves of surrogate pairs, and not a book."""
    kept = text.replace("\x00", "").encode("utf-8", "replace").decode()
    return " ".join(kept.split())[:_LONGEST]


Text = Annotated[str, AfterValidator(_text)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore")


class AssigneeSaid(_Said):
    id: Text | None = None
    name: Text | None = None
    telegram_id: Annotated[int, Field(ge=1, lt=2**53)] | None = None
    phone: Text | None = None


class OrderSaid(_Said):
    """A request. ``closed`` goes before what the ``state`` means by the settings."""

    number: str
    title: Text | None = None
    state: Text | None = None
    closed: bool | None = None
    address: Text | None = None
    url: Annotated[Text, Field(pattern="^https?://")] | None = None
    created_at: datetime | None = None
    assignees: list[AssigneeSaid] = []
    moved_to: str | None = None


class OrdersSaid(_Said):
    requests: list[OrderSaid]


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestServiceConfig:
    """``closed_states``: the service's own words for what takes no more media."""

    url: str
    token: str | None = None
    lookup_path: str = LOOKUP_PATH
    open_path: str = OPEN_PATH
    create_path: str = CREATE_PATH
    media_path: str = MEDIA_PATH
    closed_states: frozenset[str] = frozenset(CLOSED_STATES)


def request_peer(config: RequestServiceConfig) -> Peer:
    return Peer(name="requests", url=config.url, token=config.token, error=RequestServiceUnavailable)


def read_order(given: Any, closed_states: frozenset[str]) -> WorkOrder:
    """A request as JSON. Raises ValueError."""
    return _order(OrderSaid.model_validate(given), closed_states)


class RequestServiceClient:
    """Implements `storage.work_orders.port.RequestService`."""

    configured = True

    def __init__(self, transport: PeerTransport, config: RequestServiceConfig) -> None:
        self._transport = transport
        self._config = config

    async def look_up(self, numbers: Sequence[RequestNumber]) -> dict[RequestNumber, WorkOrder]:
        path = filled(self._config.lookup_path, numbers=",".join(numbers))
        found = self._orders(await self._call(Call(method="GET", path=path)))
        return {order.number: order for order in found if order.number in numbers}

    async def open_requests(self) -> list[WorkOrder]:
        path = filled(self._config.open_path, limit=_MOST_OPEN)
        return self._orders(await self._call(Call(method="GET", path=path)))

    async def create(self, draft: Draft, *, key: str) -> WorkOrder:
        """Raises `PeerRefused` where the service understood and would not."""
        body = {
            "source": "mediagate",
            "description": draft.description,
            "sender": {"id": draft.sender, "name": draft.sender_name},
            "created_by": {"id": draft.by, "name": draft.by_name},
        }
        call = Call(method="POST", path=self._config.create_path, json=body, idempotency_key=key)
        answer = await self._transport.call(call)
        try:
            return read_order(answer.json, self._config.closed_states)
        except ValueError as error:
            raise unusable(self._transport.peer, "schema") from error

    async def report(self, report: Report, *, key: str) -> Posted:
        path = filled(self._config.media_path, number=report.number, media_id=report.media_id)
        if report.attached:
            call = Call(method="PUT", path=path, json=report.event, idempotency_key=key)
        else:
            call = Call(method="DELETE", path=path, idempotency_key=key, accepts=_GONE)
        try:
            answer = await self._transport.call(call)
        except PeerRefused as refused:
            status = int(str(refused.fields["status"]))
            return Posted(status=status, error="the service refused it", final=status not in _AGAIN)
        except RequestServiceUnavailable as error:
            wait = error.fields.get("retry_after")
            reason = str(error.fields.get("reason"))
            return Posted(error=reason, retry_after=wait if isinstance(wait, int | float) else None)
        return Posted(status=200 if answer.status in _GONE else answer.status)

    async def _call(self, call: Call) -> Answer:
        try:
            return await self._transport.call(call)
        except PeerRefused as refused:
            raise unusable(self._transport.peer, f"status {refused.fields['status']}") from refused

    def _orders(self, answer: Answer) -> list[WorkOrder]:
        """One that cannot be read spoils the answer: it would pass for one that there is not."""
        try:
            return [_order(said, self._config.closed_states) for said in answer.read(OrdersSaid).requests]
        except ValueError as error:
            raise unusable(self._transport.peer, "schema") from error


def _order(said: OrderSaid, closed_states: frozenset[str]) -> WorkOrder:
    closed = said.closed if said.closed is not None else (said.state or "").casefold() in closed_states
    opened = said.created_at
    return WorkOrder(
        number=_number(said.number),
        title=said.title or None,
        state=said.state or None,
        closed=closed,
        address=said.address or None,
        url=said.url,
        opened_at=opened if opened is None or opened.tzinfo is not None else opened.replace(tzinfo=UTC),
        assignees=tuple(Assignee(**one.model_dump()) for one in said.assignees),
        moved_to=None if said.moved_to is None else _number(said.moved_to),
    )


def _number(text: str) -> RequestNumber:
    try:
        return parse_request_number(text)
    except InvalidRequestNumber as error:
        raise ValueError(str(error)) from error
