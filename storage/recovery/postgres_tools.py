"""pg_dump and pg_restore as streams of bytes, in constant memory. Everything here blocks: call it in a thread."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy.engine import make_url

_QUEUE = ("pgqueuer*", "nodes")
"""Tables that come back empty: jobs are only wake-ups, and the nodes of the old machine are no more."""

RESTORE = "pg_restore"
_OUTPUT_SHOWN = 600
_SSL = {"true": "require", "require": "require", "prefer": "prefer", "verify-full": "verify-full"}


class ToolFailed(Exception):
    """``str()`` is the end of what the program said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PostgresTools:
    """``binaries`` is the directory of pg_dump and pg_restore, ``dsn`` the database as SQLAlchemy names it."""

    binaries: Path
    dsn: str

    @contextmanager
    def dumping(self) -> Iterator[IO[bytes]]:
        """Yield a consistent dump of the whole database, compressed. Raises `ToolFailed` at its end."""
        exclude = [f"--exclude-table-data={table}" for table in _QUEUE]
        arguments = ["--format=custom", "--compress=gzip:6", "--no-owner", "--no-privileges", "--exclude-extension=*"]
        with self._running("pg_dump", [*arguments, "--lock-wait-timeout=60000", *exclude]) as process:
            assert process.stdout is not None
            yield process.stdout

    @contextmanager
    def restoring(self) -> Iterator[IO[bytes]]:
        """Yield where a dump is to be written. Its end commits everything at once; an exception, nothing.

        Raises `ToolFailed` where the dump is not taken.
        """
        arguments = ["--format=custom", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
        target = f"--dbname={libpq_environment(self.dsn)['PGDATABASE']}"
        with self._running(RESTORE, [*arguments, target], reads=True) as process:
            assert process.stdin is not None
            yield process.stdin

    @contextmanager
    def _running(
        self, program: str, arguments: Sequence[str], *, reads: bool = False
    ) -> Iterator[subprocess.Popen[bytes]]:
        """The password is in the environment only, which other users cannot read."""
        environment = {name: text for name, text in os.environ.items() if not name.startswith("PG")}
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(  # noqa: S603  our own binary and our own arguments
                [self.binaries / program, "--no-password", *arguments],
                env=environment | libpq_environment(self.dsn) | {"PGAPPNAME": application_name(program)},
                stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
                stdout=said if reads else subprocess.PIPE,
                stderr=said,
            )
            try:
                yield process
                _close(process)
                status = process.wait()
            except BrokenPipeError:
                status = process.wait() or 1
            except BaseException:
                process.kill()
                raise
            finally:
                process.kill()
                _close(process)
                process.wait()
            if status:
                raise ToolFailed(_end_of(said) or f"{program} ended with status {status}")


def application_name(program: str) -> str:
    """What PostgreSQL calls its sessions."""
    return f"mediagate {program}"


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None and not pipe.closed:
            try:
                pipe.close()
            except BrokenPipeError:
                continue


def _end_of(said: IO[bytes]) -> str:
    said.seek(0)
    return " ".join(said.read()[-_OUTPUT_SHOWN:].decode(errors="replace").split())


def libpq_environment(dsn: str) -> dict[str, str]:
    """What libpq reads, from SQLAlchemy's name of the database."""
    url = make_url(dsn)
    query = {name: value if isinstance(value, str) else value[0] for name, value in url.query.items()}
    ssl = query.get("ssl") or query.get("sslmode")
    given = {
        "PGHOST": url.host or query.get("host"),
        "PGPORT": str(url.port or query.get("port") or "") or None,
        "PGUSER": url.username or query.get("user"),
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database or "postgres",
        "PGSSLMODE": None if ssl is None else _SSL.get(ssl, ssl),
    }
    return {name: text for name, text in given.items() if text}
