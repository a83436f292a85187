"""Sending by path: a local Bot API server that sees our disk reads a part itself, and no bytes pass through HTTP.

The name of the file becomes that of the document, so each part is linked under its name into a directory beside the
spool while it is sent. A server that does not see it says so, which has no effect: then bytes are uploaded for a while.
"""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import structlog

log = structlog.get_logger(__name__)

_AWAY_SECONDS = 300.0


class SharedFiles:
    """The directory. It has to be on the file system of what is sent, and readable for the server."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._away_until = 0.0

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["SharedFiles"]:
        """Make it (0700), and remove what a killed process was sending."""
        await asyncio.to_thread(_emptied, self._root)
        yield self

    @asynccontextmanager
    async def offered(self, path: Path, name: str) -> AsyncIterator[str | None]:
        """The URI under which the server may read ``path`` as ``name``; None where it is to be uploaded."""
        if self._away_until > time.monotonic():
            yield None
            return
        place = self._root / uuid4().hex
        try:
            link = await asyncio.to_thread(_linked, path, place, name)
        except OSError as error:
            log.warning("part_not_linked", reason=str(error))
            link = None
        try:
            yield None if link is None else link.as_uri()
        finally:
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)

    def refused(self, description: str) -> None:
        """The server could not read what was offered."""
        log.warning("path_refused", description=description, seconds=_AWAY_SECONDS)
        self._away_until = time.monotonic() + _AWAY_SECONDS


def _emptied(root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(mode=0o700, parents=True)


def _linked(path: Path, place: Path, name: str) -> Path:
    place.mkdir(mode=0o700)
    os.link(path, place / name)
    return place / name
