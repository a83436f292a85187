"""A generated predecessor's database of 50,000 files imported three times: whole, again, and after some changes.

``python -m bench.legacy [--rows 50000]``. Each import is the real command in a process of its own, whose time and
greatest memory are printed beside those of an import of ten rows, and, for scale, a `COPY` of the same table.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import URL, make_url

from bench.legacy_database import make
from gateway.postgres import embedded_postgres


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="mediagate-bench-") as place:
        Path(place).chmod(0o755)
        asyncio.run(_bench(Path(place), rows))


async def _bench(place: Path, rows: int) -> None:
    async with embedded_postgres(place) as dsn:
        url = make_url(dsn)
        for name, count in (("few", 10), ("legacy", rows)):
            await _database(url, name)
            await _database(url, f"ours_{name}")
            connection = await asyncpg.connect(_plain(url, name))
            await make(connection, count)
            await connection.close()
        print("| import | seconds | rows a second | greatest memory, MiB | added | updated | unchanged | refused |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        await _import("ten rows", url, "few", place)
        await _import("first", url, "legacy", place)
        await _import("second", url, "legacy", place)
        await _change(_plain(url, "legacy"))
        await _import("after 500 changes", url, "legacy", place)
        print(f"\nCOPY of media_files out and in: {await _copy(_plain(url, 'legacy')):.1f} s")


async def _import(title: str, url: URL, name: str, place: Path) -> None:
    report, seconds, memory = await asyncio.to_thread(_run, url, name, place)
    counts = " | ".join(f"{report[key]:,}" for key in ("added", "updated", "unchanged", "refused"))
    print(f"| {title} | {seconds:.1f} | {report['read'] / report['seconds']:,.0f} | {memory / 1024:.0f} | {counts} |")


def _run(url: URL, name: str, place: Path) -> tuple[dict[str, Any], float, int]:
    """The report, seconds of the whole command, and KiB."""
    environ = os.environ | {
        "MEDIAGATE_DATABASE_URL": url.set(database=f"ours_{name}").render_as_string(hide_password=False),
        "MEDIAGATE_SECRET_KEY": "a secret key for the bench",
        "MEDIAGATE_DATA_DIR": str(place / f"data_{name}"),
    }
    code = "from gateway.cli import main; main()"
    arguments = [sys.executable, "-c", code, "import-legacy", _plain(url, name), "--json", "--offline"]
    began = time.monotonic()
    with subprocess.Popen(arguments, env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return json.loads(said), time.monotonic() - began, usage.ru_maxrss


async def _change(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("UPDATE media_files SET description = 'changed there' WHERE id % 100 = 1")
    await connection.close()


async def _copy(dsn: str) -> float:
    connection = await asyncpg.connect(dsn)
    began = time.monotonic()
    with tempfile.TemporaryFile() as file:
        await connection.copy_from_table("media_files", output=file)
        file.seek(0)
        await connection.execute("CREATE TABLE copied (LIKE media_files INCLUDING ALL)")
        await connection.copy_to_table("copied", source=file)
    await connection.close()
    return time.monotonic() - began


async def _database(url: URL, name: str) -> None:
    connection = await asyncpg.connect(_plain(url, url.database or "postgres"))
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()


def _plain(url: URL, name: str) -> str:
    return url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)


if __name__ == "__main__":
    main()
