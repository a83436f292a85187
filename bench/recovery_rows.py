"""Comparing the index before and after: every table row by row, and media by what they are to people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from storage.database import Sessions
from storage.domain import GONE
from storage.tables import Attachment, Media, Part, Table

_OF_A_PROCESS = {
    *("nodes", "presence", "bots", "lanes", "bot_budgets", "intents", "engine_events", "alerts", "alert_messages"),
    *("channel_readings", "found_messages", "backups", "backup_pieces", "verify_runs", "part_checks", "channels"),
    *("uploads", "idempotency_keys", "inbox_updates", "stray_messages", "channel_checks", "part_copies"),
}
"""Tables of what a process has in hand, or learnt, and those that a restore itself writes."""

_DERIVED = {"search", "captions_due", "caption_wanted", "caption_sent"}
"""Columns that the sweep makes from others."""

Rows = Mapping[str, Mapping[str, str]]


async def snapshot(sessions: Sessions) -> Rows:
    """Every row of every table, by primary key."""
    found: dict[str, dict[str, str]] = {}
    async with sessions.begin() as session:
        for table in sorted(Table.metadata.sorted_tables, key=lambda one: one.name):
            if table.name in _OF_A_PROCESS:
                continue
            columns = [column for column in table.columns if column.name not in _DERIVED]
            keys = [column.name for column in table.primary_key]
            rows = (await session.execute(select(*columns))).mappings().all()
            found[table.name] = {
                json.dumps([str(row[key]) for key in keys]): json.dumps(dict(row), default=str, sort_keys=True)
                for row in rows
            }
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class TableFigures:
    """Rows that nobody touched after the backup, and how many of them are the same now; ``differing`` shows some."""

    name: str
    untouched: int
    same: int
    differing: Sequence[tuple[str, str]]


def compare_tables(at_backup: Rows, at_loss: Rows, now: Rows) -> list[TableFigures]:
    """Of every table that has rows."""
    figures = []
    for name, before in at_backup.items():
        untouched = {key: row for key, row in before.items() if at_loss[name].get(key) == row}
        wrong = [(row, now[name].get(key, "-")) for key, row in untouched.items() if now[name].get(key) != row]
        if untouched:
            same = len(untouched) - len(wrong)
            figures.append(TableFigures(name=name, untouched=len(untouched), same=same, differing=wrong[:3]))
    return figures


Told = Mapping[str, Any]


async def told_media(sessions: Sessions) -> dict[str, Told]:
    """Each media that is not deleted, by key, as captions tell of it."""
    async with sessions.begin() as session:
        media = (await session.scalars(select(Media).where(Media.status.not_in(GONE)))).all()
        numbers: dict[int, list[str]] = {}
        for number, media_id in await session.execute(select(Attachment.request_number, Attachment.media_id)):
            numbers.setdefault(media_id, []).append(number)
        parts: dict[str, list[Any]] = {}
        for part in await session.scalars(select(Part).order_by(Part.media_key, Part.index)):
            digest = None if part.sha256 is None else part.sha256.hex()
            row = (part.index, part.offset, part.size, digest, part.chat_id, part.message_id)
            parts.setdefault(part.media_key.hex, []).append(row)
    return {
        one.key.hex: {
            "filename": one.filename,
            "size": one.file_size,
            "sha256": None if one.sha256 is None else one.sha256.hex(),
            "content type": one.content_type,
            "kind": one.file_type.value,
            "category": one.category.value,
            "status": one.status.value,
            "owner": one.owner,
            "uploaded at, to the minute": f"{one.uploaded_at:%Y-%m-%d %H:%M}",
            "description": one.description,
            "tags": sorted(one.tags),
            "requests": sorted(numbers.get(one.id, [])),
            "parts": parts.get(one.key.hex, []),
        }
        for one in media
    }


def compare_media(before: Mapping[str, Told], now: Mapping[str, Told]) -> dict[str, tuple[int, int]]:
    """By what is told: of how many media, and for how many of them it is the same; ``media`` counts the media."""
    both = before.keys() & now.keys()
    figures = {"media": (len(before), len(both)), "none too many": (len(now), len(both))}
    names = next(iter(before.values())).keys() if before else ()
    for name in names:
        figures[name] = (len(both), sum(before[key][name] == now[key][name] for key in both))
    return figures
