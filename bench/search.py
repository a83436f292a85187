"""How fast a search is over many media: plans and times of usual and of bad queries.

``python bench/search.py DSN [ROWS]`` fills the database behind DSN (which is to be empty, or filled by this script)
with made-up media through COPY, indexed by the code that serves, and runs every query as the HTTP door would.
"""

import asyncio
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy import Dialect, Select, text
from sqlalchemy.engine import make_url

from storage.access import visible_media
from storage.catalog.statistics import Statistics
from storage.clock import SystemClock
from storage.database import open_database, session_factory
from storage.domain import Caller, Category, FileType, Role
from storage.schema import migrate
from storage.search.criteria import Criteria, Sort
from storage.search.lexemes import Searchable
from storage.search.media_search import MediaSearch, narrowed, walked

SERVICE = Caller.service("bench", frozenset())
STAFF = Caller.person(1, Role.STAFF)
RUNS = 7
_RUSSIAN = (
    "протечка труба подвал лифт подъезд квартира счётчик насос крыша дверь замок окно ремонт замена акт фото "
    "видео осмотр жалоба срочно вода газ свет щиток кабель потолок стена пол лестница двор мусор уборка снег"
)
_UZBEK = (
    "suv quvur taʼmirlash uy xonadon eshik deraza tom yer qavat lift gʻisht oʻrnatish hisoblagich rasm hujjat "
    "shoshilinch ariza bajarildi tekshiruv kabel chiroq gaz hovli zinapoya devor pol qor chiqindi tozalash kalit"
)
_ENGLISH = (
    "leak pipe basement elevator entrance flat meter pump roof door lock window repair replacement report photo "
    "video survey complaint urgent water gas light panel cable ceiling wall floor stairs yard garbage cleaning"
)
_VOCABULARIES = [words.split() for words in (_RUSSIAN, _UZBEK, _ENGLISH)]
_KINDS = (("jpg", FileType.PHOTO, Category.REQUEST_PHOTO), ("mp4", FileType.VIDEO, Category.REQUEST_VIDEO),
          ("pdf", FileType.DOCUMENT, Category.REPORT_DOCUMENT))  # fmt: skip
_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


