"""`mediagate` with a clock that ticks on its event loop: how long at most did the loop do something else?

    python -m bench.lag run

SIGUSR1 writes the longest gap since the last one, in milliseconds, to the file that ``BENCH_LAG`` names.
"""

import asyncio
import os
import signal
import time
from pathlib import Path

import uvloop

_TICK = 0.002


class Clock:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._last = time.monotonic()
        self._longest = 0.0
        loop.add_signal_handler(signal.SIGUSR1, self._tell)
        loop.call_soon(self._tick)

    def _tick(self) -> None:
        now = time.monotonic()
        self._longest = max(self._longest, now - self._last - _TICK)
        self._last = now
        self._loop.call_later(_TICK, self._tick)

    def _tell(self) -> None:
        Path(os.environ["BENCH_LAG"]).write_text(f"{self._longest * 1000:.1f}\n")
        self._longest = 0.0


async def longest_block(pid: int, told: Path) -> float:
    """Milliseconds that the loop of such a process was away at most since this was asked before; it tells ``told``."""
    told.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    async with asyncio.timeout(10):
        while not told.exists() or not (text := told.read_text()).endswith("\n"):
            await asyncio.sleep(0.02)
    return float(text)


_plain = uvloop.new_event_loop


def _with_clock() -> uvloop.Loop:
    loop = _plain()
    Clock(loop)
    return loop


if __name__ == "__main__":
    uvloop.new_event_loop = _with_clock
    from gateway.cli import main

    main()
