"""Have the system begin to write a file to the disk, long before somebody waits for that.

It keeps what is written in memory for many seconds, so an ``fsync`` finds all of it still to be done. Linux alone can
be asked to begin (sync_file_range(2)); Python has no call for it. This promises nothing: ``fsync`` still does.
"""

import ctypes
from collections.abc import Callable

_SYNC_FILE_RANGE_WRITE = 2


def _find() -> Callable[[int, int, int, int], int] | None:
    try:
        function = ctypes.CDLL(None).sync_file_range
    except (AttributeError, OSError, TypeError):  # not Linux, or no C library to be asked
        return None
    function.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    return function


_sync_file_range = _find()


def begin_write_out(fd: int) -> None:
    """In a thread: what was written into the file is on its way to the disk. It waits only where its queue is full.

    An error is passed over: a disk that cannot write tells it at the ``fsync``.
    """
    if _sync_file_range is not None:
        _sync_file_range(fd, 0, 0, _SYNC_FILE_RANGE_WRITE)
