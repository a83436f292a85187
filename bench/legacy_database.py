"""A predecessor's database as years of use leave one: mostly in order, and in places every kind of mess."""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg

CHANNELS = {"requests": -1001000000001, "reports": -1001000000002, "archive": -1001000000003}

_SCHEMA = """
CREATE TABLE media_files (
    id bigserial PRIMARY KEY, telegram_channel_id bigint, telegram_message_id bigint, telegram_file_id text,
    telegram_file_unique_id text, file_type varchar(20), original_filename text, file_size bigint,
    mime_type varchar(255), title text, description text, caption text, request_number varchar(64),
    uploaded_by_user_id bigint, category varchar(50), subcategory varchar(100), tags text, auto_tags text,
    status varchar(20), is_public boolean, upload_source varchar(50), thumbnail_file_id text,
    uploaded_at timestamp, updated_at timestamp, archived_at timestamp
);
CREATE TABLE media_tags (
    id serial PRIMARY KEY, tag_name text, tag_category text, color text, is_system boolean, usage_count int
);
CREATE TABLE media_channels (
    id serial PRIMARY KEY, channel_name text, channel_id bigint, channel_username text, purpose text,
    is_active boolean, retention_days int
);
CREATE TABLE media_upload_sessions (
    id serial PRIMARY KEY, session_id text, request_number text, status text, created_at timestamp
);
"""
_COLUMNS = (
    "id", "telegram_channel_id", "telegram_message_id", "telegram_file_id", "telegram_file_unique_id", "file_type",
    "original_filename", "file_size", "mime_type", "title", "description", "caption", "request_number",
    "uploaded_by_user_id", "category", "subcategory", "tags", "auto_tags", "status", "is_public", "upload_source",
    "thumbnail_file_id", "uploaded_at", "updated_at", "archived_at",
)  # fmt: skip
_KINDS = (
    ("photo", "image/jpeg", "request_photo"),
    ("video", "video/mp4", "report_video"),
    ("document", "application/pdf", "completion_document"),
)
_WORDS = ("протечка", "труба", "подъезд", "suv", "quvur", "leak", "roof", "лифт", "дверь", "eshik")
_BEGAN = datetime(2023, 1, 1)  # noqa: DTZ001 -- as the predecessor wrote it, without a zone

Row = dict[str, Any]


def clean_row(number: int, chance: random.Random) -> Row:
    """A row with nothing wrong about it."""
    kind, mime, category = _KINDS[number % 3]
    at = _BEGAN + timedelta(minutes=number * 20)
    archived = number % 10 == 0
    return {
        "id": number,
        "telegram_channel_id": CHANNELS["archive" if archived else ("requests", "reports")[number % 2]],
        "telegram_message_id": 100 + number,
        "telegram_file_id": f"BQACAgIAAx{number:08d}",
        "telegram_file_unique_id": f"AgAD{number:08d}",
        "file_type": kind,
        "original_filename": None if kind == "photo" else f"{chance.choice(_WORDS)} {number}.{mime[-3:]}",
        "file_size": chance.randint(20_000, 15_000_000),
        "mime_type": mime,
        "title": None,
        "description": " ".join(chance.choices(_WORDS, k=6)),
        "caption": None,
        "request_number": f"{at:%y%m%d}-{number % 40 + 1:03d}",
        "uploaded_by_user_id": number % 900 + 1,
        "category": category,
        "subcategory": None,
        "tags": json.dumps(chance.sample(_WORDS, 2), ensure_ascii=False),
        "auto_tags": json.dumps([f"auto{number % 7}"]),
        "status": "archived" if archived else "active",
        "is_public": False,
        "upload_source": "api",
        "thumbnail_file_id": None,
        "uploaded_at": at,
        "updated_at": at,
        "archived_at": at + timedelta(days=30) if archived else None,
    }


def messes(number: int) -> Sequence[Row]:
    """What may be wrong with a row, one thing each."""
    return (
        {"status": "deleted"},
        {"tags": '["срочно", "leak"', "auto_tags": "not json"},
        {"tags": '[{"tag_name": "Roof"}, 7, null]', "auto_tags": '{"water": 0.9, "fire": false}'},
        {"request_number": "заявка 17/а"},
        {"request_number": "991399-001"},
        {"request_number": "250926-1"},
        {"uploaded_at": datetime(1970, 1, 1), "updated_at": None},  # noqa: DTZ001
        {"uploaded_at": datetime(9999, 12, 31)},  # noqa: DTZ001
        {"uploaded_at": None, "updated_at": None},
        {"title": "т" * 900, "description": "д" * 9000, "caption": "п" * 5000},
        {"category": "garage", "subcategory": "left door"},
        {"category": None, "subcategory": None, "file_type": None, "mime_type": None},
        {"file_type": "hologram", "mime_type": "nonsense"},
        {"file_size": None},
        {"file_size": 900_000_000},
        {"telegram_file_unique_id": "AgAD00000001"},
        {"telegram_message_id": 100 + number - 2},
        {"telegram_message_id": None},
        {"telegram_channel_id": None, "telegram_message_id": None, "telegram_file_id": None},
        {"original_filename": "../../" + "ж" * 400 + ".pdf"},
        {"uploaded_by_user_id": None, "is_public": None, "status": None},
        {"is_public": True},
        {"status": "frozen"},
        {"tags": json.dumps([f"tag{i}" for i in range(80)] + ["x" * 90])},
        {"tags": '["\\ud800half", "nul\\u0000"]'},
    )


def rows(count: int, *, messy_every: int) -> Iterator[Row]:
    """``count`` rows; of each ``messy_every`` one has something wrong about it, each kind in turn."""
    chance = random.Random(250_926)
    for number in range(1, count + 1):
        row = clean_row(number, chance)
        if number % messy_every == 0:
            faults = messes(number)
            row |= faults[number // messy_every % len(faults)]
        yield row


async def make(connection: "asyncpg.Connection[Any]", count: int, *, messy_every: int = 20) -> None:
    """The predecessor's four tables with ``count`` files. In constant memory."""
    await connection.execute(_SCHEMA)
    records = (tuple(row[name] for name in _COLUMNS) for row in rows(count, messy_every=messy_every))
    await connection.copy_records_to_table("media_files", records=records, columns=_COLUMNS)
    await connection.executemany(
        "INSERT INTO media_tags (tag_name, usage_count) VALUES ($1, $2)", [(word, 1) for word in _WORDS]
    )
    await connection.executemany(
        "INSERT INTO media_channels (channel_name, channel_id, purpose, is_active, retention_days)"
        " VALUES ($1, $2, $1, true, 365)",
        [*CHANNELS.items()],
    )
    await connection.executemany(
        "INSERT INTO media_upload_sessions (session_id, status, created_at) VALUES ($1, $2, $3)",
        [("one", "completed", _BEGAN), ("two", "uploading", _BEGAN)],
    )
