"""What becomes of each of the predecessor's columns, as `docs/LEGACY.md` says."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.legacy.mapping import Mapped, Rules, mapped
from storage.legacy.source import FILE_COLUMNS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "LEGACY.md").read_text("utf-8")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
RULES = Rules(now=NOW, fetch_limit=None, bot_id=5)
ROW: Mapping[str, str] = {
    "id": "17",
    "telegram_channel_id": "-1001",
    "telegram_message_id": "903",
    "telegram_file_id": "file",
    "telegram_file_unique_id": "unique",
    "file_type": "photo",
    "original_filename": "leak.jpg",
    "file_size": "100",
    "mime_type": "image/jpeg",
    "title": "Title",
    "description": "Words",
    "caption": "Caption",
    "request_number": "250926-001",
    "uploaded_by_user_id": "42",
    "category": "request_photo",
    "subcategory": "kitchen",
    "tags": '["urgent"]',
    "auto_tags": '["water"]',
    "status": "archived",
    "is_public": "false",
    "upload_source": "telegram",
    "thumbnail_file_id": "small",
    "uploaded_at": "2025-09-26T10:00:00",
    "updated_at": "2025-09-27T10:00:00",
    "archived_at": "2025-09-28T10:00:00",
}
OTHER: Mapping[str, str] = {
    "id": "18",
    "telegram_channel_id": "-1002",
    "telegram_message_id": "904",
    "file_type": "video",
    "file_size": "101",
    "mime_type": "image/png",
    "request_number": "250926-002",
    "uploaded_by_user_id": "43",
    "category": "report_photo",
    "tags": '["roof"]',
    "auto_tags": '["roof"]',
    "status": "active",
    "is_public": "true",
    "uploaded_at": "2025-09-26T11:00:00",
    "updated_at": "2025-09-27T11:00:00",
    "archived_at": "2025-09-28T11:00:00",
}
"""Another value of each column; where none stands, any text will do."""

SPECIFIED = {
    "media_files": FILE_COLUMNS,
    "media_tags": ("tag_name", "tag_category", "color", "is_system", "usage_count"),
    "media_channels": (
        "channel_name",
        "channel_id",
        "channel_username",
        "purpose",
        "is_active",
        "retention_days",
    ),
}


def said_of(table: str) -> dict[str, str]:
    """Its columns with what the document says of each in a word."""
    section = DOCUMENT.partition(f"**`{table}`**")[2].partition("\n**")[0]
    return dict(re.findall(r"^\| ([a-z_]+) \| ([a-z ]+) \|", section, re.MULTILINE)[1:])


def seen(row: Mapped) -> object:
    """All that follows from a row, but for what tells that it changed."""
    return row.id, row.words, row.content, row.notes, row.public


@pytest.mark.parametrize("table", SPECIFIED)
def test_every_column_is_kept_or_said_to_be_left_out(table: str) -> None:
    said = said_of(table)
    assert tuple(said) == SPECIFIED[table]
    assert set(said.values()) <= {"kept", "counted", "shown", "left out"}


@pytest.mark.parametrize("column", FILE_COLUMNS)
def test_what_is_kept_makes_a_difference_and_what_is_left_out_makes_none(column: str) -> None:
    changed = mapped({**ROW, column: OTHER.get(column, "another")}, RULES)
    whole = mapped(ROW, RULES)
    assert whole.words is not None
    assert not whole.notes
    assert (seen(changed) != seen(whole)) == (said_of("media_files")[column] != "left out")
    assert changed.digest != whole.digest or column == "id", "a second run sees it all the same"
