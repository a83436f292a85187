"""Values from paths, checked."""

from aiohttp import web

from storage.domain import MediaId
from storage.errors import InvalidRequestNumber, MediaNotFound
from storage.request_numbers import InvalidRequestNumber as NotANumber
from storage.request_numbers import RequestNumber, parse_request_number
from web.deps import DEPS

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


async def current_number(request: web.Request) -> RequestNumber:
    """The number that the path's request has now, where it was renamed or merged. Raises `InvalidRequestNumber`."""
    return await request.app[DEPS].use_cases.work_orders.gate.current(request_number(request))
