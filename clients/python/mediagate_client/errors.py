"""What can go wrong, by what a caller does about it."""

from collections.abc import Mapping
from typing import Any


class MediagateError(Exception):
    """Everything this package raises on purpose."""


class NotReached(MediagateError):
    """No whole answer came, after every try that was safe: the network, or the gateway, is away."""


class Spoilt(MediagateError):
    """The bytes that arrived are not the bytes that were sent."""


class ApiError(MediagateError):
    """The gateway answered with a problem (RFC 9457).

    ``code`` is stable; ``fields`` are the further members of the problem; ``request_id`` finds the call in its logs.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], *, retry_after: float | None = None) -> None:
        self.status = status
        self.code = str(problem.get("code", "unknown"))
        self.detail = str(problem.get("detail") or problem.get("title") or f"HTTP {status}")
        self.request_id = str(problem.get("instance", "")).removeprefix("urn:uuid:") or None
        self.retry_after = retry_after
        self.fields = {name: value for name, value in problem.items() if name not in _NAMED}
        super().__init__(f"{self.code}: {self.detail}")


_NAMED = frozenset({"type", "title", "status", "detail", "code", "instance"})


class Refused(ApiError):
    """400, 413, 415, 422, 460: the call, or the file, is not as it has to be. Trying again does not help."""


class Unauthorized(ApiError):
    """401: no valid credentials."""


class Forbidden(ApiError):
    """403: the credentials lack a scope."""


class NotFound(ApiError):
    """404: it does not exist, or the caller may not see it."""


class Conflict(ApiError):
    """409, 412, 423: not in this state."""


class Gone(ApiError):
    """410: it was deleted, or has expired."""


class Unavailable(ApiError):
    """429 and 5xx: later. ``retry_after`` says when, in seconds, where the gateway knows."""


_BY_STATUS: Mapping[int, type[ApiError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    412: Conflict,
    423: Conflict,
    429: Unavailable,
}


def api_error(status: int, problem: Mapping[str, Any], retry_after: str | None) -> ApiError:
    """The error for an answer; ``retry_after`` is the header, in seconds (the gateway sends no dates)."""
    kind = _BY_STATUS.get(status, Unavailable if status >= 500 else Refused)  # noqa: PLR2004 -- the class of statuses
    seconds = float(retry_after) if retry_after is not None and retry_after.isdecimal() else None
    return kind(status, problem, retry_after=seconds)
