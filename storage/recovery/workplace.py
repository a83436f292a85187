"""A directory that one process at a time works in, and that is empty before and after."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.recovery.errors import BackupRunning


@contextmanager
def workplace(place: Path) -> Iterator[Path]:
    """Yield ``place``, empty and private; nothing of it stays. Raises `BackupRunning` where somebody else is in it.

    The kernel lets go of the lock, which is a file beside it, however its holder ends.
    """
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(place.with_name(f"{place.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRunning from None
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700)
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
    finally:
        os.close(descriptor)
