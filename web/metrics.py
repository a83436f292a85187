"""What Prometheus may scrape. Labels are bounded: routes are templates, methods and codes are from our own tables."""

import asyncio
import time
from collections import Counter as Counts
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from storage.delivery.cache.part_cache import CacheFigures
from storage.domain import UploadPhase
from storage.engine.workload import Workload
from storage.intake.progress import Progress

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LAG_EVERY = 0.25
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LAGS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)


class Metrics:
    """A registry of its own, so that two processes' worth of them can live in one (tests do that)."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter("mediagate_http_requests", "Answers", ["route", "method", "status"], registry=registry)
        self._seconds = Histogram(
            "mediagate_http_request_seconds",
            "From the request's head to the end of its answer",
            ["route", "method"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._received = Counter("mediagate_http_received_bytes", "Bytes of bodies", registry=registry)
        self._sent = Counter("mediagate_http_sent_bytes", "Bytes of answers", registry=registry)
        self._running = Gauge("mediagate_http_requests_running", "Requests under way", registry=registry)
        self._uploads = Gauge("mediagate_uploads", "Uploads under way in this process", ["phase"], registry=registry)
        self._ended = Counter(
            "mediagate_uploads_ended",
            "Uploads that ended, done or with an error's code",
            ["outcome"],
            registry=registry,
        )
        self._telegram = Counter(
            "mediagate_telegram_calls", "Calls of the Bot API", ["method", "outcome"], registry=registry
        )
        self._floods = Counter("mediagate_telegram_floods", "Calls answered with a flood wait", registry=registry)
        self._lag = Histogram(
            "mediagate_event_loop_lag_seconds", "How late a timer fires", buckets=_LAGS, registry=registry
        )
        self._work = {name: Gauge(f"mediagate_{name}", text, registry=registry) for name, text in _WORK.items()}
        self._cache_now = {
            name: Gauge(f"mediagate_{name}", text, registry=registry) for name, (_, text) in _HELD.items()
        }
        self._cache = {
            name: Counter(f"mediagate_{name}", text, registry=registry) for name, (_, text) in _CACHE.items()
        }
        self._cache_seen = CacheFigures()
        self._seen_until = time.monotonic()

    def request_began(self) -> None:
        self._running.inc()

    def request_ended(
        self, *, route: str | None, method: str, status: int, seconds: float, received: int, sent: int
    ) -> None:
        """One request. ``route`` None: no route fits; ``status`` 0: it was broken off."""
        self._running.dec()
        known = method if method in METHODS else "OTHER"
        where = route or "unmatched"
        self._requests.labels(where, known, str(status) if status else "aborted").inc()
        self._seconds.labels(where, known).observe(seconds)
        self._received.inc(received)
        self._sent.inc(sent)

    def telegram_called(self, method: str, outcome: str) -> None:
        """One call; ``outcome`` is ``ok``, ``flood``, ``refused``, ``failed`` or ``unreachable``."""
        self._telegram.labels(method, outcome).inc()
        if outcome == "flood":
            self._floods.inc()

    def render(self, workload: Workload, uploads: Iterable[Progress], cached: CacheFigures) -> bytes:
        """The text of `/metrics`. What happened since the last time (uploads ended, parts read) is counted now."""
        for name, gauge in self._work.items():
            gauge.set(getattr(workload, name))
        self._count(list(uploads))
        self._count_cached(cached)
        return generate_latest(self._registry)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Measure the event loop's lag while this lasts."""
        task = asyncio.create_task(self._watch(), name="loop lag")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _watch(self) -> None:
        while True:
            due = time.monotonic() + _LAG_EVERY
            await asyncio.sleep(_LAG_EVERY)
            self._lag.observe(max(0.0, time.monotonic() - due))

    def _count_cached(self, now: CacheFigures) -> None:
        before, self._cache_seen = self._cache_seen, now
        for name, (field, _) in _CACHE.items():
            self._cache[name].inc(getattr(now, field) - getattr(before, field))
        for name, (field, _) in _HELD.items():
            self._cache_now[name].set(getattr(now, field))

    def _count(self, uploads: list[Progress]) -> None:
        phases = Counts(progress.phase for progress in uploads)
        for phase in (UploadPhase.RECEIVING, UploadPhase.STORING):
            self._uploads.labels(phase.value).set(phases[phase])
        before, self._seen_until = self._seen_until, time.monotonic()
        for progress in uploads:
            if progress.finished is not None and before < progress.finished <= self._seen_until:
                outcome = "done" if progress.error is None else str(progress.error.get("code"))
                self._ended.labels(outcome).inc()


_WORK = {
    "queue_parts": "Parts that wait for Telegram, on all nodes",
    "queue_bytes": "Their bytes",
    "queue_oldest_seconds": "How long the oldest of them waits",
    "spool_used_bytes": "Bytes in this node's spool",
    "spool_max_bytes": "What it may hold",
    "inbox_updates": "Updates that wait to be handled",
    "inbox_oldest_seconds": "How long the oldest of them waits",
    "lanes_blocked": "Lanes within a flood wait",
    "backup_channels": "Channels that get a copy of every part",
    "copies_missing": "Copies still to be made or verified",
    "parts_damaged": "Parts whose message is gone, to be put back",
    "parts_without_source": "Parts of which no copy can be made: nothing has their bytes",
}

_CACHE = {
    "part_cache_hits": ("hits", "Parts opened of which all that was asked for was on this node's disk"),
    "part_cache_misses": ("misses", "Parts opened of which some had to come from Telegram"),
    "part_cache_joins": ("joined", "Misses that waited for a fetch which was under way for another reader"),
    "part_cache_evictions": ("evicted", "Parts removed from the disk to make room for others"),
    "part_cache_wrong": ("wrong", "Parts on the disk that were found to have other bytes, and were removed"),
}
_HELD = {
    "part_cache_bytes": ("held", "Bytes of parts on this node's disk"),
    "part_cache_max_bytes": ("held_max", "What they may be; 0: there is no cache"),
}
