"""Files as people see them."""

import mimetypes
from typing import Final

from aiohttp import web

from sandbox.control.common import world_of
from sandbox.downloads import send_file
from sandbox.errors import ControlError
from sandbox.model import StoredFile

_TYPES: Final = {
    "photo": "image/jpeg",
    "thumbnail": "image/jpeg",
    "sticker": "image/webp",
    "video_note": "video/mp4",
}


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
    headers = {"Content-Security-Policy": "script-src 'none'", "X-Content-Type-Options": "nosniff"}
    return await send_file(request, file, content_type(file), headers=headers)


async def get_thumbnail(request: web.Request) -> web.StreamResponse:
    """The thumbnail, or a photo's smallest size; 404 where there is neither."""
    files = world_of(request).state.files
    file = _file(request)
    small = file.thumb or (file.sizes[0] if file.sizes else None)
    if small is None:
        raise ControlError("no thumbnail", 404)
    return await send_file(request, files[small], "image/jpeg")


ROUTES: Final = [
    web.get("/control/files/{uid}", get_file),
    web.get("/control/files/{uid}/thumbnail", get_thumbnail),
]
