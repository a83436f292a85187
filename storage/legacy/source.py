"""Reading the predecessor's database, and nothing but reading.

Every value is fetched as text, so that whatever types its columns have by now come in one form; columns that a version
of it did not have are null. Rows come in the order of their ids, a batch per statement: no transaction stays open, and
memory does not depend on how many there are.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

FILES, TAGS, CHANNELS, SESSIONS = "media_files", "media_tags", "media_channels", "media_upload_sessions"
FILE_COLUMNS = (
    "id",
    "telegram_channel_id",
    "telegram_message_id",
    "telegram_file_id",
    "telegram_file_unique_id",
    "file_type",
    "original_filename",
    "file_size",
    "mime_type",
    "title",
    "description",
    "caption",
    "request_number",
    "uploaded_by_user_id",
    "category",
    "subcategory",
    "tags",
    "auto_tags",
    "status",
    "is_public",
    "upload_source",
    "thumbnail_file_id",
    "uploaded_at",
    "updated_at",
    "archived_at",
)
_CHANNEL_COLUMNS = ("channel_name", "channel_id", "channel_username", "purpose", "is_active", "retention_days")
_SESSION_COLUMNS = ("id", "session_id", "request_number", "status", "created_at")
_NEEDED = frozenset({"id", "telegram_channel_id", "telegram_message_id", "telegram_file_id"})
_ENDED = ("completed", "complete", "done", "finished", "success", "cancelled", "canceled", "failed", "expired")
_UNREADABLE = (asyncpg.DataError, asyncpg.InternalServerError, asyncpg.exceptions.DataCorruptedError)
_LISTED_SESSIONS = 100

Row = Mapping[str, str | None]


class LegacyUnreadable(Exception):
    """The old database cannot be read as one; the text is for the operator."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LegacyChannel:
    """A channel of the predecessor's, by its own words; ``files`` are the rows, not deleted, that are in it."""

    chat_id: int
    name: str | None
    purpose: str | None
    active: bool
    retention_days: int | None
    files: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """The rows with ids above ``after``, in order. ``lost`` are ids whose row the database cannot give."""

    rows: Sequence[Row]
    lost: Sequence[int]
    after: int
    last_id: int


class LegacySource:
    """The predecessor's tables. Opened by `open_source`."""

    def __init__(self, connection: "asyncpg.Connection[Any]", columns: Mapping[str, frozenset[str]]) -> None:
        self._connection = connection
        self._columns = columns

    async def count(self) -> int:
        return int(await self._connection.fetchval(f"SELECT count(*) FROM {FILES}"))  # noqa: S608 -- a constant

    async def greatest_id(self) -> int:
        """0 where there is nothing. Raises `LegacyUnreadable` for ids that are no whole numbers."""
        greatest = await self._connection.fetchval(f"SELECT max(id) FROM {FILES}")  # noqa: S608 -- a constant
        if greatest is not None and not isinstance(greatest, int):
            raise LegacyUnreadable(f"{FILES}.id is not a whole number: such ids cannot be kept")
        return greatest or 0

    async def batches(self, size: int) -> AsyncIterator[Batch]:
        after = -(2**63)
        while (batch := await self._batch(after, size)) is not None:
            yield batch
            after = batch.last_id

    async def _batch(self, after: int, size: int) -> Batch | None:
        query = f"SELECT {self._listed(FILES, FILE_COLUMNS)} FROM {FILES} WHERE id > $1 ORDER BY {FILES}.id LIMIT $2"  # noqa: S608 -- constants
        try:
            rows = [dict(row) for row in await self._connection.fetch(query, after, size)]
        except (*_UNREADABLE, UnicodeDecodeError):
            return await self._one_by_one(after, size)
        if not rows:
            return None
        return Batch(rows=rows, lost=(), after=after, last_id=int(rows[-1]["id"] or 0))

    async def _one_by_one(self, after: int, size: int) -> Batch:
        """Some row of the batch breaks the whole statement: find out which."""
        ids_query = f"SELECT id FROM {FILES} WHERE id > $1 ORDER BY {FILES}.id LIMIT $2"  # noqa: S608 -- constants
        ids = [row["id"] for row in await self._connection.fetch(ids_query, after, size)]
        query = f"SELECT {self._listed(FILES, FILE_COLUMNS)} FROM {FILES} WHERE id = $1"  # noqa: S608 -- constants
        rows: list[Row] = []
        lost = []
        for one in ids:
            try:
                row = await self._connection.fetchrow(query, one)
            except (*_UNREADABLE, UnicodeDecodeError):
                lost.append(one)
            else:
                rows += [] if row is None else [dict(row)]
        return Batch(rows=rows, lost=lost, after=after, last_id=ids[-1])

    async def channels(self) -> list[LegacyChannel]:
        """Those of its book, and those that only files name."""
        counted = await self._connection.fetch(
            f"SELECT telegram_channel_id::text AS id, count(*) AS files FROM {FILES}"  # noqa: S608 -- constants
            f" WHERE {self._not_deleted()} AND telegram_channel_id IS NOT NULL GROUP BY 1 ORDER BY 2 DESC"
        )
        files = {chat_id: row["files"] for row in counted if (chat_id := chat_id_of(row["id"])) is not None}
        booked = [_channel(row, files) for row in await self._rows(CHANNELS, _CHANNEL_COLUMNS)]
        known = [channel for channel in booked if channel is not None]
        missing = files.keys() - {channel.chat_id for channel in known}
        return known + [
            LegacyChannel(chat_id=one, name=None, purpose=None, active=False, retention_days=None, files=files[one])
            for one in sorted(missing)
        ]

    async def tags(self) -> int:
        """How many tags its book has."""
        if not self._columns[TAGS]:
            return 0
        return int(await self._connection.fetchval(f"SELECT count(*) FROM {TAGS}"))  # noqa: S608 -- a constant

    async def unfinished_sessions(self) -> tuple[int, list[Row]]:
        """How many uploads were never finished, and the first of them."""
        if "status" not in self._columns[SESSIONS]:
            return 0, []
        rows = [
            row
            for row in await self._rows(SESSIONS, _SESSION_COLUMNS)
            if (row["status"] or "").strip().lower() not in _ENDED
        ]
        return len(rows), rows[:_LISTED_SESSIONS]

    async def _rows(self, table: str, columns: Sequence[str]) -> list[Row]:
        if not self._columns[table]:
            return []
        query = f"SELECT {self._listed(table, columns)} FROM {table}"  # noqa: S608 -- constants
        return [dict(row) for row in await self._connection.fetch(query)]

    def _not_deleted(self) -> str:
        return "lower(status::text) IS DISTINCT FROM 'deleted'" if "status" in self._columns[FILES] else "true"

    def _listed(self, table: str, columns: Sequence[str]) -> str:
        there = self._columns[table]
        return ", ".join(f"{name}::text AS {name}" if name in there else f"NULL AS {name}" for name in columns)


