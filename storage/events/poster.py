"""What delivering needs of HTTP: one small port, implemented by `web.clients.poster`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """What came of a call: the status, or why there is none. ``retry_after`` is in seconds.

    ``final``: it was understood and refused, so that saying it again is no use.
    """

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    final: bool = False

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 -- the class of statuses


class EventTaker(Protocol):
    """One of the company's services that is told of events in its own way."""

    async def take(self, message: Mapping[str, Any], *, key: str) -> Posted:
        """Tell it once. ``message`` is the webhooks' body; the same ``key`` is the same event. Never raises."""
        ...


class Poster(Protocol):
    def refusal(self, url: str) -> str | None:
        """Why events may not go to ``url``, as a clause that follows "url"; None where they may."""
        ...

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Call once. Never raises; redirects are not followed, and inside addresses not called."""
        ...
