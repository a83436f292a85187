"""What bench/RECOVERY.md says, in small: a machine burns, and its archive comes back from the channels."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.recovery import measure


@pytest.fixture
def directory() -> Iterator[Path]:
    """Open to the user that the embedded servers run as."""
    with tempfile.TemporaryDirectory(prefix="mediagate-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o711)
        yield Path(place)


async def test_a_burnt_machine_comes_back_from_its_backup_and_from_captions_alone(directory: Path) -> None:
    """Rows that nobody touched after the backup are the same row by row; media are the same to people in both ways,
    those after the backup included; what was deleted after it is deleted again.
    """
    figures = await measure(directory, 50)
    assert figures.backup_pieces > 1
    assert [(one.name, one.differing) for one in figures.tables if one.same != one.untouched] == []
    assert {"media", "parts", "attachments", "requests", "audit"} <= {one.name for one in figures.tables}
    for compared in (figures.restored, figures.recovered):
        assert compared["media"][0] > 40
        assert {name: pair for name, pair in compared.items() if pair[0] != pair[1]} == {}
    assert figures.deleted_since > 0
    assert figures.changed_since > 0
    assert figures.placeholders > 0
    assert figures.again == 0
