"""What a burst costs, however busy the machine is: processor time from /proc, and what the gateway counts."""

import json
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_TICKS = os.sysconf("SC_CLK_TCK")
_USED, _USED_BY_CHILDREN, _PARENT = slice(11, 13), slice(13, 15), 1
"""Fields of /proc/PID/stat behind the program's name."""


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Milliseconds of processor time, and counts by name; of a moment, or of what lies between two."""

    bot: float = 0.0
    database: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)

    def since(self, before: "Costs") -> "Costs":
        return Costs(
            bot=self.bot - before.bot, database=self.database - before.database, counts=self.counts - before.counts
        )


@dataclass(frozen=True, kw_only=True)
class Meter:
    """Reads what a bot has used so far. ``data_dir`` is where its embedded PostgreSQL lives, None: it has none."""

    pid: int
    data_dir: Path | None = None

    def memory(self) -> int:
        """Bytes resident, of the bot."""
        return int(psutil.Process(self.pid).memory_info().rss)

    def read(self) -> Costs:
        if self.data_dir is None:
            return Costs(bot=_of_process(self.pid))
        postmaster = int((self.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
        return Costs(bot=_of_process(self.pid), database=_of_family(postmaster), counts=self._counts(self.data_dir))

    def _counts(self, data_dir: Path) -> Counter[str]:
        target = counts_file(data_dir)
        target.unlink(missing_ok=True)
        os.kill(self.pid, signal.SIGUSR1)
        for _ in range(100):
            if target.exists():
                return Counter(json.loads(target.read_text()))
            time.sleep(0.05)
        return Counter()


def counts_file(data_dir: Path) -> Path:
    """Where `bench.burst_gateway` writes its counts."""
    return data_dir.with_name("counts.json")


def _of_process(pid: int, *, children: bool = False) -> float:
    fields = _stat(pid)
    used = [*fields[_USED], *(fields[_USED_BY_CHILDREN] if children else ())]
    return sum(map(int, used)) * 1000 / _TICKS


def _of_family(pid: int) -> float:
    """A process with its children, those that have ended too."""
    total = _of_process(pid, children=True)
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int(_stat(int(entry.name))[_PARENT]) == pid:
                total += _of_process(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
