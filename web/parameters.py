"""Values from paths and queries, checked."""

from collections.abc import Collection

from aiohttp import web

from storage.domain import Category, MediaId
from storage.errors import InvalidFields, InvalidRequestNumber, MediaNotFound
from storage.request_numbers import InvalidRequestNumber as NotANumber
from storage.request_numbers import RequestNumber, parse_request_number

MOST_LISTED = 200
_DEFAULT_LISTED = 50
_LARGEST = 2**63 - 1


def media_id(request: web.Request) -> MediaId:
    """Raises `MediaNotFound` for anything that no media can have as its id."""
    text = request.match_info["media_id"]
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:20]) <= _LARGEST):
        raise MediaNotFound(media_id=text[:32])
    return MediaId(int(text))


def request_number(request: web.Request) -> RequestNumber:
    """Raises `InvalidRequestNumber`."""
    text = request.match_info["number"]
    try:
        return parse_request_number(text)
    except NotANumber as error:
        raise InvalidRequestNumber(value=text[:64]) from error


def only(request: web.Request, known: Collection[str]) -> None:
    """Raise `InvalidFields` that names every query parameter which is not ``known``, or comes twice."""
    query = request.query
    wrong = [(name[:100], f"is unknown here: use {', '.join(sorted(known))}") for name in query if name not in known]
    wrong += [(name, "is given more than once") for name in known if len(query.getall(name, [])) > 1]
    if wrong:
        raise InvalidFields(*dict.fromkeys(wrong))


def page(request: web.Request) -> tuple[int, int]:
    """``limit`` of at most 200 and ``offset``. Raises `InvalidFields`."""
    return _number(request, "limit", _DEFAULT_LISTED, 1, MOST_LISTED), _number(request, "offset", 0, 0, _LARGEST)


def category(request: web.Request) -> Category | None:
    """Raises `InvalidFields`."""
    text = request.query.get("category")
    if not text:
        return None
    try:
        return Category(text)
    except ValueError as error:
        raise InvalidFields(("category", f"must be one of {', '.join(Category)}")) from error


def _number(request: web.Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(_LARGEST)) else -1
    if not least <= number <= most:
        raise InvalidFields((name, f"must be a whole number from {least} to {most}"))
    return number
