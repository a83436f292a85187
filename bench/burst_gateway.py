"""The gateway with its statements, transactions and jobs counted: what `mediagate run` is, and a file with the counts.

    python -m bench.burst_gateway COUNTS

SIGUSR1 writes the counts so far into the file ``COUNTS``, as JSON.
"""

import json
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from gateway.cli import main
from storage.jobs import Handler, JobRunner

_counts: Counter[str] = Counter()


def _count_statements() -> None:
    event.listen(Engine, "before_cursor_execute", lambda *_: _counts.update(["statements"]))
    event.listen(Engine, "begin", lambda *_: _counts.update(["transactions"]))


def _count_jobs() -> None:
    register = JobRunner.handle

    def handle(self: JobRunner, name: str, handler: Handler, *, at_once: int = 0) -> None:
        kind = name.partition(":")[0]

        async def counted(payload: dict[str, Any]) -> None:
            _counts.update(["jobs", f"job {kind}"])
            await handler(payload)

        register(self, name, counted, at_once=at_once)

    setattr(JobRunner, "handle", handle)  # noqa: B010 -- mypy takes an assignment to a method for a mistake


def _write_counts(target: Path) -> None:
    unfinished = target.with_suffix(".new")
    unfinished.write_text(json.dumps(_counts))
    unfinished.replace(target)


if __name__ == "__main__":
    _count_statements()
    _count_jobs()
    counts_file = Path(sys.argv[1])
    signal.signal(signal.SIGUSR1, lambda *_: _write_counts(counts_file))
    sys.argv[1:] = ["run"]
    main()
