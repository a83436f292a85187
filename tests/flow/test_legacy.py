"""Moving over: the predecessor's database comes in whole, twice changes nothing, and whatever is wrong is listed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random
from typing import Any, TypeAlias
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url

from bench.legacy_database import clean_row, make, messes
from storage.catalog.reading import Reading
from storage.clock import SystemClock
from storage.database import Sessions
from storage.domain import Caller, Category, FileType, Inspection, MediaStatus, PartState, Purpose, Scope
from storage.errors import MediaDeleted
from storage.legacy.importing import Importing, Options
from storage.legacy.mapping import Rules
from storage.legacy.planning import Fate
from storage.legacy.report import Listed, Report
from storage.legacy.source import LegacyUnreadable, open_source
from storage.legacy.writing import Writer
from storage.tables import Attachment, FileRef, LegacyFile, Media, Part

BOT = 42
MIB = 1024 * 1024
ADMIN = Caller.service("test", frozenset(Scope))
Legacy: TypeAlias = "asyncpg.Connection[Any]"


@pytest.fixture
async def legacy_url(database_url: str) -> str:
    """A schema of its own, where a database of its own would take every test another second to make and to drop."""
    plain = make_url(database_url).set(drivername="postgresql")
    server = await asyncpg.connect(plain.render_as_string(hide_password=False))
    await server.execute("CREATE SCHEMA legacy")
    await server.close()
    return plain.update_query_dict({"search_path": "legacy"}).render_as_string(hide_password=False)


@pytest.fixture
async def legacy(legacy_url: str) -> AsyncIterator[Legacy]:
    connection = await asyncpg.connect(legacy_url)
    yield connection
    await connection.close()


class Move:
    """Imports as the command does."""

    def __init__(self, sessions: Sessions, url: str) -> None:
        self.sessions, self.url = sessions, url
        self.listed: list[Listed] = []

    async def __call__(self, *, bot_id: int | None = BOT, batch: int = 300, **options: Any) -> Report:
        self.listed.clear()
        retention = options.pop("retention", {})
        rules = Rules(now=datetime.now(UTC), fetch_limit=20 * MIB, bot_id=bot_id, retention=retention)
        importing = Importing(
            sessions=self.sessions,
            clock=SystemClock(),
            rules=rules,
            writer=Writer(node="here", bot_id=bot_id, actor="cli"),
            actor="cli",
            listing=self.listed.extend,
        )
        async with open_source(self.url) as source:
            return await importing.run(source, Options(batch=batch, **options))

    def codes(self, row_id: int) -> set[str]:
        return {note.code for one in self.listed if one.id == row_id for note in one.notes}


@pytest.fixture
def move(sessions: Sessions, legacy_url: str) -> Move:
    return Move(sessions, legacy_url)


async def media(sessions: Sessions, media_id: int) -> Media:
    async with sessions.begin() as session:
        return await session.get_one(Media, media_id)


async def part(sessions: Sessions, media_id: int) -> Part:
    async with sessions.begin() as session:
        return (await session.scalars(select(Part).where(Part.media_id == media_id))).one()


async def contents(sessions: Sessions) -> list[Any]:
    """Everything an import writes, as text."""
    queries = [
        f"SELECT t::text FROM {table} t ORDER BY 1"
        for table in ("media", "parts", "file_refs", "attachments", "requests", "legacy_files", "audit")
    ]
    async with sessions.begin() as session:
        return [(await session.scalars(text(query))).all() for query in queries]


async def test_a_messy_database_comes_in_whole_and_a_second_time_changes_nothing(
    move: Move, legacy: Legacy, sessions: Sessions
) -> None:
    await make(legacy, 2000, messy_every=8)

    first = await move()
    before = await contents(sessions)
    listed = list(move.listed)
    second = await move()

    assert await contents(sessions) == before
    assert first.read == second.read == 2000
    assert first.fates[Fate.ADDED] + first.fates[Fate.REFUSED] == 2000
    assert second.fates == {Fate.UNCHANGED: first.fates[Fate.ADDED], Fate.REFUSED: first.fates[Fate.REFUSED]}
    assert first.fates[Fate.REFUSED] == 10, "only what has neither a message nor a file id"
    assert move.listed == listed, "what is wrong is listed each time"
    assert first.notes == second.notes
    assert (first.tags, first.unfinished) == (10, 1)
    async with sessions.begin() as session:
        kept = await session.scalar(select(func.count()).select_from(Media))
        next_id = await session.scalar(text("SELECT nextval(pg_get_serial_sequence('media', 'id'))"))
    assert kept == first.fates[Fate.ADDED]
    assert next_id is not None
    assert next_id > 2000, "what comes in now gets an id that the predecessor never gave"


@pytest.fixture
async def zoo(legacy: Legacy) -> dict[int, int]:
    """One row of each mess: where it is in `messes` → its id."""
    await make(legacy, 26, messy_every=1)
    return {number % len(messes(number)): number for number in range(1, 26)}


async def test_each_mess_is_mended_or_kept_and_noted(move: Move, zoo: dict[int, int], sessions: Sessions) -> None:
    report = await move()
    assert report.fates[Fate.REFUSED] == 1

    deleted, broken_json, odd_json = [await media(sessions, zoo[kind]) for kind in (0, 1, 2)]
    assert (deleted.status, deleted.filename, deleted.description) == (MediaStatus.DELETED, "deleted", None)
    with pytest.raises(MediaDeleted):
        await Reading(sessions).media(ADMIN, deleted.id)
    assert broken_json.tags == ["срочно", "leak", "not json"]
    assert odd_json.tags == ["roof", "7", "water"]
    assert move.codes(zoo[1]) == {"tags_mended"}
    for kind, words in ((3, "№ заявка 17/а"), (4, "№ 991399-001")):
        assert words in ((await media(sessions, zoo[kind])).description or ""), "an invalid number is not lost"
        assert move.codes(zoo[kind]) == {"request_number_invalid"}
    async with sessions.begin() as session:
        number = await session.scalar(select(Attachment.request_number).where(Attachment.media_id == zoo[5]))
    assert number == "250926-001", "a number as people write it is read"
    for kind in (6, 7, 8):
        assert move.codes(zoo[kind]) == {"date_unknown"}
        assert 2020 < (await media(sessions, zoo[kind])).uploaded_at.year < 2100
    long = await media(sessions, zoo[9])
    assert len(long.description or "") == 2000
    assert any(
        note.value and len(note.value) > 14_000 for one in move.listed if one.id == long.id for note in one.notes
    )
    assert {"garage", "left door"} <= set((await media(sessions, zoo[10])).tags)
    assert (await media(sessions, zoo[11])).category is Category.REQUEST_DOCUMENT
    assert move.codes(zoo[12]) == {"type_unknown"}
    for kind, code in ((13, "size_unknown"), (14, "telegram_only")):
        assert (await media(sessions, zoo[kind])).inspection is Inspection.IMPOSSIBLE
        assert code in move.codes(zoo[kind])
    assert move.codes(zoo[18]) == {"no_place"}
    name = (await media(sessions, zoo[19])).filename
    assert len(name.encode()) <= 255
    assert name.endswith(".pdf")
    assert (await media(sessions, zoo[20])).owner == "service:legacy"
    assert report.public == 1
    assert len((await media(sessions, zoo[23])).tags) == 50
    assert (await media(sessions, zoo[24])).tags[:2] == ["half", "nul"]


async def test_a_file_is_where_the_predecessor_left_it_or_gets_a_message_of_its_own(
    move: Move, zoo: dict[int, int], sessions: Sessions
) -> None:
    await move()
    plain, shared, without = [await part(sessions, zoo[kind]) for kind in (1, 16, 17)]
    assert (plain.state, plain.chat_id is not None, plain.message_id) == (PartState.STORED, True, 100 + zoo[1])
    async with sessions.begin() as session:
        ref = (await session.scalars(select(FileRef).where(FileRef.part_id == plain.id))).one()
    assert (ref.bot_id, ref.file_id) == (BOT, f"BQACAgIAAx{zoo[1]:08d}")
    assert (shared.state, shared.source_message_id) == (PartState.SPOOLED, 100 + zoo[16] - 2)
    assert (without.state, without.source_message_id) == (PartState.SPOOLED, None)
    assert without.source_file_id == f"BQACAgIAAx{zoo[17]:08d}", "sent by its file id"
    assert move.codes(zoo[16]) == {"same_message"}
    assert (await media(sessions, zoo[16])).inspection is Inspection.DONE, "no policy of today throws it away"


async def test_file_ids_of_a_bot_that_is_not_ours_are_not_used(
    move: Move, zoo: dict[int, int], sessions: Sessions
) -> None:
    """They are obtained from the message when somebody reads it."""
    report = await move(bot_id=None)
    assert report.fates[Fate.REFUSED] == 2, "one has no message, one nothing at all"
    async with sessions.begin() as session:
        assert await session.scalar(select(func.count()).select_from(FileRef)) == 0
    assert (await part(sessions, zoo[16])).source_file_id is None


async def test_what_changed_there_is_taken_over_unless_it_was_changed_here(
    move: Move, legacy: Legacy, sessions: Sessions
) -> None:
    await make(legacy, 6, messy_every=1000)
    await move()
    async with sessions.begin() as session:
        ours = await session.get_one(Media, 2)
        ours.description = "ours"
        hashed = await session.get_one(Media, 3)
        hashed.sha256, hashed.verified = bytes(32), True
    await legacy.execute("UPDATE media_files SET description = 'theirs' WHERE id IN (1, 2, 3)")
    await legacy.execute("UPDATE media_files SET request_number = '250926-007' WHERE id = 3")
    await legacy.execute("UPDATE media_files SET telegram_message_id = 9000 WHERE id = 4")
    await legacy.execute("UPDATE media_files SET status = 'deleted' WHERE id = 5")
    await legacy.execute("DELETE FROM media_files WHERE id = 6")

    report = await move()

    assert report.fates == {Fate.UPDATED: 4, Fate.LEFT: 1}
    assert report.vanished == 1
    assert (await media(sessions, 1)).description == "theirs"
    assert (await media(sessions, 2)).description == "ours"
    assert move.codes(2) == {"changed_here"}
    third = await media(sessions, 3)
    assert (third.description, third.verified) == ("theirs", True), "the bytes are the same: what we know of them stays"
    async with sessions.begin() as session:
        numbers = (await session.scalars(select(Attachment.request_number).where(Attachment.media_id == 3))).all()
    assert numbers == ["250926-007"]
    assert (await part(sessions, 4)).message_id == 9000
    assert (await media(sessions, 5)).status is MediaStatus.DELETED
    assert (await media(sessions, 6)).status is MediaStatus.ACTIVE, "a row that went is no delete"

    await legacy.execute("UPDATE media_files SET status = 'active' WHERE id = 5")
    await move()
    assert (await media(sessions, 5)).status is MediaStatus.ACTIVE
    assert (await part(sessions, 5)).state is PartState.STORED


async def test_an_id_that_is_ours_already_is_listed_and_not_overwritten(
    move: Move, legacy: Legacy, sessions: Sessions
) -> None:
    await make(legacy, 3, messy_every=1000)
    await move(dry_run=True)
    async with sessions.begin() as session:
        assert await session.scalar(select(func.count()).select_from(LegacyFile)) == 0, "a rehearsal leaves nothing"
    await make_own(sessions, 2)

    report = await move()

    assert (report.fates[Fate.ADDED], report.fates[Fate.REFUSED], report.complete) == (2, 1, False)
    assert move.codes(2) == {"id_taken"}
    assert (await media(sessions, 2)).filename == "ours.txt"


async def make_own(sessions: Sessions, media_id: int) -> None:
    async with sessions.begin() as session:
        session.add(
            Media(
                id=media_id, key=uuid4(), owner="telegram:1", source="http", filename="ours.txt", file_size=1,
                content_type="text/plain", file_type=FileType.DOCUMENT, category=Category.OTHER,
                purpose=Purpose.REQUESTS, status=MediaStatus.ACTIVE, inspection=Inspection.DONE, verified=True,
            )
        )  # fmt: skip


async def test_an_import_that_was_killed_goes_on_where_it_was(move: Move, legacy: Legacy, sessions: Sessions) -> None:
    await make(legacy, 500, messy_every=9)
    killed = asyncio.create_task(move(batch=50))
    there = 0
    while not killed.done() and there < 100:
        async with sessions.begin() as session:
            there = await session.scalar(select(func.count()).select_from(LegacyFile)) or 0
    killed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await killed
    assert 100 <= there < 500

    report = await move(batch=50)
    assert report.fates[Fate.UNCHANGED] + report.fates[Fate.REFUSED] >= there
    async with sessions.begin() as session:
        assert await session.scalar(select(func.count()).select_from(LegacyFile)) == 500
        kept = await session.scalar(select(func.count()).select_from(Media))
    assert kept == 500 - report.fates[Fate.REFUSED]


async def test_a_row_that_the_database_cannot_give_is_listed_and_the_others_come(move: Move, legacy: Legacy) -> None:
    await make(legacy, 5, messy_every=1000)
    await legacy.execute("ALTER TABLE media_files RENAME TO held")
    await legacy.execute(
        "CREATE VIEW media_files AS SELECT id, telegram_channel_id, telegram_message_id, telegram_file_id, file_size,"
        " file_type, mime_type, CASE WHEN id = 3 THEN (1 / (id - 3))::text ELSE description END AS description"
        " FROM held"
    )
    report = await move()
    assert (report.fates[Fate.ADDED], report.fates[Fate.REFUSED]) == (4, 1)
    assert move.codes(3) == {"unreadable"}


async def test_retention_is_taken_over_when_it_is_asked_for(move: Move, legacy: Legacy, sessions: Sessions) -> None:
    await make(legacy, 2, messy_every=1000)
    row = clean_row(1, Random(1))
    await move(retention={row["telegram_channel_id"]: 365})
    expires = (await media(sessions, 1)).expires_at
    assert expires is not None
    assert expires > datetime.now(UTC), "what should have gone long ago gets some days to be looked at"
    assert (await media(sessions, 2)).expires_at is None


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://somewhere/legacy", "has to be PostgreSQL"),
        ("not an address", "no database address"),
        ("postgresql://nobody:secret@127.0.0.1:1/none", "cannot be reached"),
    ],
)
async def test_a_database_that_is_none_is_said_without_its_password(url: str, says: str) -> None:
    with pytest.raises(LegacyUnreadable, match=says) as error:
        async with open_source(url):
            pass
    assert "secret" not in str(error.value)


async def test_a_database_without_the_tables_is_said(legacy_url: str) -> None:
    with pytest.raises(LegacyUnreadable, match="no table media_files"):
        async with open_source(legacy_url):
            pass


async def test_nothing_can_be_written_to_the_old_database(legacy: Legacy, legacy_url: str) -> None:
    await make(legacy, 1)
    async with open_source(legacy_url) as source:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await source._connection.execute("DELETE FROM media_files")
