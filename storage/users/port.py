"""What Mediagate asks of the User Service: one small port, and the null service that is there without it.

`web.clients.user_service` implements it over HTTP.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from storage.events.poster import Posted

MOST_AT_ONCE = 100
"""User ids in one question."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A user as the service has them. ``language`` is a code such as ``ru`` or ``uz-Latn``."""

    user_id: str
    name: str | None = None
    language: str | None = None


class UserService(Protocol):
    """The first two raise `PeerUnavailable` and `PeerRefused` where there is no usable answer, within seconds."""

    @property
    def configured(self) -> bool:
        """Whether there is such a service: without one nobody has a name, and no number is known."""
        ...

    async def profiles(self, user_ids: Collection[str]) -> dict[str, Profile]:
        """Those of ``user_ids`` (at most `MOST_AT_ONCE`) that it knows, in one call. May be called again."""
        ...

    async def find_by_phone(self, phone: str) -> Profile | None:
        """Whose number this is, in E.164 (``+998901234567``); None: the company does not know it."""
        ...

    async def take(self, message: Mapping[str, Any], *, key: str) -> Posted:
        """Tell it once of an avatar that changed; the same ``key`` again has no other effect. Never raises."""
        ...


class NoUserService:
    """There is none."""

    configured = False

    async def profiles(self, user_ids: Collection[str]) -> dict[str, Profile]:  # noqa: ARG002 -- the port's
        return {}

    async def find_by_phone(self, phone: str) -> Profile | None:  # noqa: ARG002 -- the port's
        return None

    async def take(self, message: Mapping[str, Any], *, key: str) -> Posted:  # noqa: ARG002 -- the port's
        return Posted(error="none is configured", final=True)
