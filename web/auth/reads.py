"""Which calls are looks at media, for the audit."""

from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web

from storage.domain import Caller
from web.deps import DEPS

_BY_END: Mapping[str, str] = MappingProxyType(
    {
        "/file": "bytes_read",
        "/preview": "preview_read",
        "/{media_id}": "media_read",
        "/media/request/{number}": "request_read",
        "/timeline": "request_read",
        "/media/search": "media_searched",
        "/media/batch": "media_listed",
    }
)
_BYTES = ("bytes_read", "preview_read")
_PLACE = "/requests/{number}/"


def note_read(request: web.Request, path: str, caller: Caller) -> None:
    """Note what was shown; calls that show no media are none of it. ``path`` is the route's."""
    action = _action(path)
    if action is None or (request.method == "HEAD" and action in _BYTES):
        return
    found = request.match_info
    media_id = found.get("media_id", "")
    request.app[DEPS].use_cases.audit.read(
        caller.owner,
        action,
        media_id=int(media_id) if media_id.isdecimal() else None,
        request_number=found.get("number"),
        query=request.query_string or None,
    )


def _action(path: str) -> str | None:
    if _PLACE in path:
        return "request_read"
    return next((action for end, action in _BY_END.items() if path.endswith(end)), None)
