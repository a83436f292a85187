"""The pages of this door: files beside this module, read once, and served by name; nothing else can be asked for."""

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from aiohttp import web

TYPES: Mapping[str, str] = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


def page_headers(policy: str) -> Mapping[str, str]:
    """The headers of a page and its files. ``policy``: what it may load besides scripts, styles and answers of ours."""
    return {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": (
            f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; {policy}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",  # a file input opens the camera without it
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


class PageFiles:
    """What a page consists of: the files of a folder beside this module."""

    def __init__(self, folder: str, headers: Mapping[str, str]) -> None:
        self._root = Path(__file__).parent / folder
        self._headers = headers

    def answer(self, request: web.Request, name: str) -> web.Response:
        """The file ``name`` (with ``/`` between folders). Raises aiohttp's 404."""
        body = self._contents.get(name)
        if body is None:
            raise web.HTTPNotFound
        headers = {**self._headers, "ETag": f'"{sha256(body).hexdigest()[:16]}"'}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type=TYPES[Path(name).suffix], charset="utf-8", headers=headers)

    @cached_property
    def _contents(self) -> Mapping[str, bytes]:
        found = (path for path in self._root.rglob("*") if path.suffix in TYPES)
        return {path.relative_to(self._root).as_posix(): path.read_bytes() for path in found}
