"""What may be wrong with a mirror, and with a file in it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum


class Trouble(StrEnum):
    """Why the mirror cannot be used now. ``HELP`` says how each is mended."""

    MISSING = "missing"
    FOREIGN = "foreign"
    NOT_EMPTY = "not_empty"
    WRONG_KEY = "wrong_key"
    FULL = "full"
    READ_ONLY = "read_only"
    SLOW = "slow"
    FAILED = "failed"


HELP = {
    Trouble.MISSING: "its marker file is not there: is the disk mounted? For a new directory: mediagate mirror init",
    Trouble.FOREIGN: "its marker file is another mirror's: is the right disk mounted? To change: mediagate mirror init",
    Trouble.NOT_EMPTY: "it holds files and no marker file: choose an empty directory",
    Trouble.WRONG_KEY: "its files were written with another MEDIAGATE_MIRROR_KEY, or with none",
    Trouble.FULL: "its disk is full: make room, and the rest is written by itself",
    Trouble.READ_ONLY: "it cannot be written: mount it writable, or give the process the right to",
    Trouble.SLOW: "its disk does not answer in time",
    Trouble.FAILED: "its disk reports errors: see the log",
}

_OF_ERRNO = {
    errno.ENOSPC: Trouble.FULL,
    errno.EDQUOT: Trouble.FULL,
    errno.EROFS: Trouble.READ_ONLY,
    errno.EACCES: Trouble.READ_ONLY,
    errno.EPERM: Trouble.READ_ONLY,
    errno.ENOENT: Trouble.MISSING,
    errno.ENOTDIR: Trouble.MISSING,
}


class MirrorTrouble(Exception):
    """The mirror as a whole cannot be used."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        super().__init__(trouble.value if not detail else f"{trouble.value}: {detail}")
        self.trouble = trouble


class FileWrong(Exception):
    """One file is not what it should be: ``missing``, of another ``size``, ``broken`` or of another ``digest``."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raise `MirrorTrouble` for what the disk says."""
    try:
        yield
    except OSError as error:
        raise MirrorTrouble(_OF_ERRNO.get(error.errno or 0, Trouble.FAILED), error.strerror or "") from error
