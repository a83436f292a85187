"""What the upload benches found, as Markdown: ratios within a round, the median of the rounds, and their spread."""

import statistics
from collections.abc import Mapping, Sequence

from bench.sending import Load
from bench.uploads import CLIENTS, Measured, Sample

MIB = 1 << 20
NGINX, BARE = "nginx, WebDAV PUT (disk)", "bare aiohttp: disk and SHA-256"
PREDECESSOR, CLUSTER = "predecessor's way", "tgstorage-cluster"


def large_table(found: Mapping[str, Sequence[Sample]], size: int) -> list[str]:
    """One row per way of sending the large file."""
    lines = [
        f"| {size / MIB / 1024:.2g} GiB | acknowledged, s | ÷ nginx | ÷ bare | all in Telegram, s | memory, MiB |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for label, samples in found.items():
        acknowledged = [one.acknowledged for one in samples]
        stored = [one.stored for one in samples if one.stored is not None]
        lines.append(
            f"| {label} | {spread(acknowledged)} | {_ratio(acknowledged, _times(found, NGINX))} "
            f"| {_ratio(acknowledged, _times(found, BARE))} | {spread(stored) if stored else ''} "
            f"| {max(one.memory for one in samples) / MIB:.0f} |"
        )
    return lines


def small_table(found: Mapping[str, Mapping[int, Sequence[Load]]]) -> list[str]:
    """One row per server and number of clients."""
    lines = [
        "| 100 KiB files | clients | a second | p50, ms | p99, ms | × cluster | × predecessor |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for label, loads in found.items():
        for clients in CLIENTS:
            rates = [one.rate for one in loads[clients]]
            p50, p99 = ([getattr(one, name) for one in loads[clients]] for name in ("p50", "p99"))
            times = [_ratio(rates, _rates(found, other, clients)) for other in (CLUSTER, PREDECESSOR)]
            lines.append(
                f"| {label} | {clients} | {spread(rates, 0)} | {statistics.median(p50):.1f} "
                f"| {statistics.median(p99):.1f} | {' | '.join(times)} |"
            )
    return lines


def blocks_table(found: Mapping[str, float]) -> list[str]:
    lines = ["| work | longest block of the event loop, ms |", "| --- | --- |"]
    return lines + [f"| {label.strip('*')} | {longest:.0f} |" for label, longest in found.items()]


def report(found: Measured, size: int, blocks: Mapping[str, float]) -> str:
    """All of it."""
    return "\n".join([*large_table(found.large, size), "", *small_table(found.small), "", *blocks_table(blocks), ""])


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The median, and in brackets the least and the greatest."""
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({least:.{digits}f}–{most:.{digits}f})"


def _times(found: Mapping[str, Sequence[Sample]], label: str) -> list[float]:
    return [one.acknowledged for one in found.get(label, ())]


def _rates(found: Mapping[str, Mapping[int, Sequence[Load]]], label: str, clients: int) -> list[float]:
    return [one.rate for one in found.get(label, {}).get(clients, ())]


def _ratio(values: Sequence[float], others: Sequence[float]) -> str:
    """Of each round's pair; empty where the other was not there."""
    return (
        f"{statistics.median([one / other for one, other in zip(values, others, strict=False)]):.2f}" if others else ""
    )