def media_rows(rows: int) -> Iterator[tuple[tuple[Any, ...], str, list[str], str]]:
    """The columns of each media, its request number, lexemes, and the text that is stemmed."""
    dice = random.Random(7)
    for number in range(1, rows + 1):
        vocabulary = dice.choice(_VOCABULARIES)
        ending, file_type, category = dice.choices(_KINDS, (70, 10, 20))[0]
        stem = dice.choice((f"IMG_{20_240_000 + number}", f"{dice.choice(vocabulary)}_{dice.choice(vocabulary)}"))
        filename = f"{stem}_{dice.randrange(10**6):06}.{ending}"
        prose = " ".join(dice.choices(vocabulary, k=dice.randrange(3, 25)))
        tags = sorted(set(dice.choices(vocabulary, k=dice.randrange(4))))
        when = _BEGIN + timedelta(seconds=number * 300 * 200_000 // max(rows, 200_000))
        request = f"{when:%y%m%d}-{dice.randrange(1, 400):03}"
        external = f"TCK-{number:08}"
        columns = (
            number, UUID(int=number), f"service:s{number % 5}", str(number % 500), "http", filename,
            dice.randrange(10_000, 5_000_000), "image/jpeg", file_type.value, category.value, category.purpose.value,
            prose, tags, external, "active", "done", True, when,
        )  # fmt: skip
        searchable = Searchable(names=(filename, external, *tags), numbers=(request,), prose=prose)
        yield columns, request, searchable.lexemes(), searchable.stemmed()


_COLUMNS = (
    "id", "key", "owner", "uploaded_by", "source", "filename", "file_size", "content_type", "file_type", "category",
    "purpose", "description", "tags", "external_id", "status", "inspection", "verified", "uploaded_at",
)  # fmt: skip


async def fill(connection: "asyncpg.Connection[Any]", rows: int) -> None:
    """COPY into the tables, the search vectors in a second step as `storage.search.indexing` makes them."""
    begin = time.monotonic()
    made: list[tuple[tuple[Any, ...], str]] = []

    def words() -> Iterator[tuple[int, list[str], str]]:
        for columns, request, lexemes, stemmed in media_rows(rows):
            made.append((columns, request))
            yield columns[0], lexemes, stemmed

    await connection.execute("CREATE TEMP TABLE words (id bigint, lexemes text[], stemmed text)")
    await connection.copy_records_to_table("words", records=words())
    folded = time.monotonic() - begin
    await connection.copy_records_to_table("media", records=(columns for columns, _ in made), columns=_COLUMNS)
    linked = [(request, one[0], one[2], one[9]) for one, request in made if one[0] % 4]
    numbers = [(number,) for number in {number for number, *_ in linked}]
    await connection.copy_records_to_table("requests", records=numbers, columns=("number",))
    columns = ("request_number", "media_id", "attached_by", "category")
    await connection.copy_records_to_table("attachments", records=linked, columns=columns)
    await connection.execute(
        "UPDATE media SET search = strip(to_tsvector('russian', stemmed)) || array_to_tsvector(lexemes)"
        " FROM words WHERE words.id = media.id",
        timeout=3600,
    )
    await connection.execute("VACUUM (FULL, ANALYZE) media", timeout=3600)
    await connection.execute("VACUUM ANALYZE attachments", timeout=3600)
    print(f"{rows} media in {time.monotonic() - begin:.0f} s, of which folding {folded:.0f} s")


QUERIES: tuple[tuple[str, Caller, Criteria, dict[str, Any]], ...] = (
    ("nothing, the newest", SERVICE, Criteria(), {}),
    ("nothing, offset 100000", SERVICE, Criteria(), {"offset": 100_000}),
    ("an unknown word", SERVICE, Criteria(query="qwertyuiop"), {}),
    ("a request number", SERVICE, Criteria(query="240315-007"), {}),
    ("part of an image's name", SERVICE, Criteria(query="0240777"), {}),
    ("an external id", SERVICE, Criteria(query="TCK-00012345"), {}),
    ("a word, Russian", SERVICE, Criteria(query="протечки"), {}),
    ("two words, other alphabet", SERVICE, Criteria(query="шошилинч қувур"), {}),
    ("a word and filters", SERVICE, Criteria(query="leak", file_types=(FileType.VIDEO,), attached=False), {}),
    ("a tag", SERVICE, Criteria(tags=("urgent",)), {}),
    ("waiting to be attached", SERVICE, Criteria(attached=False), {}),
    ("staff: a word", STAFF, Criteria(query="leak"), {}),
    ("two letters", SERVICE, Criteria(query="qu"), {}),
    ("worst: in every name", SERVICE, Criteria(query="tck"), {}),
    ("worst: two digits", SERVICE, Criteria(query="20"), {}),
    ("worst: common words, by name", SERVICE, Criteria(query="tck 20 24"), {"sort": Sort.NAME}),
)


async def measure(dsn: str) -> None:
    async with open_database(dsn) as engine:
        search = MediaSearch(session_factory(engine))
        print(f"{'query':32} {'found':>8} {'median ms':>10} {'worst ms':>9}")
        for name, caller, criteria, options in QUERIES:
            times = []
            for _ in range(RUNS):
                begin = time.perf_counter()
                found = await search.find(caller, criteria, **options)
                times.append((time.perf_counter() - begin) * 1000)
            print(f"{name:32} {found.total:>8} {statistics.median(times):>10.1f} {max(times):>9.1f}")
        figures = Statistics(sessions=session_factory(engine), clock=SystemClock(), timezone=ZoneInfo("UTC"))
        await _time("statistics", figures.figures(SERVICE))
        await _time("popular tags", figures.popular_tags(SERVICE, limit=20))


async def _time(name: str, work: Awaitable[object]) -> None:
    begin = time.perf_counter()
    await work
    print(f"{name:32} {'':>8} {(time.perf_counter() - begin) * 1000:>10.1f}")


async def explain(dsn: str, names: tuple[str, ...]) -> None:
    async with open_database(dsn) as engine, engine.connect() as connection:
        for name, caller, criteria, options in QUERIES:
            if name not in names:
                continue
            build = narrowed if criteria.few else walked
            conditions = [visible_media(caller), *criteria.conditions()]
            page, _ = build(conditions, options.get("sort", Sort.NEWEST), None)
            plan = await connection.execute(
                text(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {_sql(page.limit(51), engine.dialect)}")
            )
            print(f"\n-- {name}")
            print("\n".join(line for (line,) in plan))


def _sql(query: Select[Any], dialect: Dialect) -> str:
    compiled = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    return str(compiled).replace(":", r"\:")


async def main(dsn: str, rows: int) -> None:
    async with open_database(dsn) as engine:
        await migrate(engine)
    plain = make_url(dsn).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain)
    try:
        if await connection.fetchval("SELECT count(*) FROM media") < rows:
            await fill(connection, rows)
        for table in ("media", "ix_media_search", "ix_media_tags"):
            size = await connection.fetchval(f"SELECT pg_size_pretty(pg_table_size('{table}'))")
            print(f"{table}: {size}")
    finally:
        await connection.close()
    await measure(dsn)
    await explain(dsn, ("nothing, the newest", "a word, Russian", "worst: two digits"))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200_000))
