"""Reading a local file in pieces without blocking the event loop, for what is not in our spool."""

import asyncio
import os
from collections.abc import AsyncIterator

_PIECE = 512 * 1024


async def read_file(path: str, offset: int, length: int) -> AsyncIterator[bytes]:
    """Yield up to ``length`` bytes of ``path`` from ``offset`` on."""
    fd = await asyncio.to_thread(os.open, path, os.O_RDONLY)
    try:
        while length > 0 and (data := await asyncio.to_thread(os.pread, fd, min(_PIECE, length), offset)):
            offset += len(data)
            length -= len(data)
            yield data
    finally:
        os.close(fd)
