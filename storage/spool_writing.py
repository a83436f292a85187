"""What threads do to write a file of the spool."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path


def write_piece(
    fd: int,
    chunks: Sequence[bytes | memoryview],
    hashes: Sequence[Callable[[memoryview], None]],
    then: Callable[[int], None] | None = None,
) -> None:
    """In a thread, by `Spool.run`: append ``chunks``, feed each to ``hashes``, ``then`` do more with the file."""
    views = [memoryview(chunk) for chunk in chunks]
    for view in views:
        for update in hashes:
            update(view)
    while views:
        written = os.writev(fd, views)
        while views and written >= len(views[0]):
            written -= len(views.pop(0))
        if written:
            views[0] = views[0][written:]
    if then is not None:
        then(fd)


def write_part(
    path: Path, chunks: Sequence[bytes | memoryview], hashes: Sequence[Callable[[memoryview], None]]
) -> None:
    """`write_piece` of a part that is one piece, and `Spool.sync`: one hand-over to a thread instead of three."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        write_piece(fd, chunks, hashes, os.fsync)
    finally:
        os.close(fd)
    fsync(path.parent, os.O_RDONLY | os.O_DIRECTORY)


def fsync(path: Path, flags: int) -> None:
    """In a thread: have what is there on the disk; ``flags`` are those to open it by."""
    fd = os.open(path, flags)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
