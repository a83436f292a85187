"""One process serves one DATA_DIR: a file lock that the kernel lets go of when its holder ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DataDirInUse(Exception):
    """Another process, ``pid`` (None where unknown), serves ``directory``."""

    def __init__(self, directory: Path, pid: int | None) -> None:
        self.directory = directory
        self.pid = pid
        who = f"process {pid}" if pid else "another process"
        super().__init__(f"{directory} is in use by {who}: stop it first, or set MEDIAGATE_DATA_DIR")


@contextmanager
def process_lock(data_dir: Path) -> Iterator[None]:
    """Hold ``data_dir/lock``; the directory must exist. Raises DataDirInUse where another holds it.

    The file stays when the lock is let go: removing it would let two processes lock two files of one name.
    """
    descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataDirInUse(data_dir, _pid_in(descriptor)) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def _pid_in(descriptor: int) -> int | None:
    text = os.read(descriptor, 32).strip()
    return int(text) if text.isdigit() else None
