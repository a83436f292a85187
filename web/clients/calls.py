"""What is asked of another service, and what it answered."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from storage.errors import PeerUnavailable

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """Another service as the settings name it, and how patient we are with it. Times in seconds, sizes in bytes.

    After ``fails`` calls in a row that failed it is not called for ``rest`` seconds, then by one call to see.
    ``error`` is what a call without a usable answer raises.
    """

    name: str
    url: str
    token: str | None = field(default=None, repr=False)
    per_try: float = 5.0
    in_all: float = 12.0
    tries: int = 3
    most_bytes: int = 1024 * 1024
    fails: int = 5
    rest: float = 15.0
    error: type[PeerUnavailable] = PeerUnavailable


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call. ``path`` is beneath the service's URL, or a whole URL.

    It is tried again where that is safe: its method is idempotent, it has an ``idempotency_key`` (sent as
    ``Idempotency-Key``), or ``safe`` says that it only reads. ``accepts`` are statuses besides 2xx that are answers.
    """

    method: str
    path: str
    params: Mapping[str, str] | None = None
    json: Any = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None
    safe: bool = False
    accepts: Collection[int] = ()

    @property
    def repeatable(self) -> bool:
        return self.safe or self.idempotency_key is not None or self.method in IDEMPOTENT


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer with a status the call accepts. ``json`` is None where there is no body."""

    peer: Peer
    status: int
    headers: Mapping[str, str]
    json: Any

    @property
    def etag(self) -> str | None:
        return self.headers.get("ETag")

    def read(self, kind: type[Model]) -> Model:
        """The body as what it should be. Raises the peer's error, with the reason ``schema``."""
        try:
            return kind.model_validate(self.json)
        except ValidationError as error:
            raise unusable(self.peer, "schema") from error


def unusable(peer: Peer, reason: str, *, retry_after: float | None = None) -> PeerUnavailable:
    """The error of a call without a usable answer, with the wait that the service asked for, or its rest."""
    return peer.error(service=peer.name, reason=reason, retry_after=peer.rest if retry_after is None else retry_after)


def filled(template: str, **values: object) -> str:
    """A path such as ``/users/{user_id}``; each value is quoted, so that it cannot be more than one segment."""
    return template.format_map({name: _segment(str(value)) for name, value in values.items()})


def names_in(template: str) -> frozenset[str]:
    """The placeholders of a path. Raises ValueError where it cannot be read."""
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name is not None)


def parsed(peer: Peer, body: bytes) -> Any:
    """Raises the peer's error, with the reason ``malformed``."""
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise unusable(peer, "malformed") from error


def _segment(value: str) -> str:
    quoted = quote(value, safe="")
    return quoted.replace(".", "%2E") if set(value) <= {"."} else quoted
