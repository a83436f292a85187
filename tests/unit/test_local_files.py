"""Files that a local Bot API server has on our disk: cleaned away, or shorter than they should be."""

import time
from pathlib import Path
from typing import Any, cast

import pytest

from storage.errors import OutcomeUnknown
from storage.telegram.files import FileReader


def reader(path: Path) -> FileReader:
    """One that was told the path a moment ago."""
    nobody = cast("Any", None)
    made = FileReader(nobody, nobody, local=True)
    made._paths["file"] = (str(path), time.monotonic() + 3600)
    return made


async def read(one: FileReader, length: int) -> bytes:
    async with one.open("file", 0, length) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def test_a_file_that_was_cleaned_away_is_asked_for_again(tmp_path: Path) -> None:
    one = reader(tmp_path / "gone")
    with pytest.raises(OutcomeUnknown):
        await read(one, 4)
    assert "file" not in one._paths


async def test_a_file_that_ends_early_is_no_whole_file(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"abc")
    with pytest.raises(OutcomeUnknown):
        await read(reader(tmp_path / "there"), 4)
    assert await read(reader(tmp_path / "there"), 3) == b"abc"
