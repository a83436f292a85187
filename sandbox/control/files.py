"""Files as people see them."""

import mimetypes
from typing import Final

from aiohttp import web

from sandbox.control.common import world_of
from sandbox.control.routing import Route
from sandbox.downloads import send_file
from sandbox.errors import ControlError
from sandbox.model import StoredFile

_TYPES: Final = {
    "photo": "image/jpeg",
    "thumbnail": "image/jpeg",
    "sticker": "image/webp",
    "video_note": "video/mp4",
}


_GUARDED: Final = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}


def _file(request: web.Request) -> StoredFile:
    file = world_of(request).state.files.get(request.match_info["uid"])
    if file is None:
        raise ControlError("no such file", 404)
    return file


def content_type(file: StoredFile) -> str:
    named = mimetypes.guess_type(file.attrs.get("file_name") or "")[0]
    return file.attrs.get("mime_type") or named or _TYPES.get(file.kind, "application/octet-stream")


async def get_file(request: web.Request) -> web.StreamResponse:
    """The bytes under their own type; no script in them runs, for the chat page is served from here too."""
    file = _file(request)
    return await send_file(request, file, content_type(file), headers=_GUARDED)


async def get_thumbnail(request: web.Request) -> web.StreamResponse:
    """The thumbnail, or a photo's smallest size; 404 where there is neither."""
    files = world_of(request).state.files
    file = _file(request)
    small = file.thumb or (file.sizes[0] if file.sizes else None)
    if small is None:
        raise ControlError("no thumbnail", 404)
    return await send_file(request, files[small], "image/jpeg", headers=_GUARDED)


_ANY: Final = "application/octet-stream"
ROUTES: Final = [
    Route(
        method="GET",
        path="/control/files/{uid}",
        handler=get_file,
        summary="Download a file as a person; Range is supported",
        media=_ANY,
    ),
    Route(
        method="GET",
        path="/control/files/{uid}/thumbnail",
        handler=get_thumbnail,
        summary="Download its thumbnail",
        media="image/jpeg",
    ),
]
