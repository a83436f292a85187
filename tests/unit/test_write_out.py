"""The disk is asked to begin with what was written; the file is none the worse for it."""

import os
import sys
from pathlib import Path

import pytest

from storage import write_out
from storage.spool_writing import write_piece


def test_a_file_on_its_way_to_the_disk_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "part"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for piece in (b"a" * 5000, b"b" * 3, b"c" * 70_000):
        write_piece(fd, [piece], [], write_out.begin_write_out)
    os.close(fd)
    assert path.read_bytes() == b"a" * 5000 + b"b" * 3 + b"c" * 70_000


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has the call")
def test_linux_has_the_call() -> None:
    assert write_out._sync_file_range is not None


def test_where_it_cannot_be_asked_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither without the call nor where it fails, as for a descriptor that is none."""
    write_out.begin_write_out(-1)
    monkeypatch.setattr(write_out, "_sync_file_range", None)
    write_out.begin_write_out(-1)