@asynccontextmanager
async def open_source(url: str) -> AsyncIterator[LegacySource]:
    """Connect to the predecessor's database (``postgresql://…``), in a session that cannot write.

    Raises `LegacyUnreadable`, without the address's password, where it cannot be reached or has no such tables.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise LegacyUnreadable("that is no database address, such as postgresql://user:password@host/name") from error
    if address.get_backend_name() not in ("postgresql", "postgres"):
        raise LegacyUnreadable(f"the old database has to be PostgreSQL, not {address.get_backend_name()}")
    dsn = address.set(drivername="postgresql").render_as_string(hide_password=False)
    settings = {"timezone": "UTC", "datestyle": "ISO, YMD", "default_transaction_read_only": "on"}
    try:
        connection = await asyncpg.connect(dsn, server_settings=settings, timeout=30)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise LegacyUnreadable(f"the old database cannot be reached: {type(error).__name__}: {error}") from error
    try:
        yield LegacySource(connection, await _columns(connection))
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, ConnectionError) as error:
        raise LegacyUnreadable("the connection to the old database broke; run the import again") from error
    finally:
        await connection.close(timeout=10)


async def _columns(connection: "asyncpg.Connection[Any]") -> dict[str, frozenset[str]]:
    """The columns that are there, by table. Raises `LegacyUnreadable` where files could not be found by them."""
    rows = await connection.fetch(
        "SELECT c.relname AS table, a.attname AS column FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " WHERE pg_table_is_visible(c.oid) AND a.attnum > 0 AND NOT a.attisdropped AND c.relname = ANY($1)",
        [FILES, TAGS, CHANNELS, SESSIONS],
    )
    found = {
        table: frozenset(row["column"] for row in rows if row["table"] == table)
        for table in (FILES, TAGS, CHANNELS, SESSIONS)
    }
    if not found[FILES]:
        raise LegacyUnreadable(f"there is no table {FILES}: is that the predecessor's database?")
    if missing := sorted(_NEEDED - found[FILES]):
        raise LegacyUnreadable(f"{FILES} lacks what files are found by: {', '.join(missing)}")
    return found


def chat_id_of(text: str | None) -> int | None:
    """A channel's id as the Bot API has it. Old clients kept it without its ``-100``."""
    try:
        number = int((text or "").strip())
    except ValueError:
        return None
    if number > 0:
        number = int(f"-100{number}")
    return number if -(2**63) < number < 0 else None


def _channel(row: Row, files: Mapping[int, int]) -> LegacyChannel | None:
    chat_id = chat_id_of(row["channel_id"])
    if chat_id is None:
        return None
    days = (row["retention_days"] or "").strip()
    return LegacyChannel(
        chat_id=chat_id,
        name=row["channel_name"],
        purpose=(row["purpose"] or "").strip().lower() or None,
        active=row["is_active"] != "false",
        retention_days=int(days) if days.isdecimal() and 0 < int(days) < 36_500 else None,  # noqa: PLR2004 -- a century
        files=files.get(chat_id, 0),
    )
