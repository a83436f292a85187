"""Bearer tokens, as the guard needs them checked."""

from typing import Protocol

from storage.callers.keys import Identity
from storage.errors import Unauthenticated


class Auth(Protocol):
    """Who calls with a token. Both may be called at any time, also many times with one token."""

    def remembered(self, token: str) -> Identity | None:
        """Who it was, where that was found out a moment ago and still holds."""
        ...

    async def identity(self, token: str) -> Identity:
        """Who it is.

        Raises `InvalidToken` where it does not hold, `AuthUnavailable` where that cannot be found out.
        """
        ...


class NoAuth:
    """No Auth Service is configured: there are keys only."""

    def remembered(self, token: str) -> Identity | None:  # noqa: ARG002  the port's
        return None

    async def identity(self, token: str) -> Identity:  # noqa: ARG002  the port's
        raise Unauthenticated
