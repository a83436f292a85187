"""Answers that are errors.

The exact texts are those of TELEGRAM.md, *Error texts*; a text marked "unverified" is a guess.
"""

from typing import Any, Final

BAD_REQUEST: Final = 400
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
CONFLICT: Final = 409
TOO_LARGE: Final = 413
TOO_MANY: Final = 429
INTERNAL: Final = 500

PREFIXES: Final = {
    BAD_REQUEST: "Bad Request",
    UNAUTHORIZED: "Unauthorized",
    FORBIDDEN: "Forbidden",
    NOT_FOUND: "Not Found",
    CONFLICT: "Conflict",
    TOO_LARGE: "Request Entity Too Large",
    TOO_MANY: "Too Many Requests",
    INTERNAL: "Internal Server Error",
}
NOT_MODIFIED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
OLD_QUERY: Final = "query is too old and response timeout expired or query ID is invalid"
WRONG_REMOTE: Final = "wrong remote file identifier specified: "


class ApiError(Exception):
    """An error answer: HTTP status and `error_code`, `description`, and `parameters` if there are any."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class EntityTooLarge(Exception):
    """The body is larger than the server takes: 413 with an empty body (TELEGRAM.md, Wire)."""


def api_error(code: int, text: str, parameters: dict[str, Any] | None = None) -> ApiError:
    """Prefix and case as in TELEGRAM.md, Wire: lower case, unless the second letter is `_` or upper case."""
    keeps_case = len(text) > 1 and (text[1] == "_" or text[1].isupper())
    shown = text if keeps_case else text[:1].lower() + text[1:]
    return ApiError(code, f"{PREFIXES[code]}: {shown}", parameters)


def bad_request(text: str) -> ApiError:
    return api_error(BAD_REQUEST, text)


def forbidden(text: str) -> ApiError:
    return api_error(FORBIDDEN, text)


def too_many(retry_after: int) -> ApiError:
    return ApiError(TOO_MANY, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})


class ControlError(Exception):
    """A control call that cannot be done: `{"error": text}` with a 4xx status."""

    def __init__(self, text: str, status: int = BAD_REQUEST) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
