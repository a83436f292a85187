"""The User Service over HTTP, as ``tests/peers/users.openapi.json`` describes what is expected of it."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from storage.errors import PeerRefused, PeerUnavailable
from storage.events.poster import Posted
from storage.users.port import Profile
from web.clients.calls import Answer, Call, Peer, filled
from web.clients.transport import PeerTransport

PROFILES_PATH = "/users?ids={ids}"
PHONE_PATH = "/users/by-phone"
AVATAR_PATH = "/users/{user_id}/avatar"

_UNCHANGED, _NOT_FOUND = 304, 404
_AGAIN = (408, 425)
_MOST_REMEMBERED = 500
_LONGEST = 256


def _text(text: str) -> str:
    """As a row takes it: no NUL, no halves of surrogate pairs, one line, and not a book."""
    kept = text.replace("\x00", "").encode("utf-8", "replace").decode()
    return " ".join(kept.split())[:_LONGEST]


Text = Annotated[str, AfterValidator(_text)]


class UserSaid(BaseModel):
    """A user as JSON; whatever else the service says is passed over."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: Annotated[str, Field(min_length=1, max_length=200)]
    name: Text | None = None
    language: Text | None = None


class UsersSaid(BaseModel):
    model_config = ConfigDict(extra="ignore")

    users: list[UserSaid]


@dataclass(frozen=True, kw_only=True, slots=True)
class UserServiceConfig:
    url: str
    token: str | None = None
    profiles_path: str = PROFILES_PATH
    phone_path: str = PHONE_PATH
    avatar_path: str = AVATAR_PATH


def user_peer(config: UserServiceConfig) -> Peer:
    return Peer(name="users", url=config.url, token=config.token)


class UserServiceClient:
    """Implements `storage.users.port.UserService`. What it answered with an ``ETag`` is not sent again."""

    configured = True

    def __init__(self, transport: PeerTransport, config: UserServiceConfig) -> None:
        self._transport = transport
        self._config = config
        self._remembered: OrderedDict[str, tuple[str, list[UserSaid]]] = OrderedDict()

    async def profiles(self, user_ids: Collection[str]) -> dict[str, Profile]:
        path = filled(self._config.profiles_path, ids=",".join(sorted(user_ids)))
        said = await self._conditional(path)
        return {one.id: _profile(one) for one in said if one.id in user_ids}

    async def find_by_phone(self, phone: str) -> Profile | None:
        """The number goes into the body: paths are written to logs."""
        call = Call(method="POST", path=self._config.phone_path, json={"phone": phone}, safe=True, accepts=(404,))
        answer = await self._transport.call(call)
        return None if answer.status == _NOT_FOUND else _profile(answer.read(UserSaid))

    async def take(self, message: Mapping[str, Any], *, key: str) -> Posted:
        user_id = str(message["data"]["user_id"])
        path = filled(self._config.avatar_path, user_id=user_id)
        call = Call(method="PUT", path=path, json=message["data"]["avatar"], idempotency_key=key)
        try:
            answer = await self._transport.call(call)
        except PeerRefused as refused:
            status = int(str(refused.fields["status"]))
            return Posted(status=status, error="the service refused it", final=status not in _AGAIN)
        except PeerUnavailable as error:
            wait = error.fields.get("retry_after")
            reason = str(error.fields.get("reason"))
            return Posted(error=reason, retry_after=wait if isinstance(wait, int | float) else None)
        return Posted(status=answer.status)

    async def _conditional(self, path: str) -> list[UserSaid]:
        known = self._remembered.get(path)
        headers = {} if known is None else {"If-None-Match": known[0]}
        accepts = () if known is None else (_UNCHANGED,)
        answer = await self._transport.call(Call(method="GET", path=path, headers=headers, accepts=accepts))
        if answer.status == _UNCHANGED and known is not None:
            self._remembered.move_to_end(path)
            return known[1]
        said = answer.read(UsersSaid).users
        self._remember(path, answer, said)
        return said

    def _remember(self, path: str, answer: Answer, said: list[UserSaid]) -> None:
        self._remembered.pop(path, None)
        if answer.etag is not None:
            self._remembered[path] = (answer.etag, said)
            if len(self._remembered) > _MOST_REMEMBERED:
                self._remembered.popitem(last=False)


def read_user(given: Any) -> Profile:
    """A user as JSON, of an event. Raises ValueError."""
    return _profile(UserSaid.model_validate(given))


def _profile(said: UserSaid) -> Profile:
    return Profile(user_id=said.id, name=said.name or None, language=said.language or None)
