"""Search, statistics and the view of a request over many media: by the HTTP API, and by hand in psql.

    python -m bench.asking [--rows 200000]

Both ask the same PostgreSQL in turns. psql's time is that of the statements alone; ours has the key's check, the JSON
and the connection's way in it. What ours answers besides is said with each question.
"""

import argparse
import asyncio
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import asyncpg
from sqlalchemy.engine import make_url

from bench import search, servers
from bench.results import blocks_table, spread
from bench.sending import KEY
from bench.uploads import Peak
from gateway.backups import postgres_tools
from gateway.postgres import embedded_postgres
from storage.database import open_database
from storage.recovery.postgres_tools import libpq_environment
from storage.schema import migrate

_LIVE = "status IN ('active', 'archiving', 'archived')"
_TIME = re.compile(r"^Time: ([\d.]+) ms", re.MULTILINE)
_API = "/api/v1"
NUMBER = "240315-007"
QUESTIONS: dict[str, tuple[str, str]] = {
    "the newest 50, and how many there are": (
        f"{_API}/media/search",
        (
            f"SELECT * FROM media WHERE {_LIVE} ORDER BY uploaded_at DESC, id DESC LIMIT 50;"
            f" SELECT count(*) FROM media WHERE {_LIVE};"
        ),
    ),
    "a word (every form of it, in both alphabets)": (
        f"{_API}/media/search?query=протечки",
        (
            f"SELECT * FROM media WHERE {_LIVE} AND search @@ plainto_tsquery('russian', 'протечки')"
            " ORDER BY uploaded_at DESC, id DESC LIMIT 50;"
            f" SELECT count(*) FROM media WHERE {_LIVE} AND search @@ plainto_tsquery('russian', 'протечки');"
        ),
    ),
    "a word that is nowhere": (
        f"{_API}/media/search?query=qwertyuiop",
        (
            f"SELECT * FROM media WHERE {_LIVE} AND search @@ plainto_tsquery('russian', 'qwertyuiop')"
            " ORDER BY uploaded_at DESC, id DESC LIMIT 50;"
        ),
    ),
    "statistics": (
        f"{_API}/media/statistics",
        (
            f"SELECT file_type, count(*), sum(file_size) FROM media WHERE {_LIVE} GROUP BY 1;"
            f" SELECT category, count(*), sum(file_size) FROM media WHERE {_LIVE} GROUP BY 1;"
            f" SELECT date(uploaded_at), count(*), sum(file_size) FROM media WHERE {_LIVE}"
            " AND uploaded_at >= now() - interval '30 days' GROUP BY 1;"
            f" SELECT tag, count(*) FROM media, unnest(tags) AS tag WHERE {_LIVE} GROUP BY 1 ORDER BY 2 DESC LIMIT 10;"
            " SELECT request_number, count(*) FROM attachments JOIN media ON media.id = media_id"
            f" WHERE {_LIVE} GROUP BY 1 ORDER BY 2 DESC LIMIT 10;"
            " SELECT count(*), sum(size) FROM parts WHERE state IN ('spooled', 'shipping');"
        ),
    ),
    "the media of a request": (
        f"{_API}/media/request/{NUMBER}",
        (
            f"SELECT media.* FROM media JOIN attachments ON media.id = media_id WHERE request_number = '{NUMBER}'"
            f" AND {_LIVE} ORDER BY uploaded_at DESC, id DESC;"
        ),
    ),
}


async def measure(place: Path, *, rows: int, rounds: int) -> Sequence[str]:
    """Lines of Markdown."""
    data = place / "mediagate" / "data"
    async with embedded_postgres(data) as dsn, servers.sink(place) as sink:
        psql = await _filled(dsn, rows)
        found: dict[str, tuple[list[float], list[float]]] = {label: ([], []) for label in QUESTIONS}
        async with (
            servers.mediagate(place, sink.port) as ours,
            aiohttp.ClientSession(f"http://127.0.0.1:{ours.port}", headers=KEY) as client,
        ):
            for number in range(rounds + 1):
                for label, (path, statements) in QUESTIONS.items():
                    times = await _asked(client, path), await _by_hand(psql, dsn, statements)
                    if number:
                        for known, one in zip(found[label], times, strict=True):
                            known.append(one)
        watched = await _watched(place, sink.port)
    return [
        f"| {rows} media | by HTTP, ms | psql, ms | ÷ psql |",
        "| --- | --- | --- | --- |",
        *(_line(label, ours, theirs) for label, (ours, theirs) in found.items()),
        "",
        *watched,
    ]


async def _watched(place: Path, telegram: int) -> list[str]:
    """Markdown: the longest block of our event loop with each question, and the most memory; not timed."""
    blocks = {}
    async with (
        servers.mediagate(place, telegram, watch_lag=True) as ours,
        aiohttp.ClientSession(f"http://127.0.0.1:{ours.port}", headers=KEY) as client,
        Peak(ours.memory) as peak,
    ):
        for label, (path, _) in QUESTIONS.items():
            await _asked(client, path)
            await ours.longest_block()
            await _asked(client, path)
            blocks[label] = await ours.longest_block()
    return [*blocks_table(blocks), "", f"Then the gateway holds {peak.bytes >> 20} MiB."]


def _line(label: str, ours: Sequence[float], theirs: Sequence[float]) -> str:
    ratio = spread([one / other for one, other in zip(ours, theirs, strict=True)])
    return f"| {label} | {spread(ours, 1)} | {spread(theirs, 1)} | {ratio} |"


async def _filled(dsn: str, rows: int) -> Path:
    """Fill the database; returns the program psql that came with it."""
    async with open_database(dsn) as engine:
        await migrate(engine)
        binaries = postgres_tools(engine).binaries
    connection = await asyncpg.connect(make_url(dsn).set(drivername="postgresql").render_as_string(False))
    try:
        await search.fill(connection, rows)
    finally:
        await connection.close()
    return binaries / "psql"


async def _asked(client: aiohttp.ClientSession, path: str) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    async with client.get(path) as answer:
        body = await answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
    return (time.perf_counter() - began) * 1000


async def _by_hand(psql: Path, dsn: str, statements: str) -> float:
    """Milliseconds, as psql counts them."""
    process = await asyncio.create_subprocess_exec(
        psql, "-X", "-v", "ON_ERROR_STOP=1", "-f", "-",
        env=libpq_environment(dsn), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate(f"\\timing on\n{statements}\n".encode())
    if process.returncode:
        raise RuntimeError(said.decode()[-300:])
    return sum(float(one) for one in _TIME.findall(said.decode()))


async def _main(rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="mediagate-", ignore_cleanup_errors=True) as place:
        print("\n".join(await measure(Path(place), rows=rows, rounds=rounds)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    asyncio.run(_main(given.rows, given.rounds))
