"""The bench of uploads still runs; how fast is not asked here."""

from pathlib import Path

from bench import servers, uploads
from bench.crowds import crowd
from bench.results import large_table, report, small_table
from bench.sending import Load
from bench.uploads import Measured, Sample


async def test_a_small_round_of_everything_that_needs_no_other_program(open_path: Path) -> None:
    file = uploads.make_file(open_path / "tour.txt", 3 << 20)
    async with (
        servers.sink(open_path) as sink,
        servers.peers(open_path, sink.port, ["bare"]) as peers,
        servers.mediagate(open_path, sink.port, watch_lag=True) as ours,
    ):
        found = await uploads.measure({**peers, "mediagate": ours}, sink, file, count=1, seconds=0.2)
        assert await ours.longest_block() >= 0
        assert (await crowd(ours, file, 3, 16 << 20)).each >= 0
    ways = [label for label, (name, _) in uploads.LARGE.items() if name in {"bare", "mediagate"}]
    assert sorted(found.large) == sorted(ways)
    for label, (sample,) in found.large.items():
        assert (sample.stored is None) == label.startswith("bare"), "ours is in Telegram"
    assert all(load.rate > 0 for loads in found.small.values() for (load,) in loads.values())
    assert "Mediagate, raw body" in report(found, 3 << 20, {"**work**": 1.0})


def test_ratios_are_within_a_round() -> None:
    nginx, ours = "nginx, WebDAV PUT (disk)", "**ours**"
    large = {
        name: [Sample(acknowledged=seconds) for seconds in times]
        for name, times in {nginx: (1, 4), ours: (2, 8)}.items()
    }
    assert large_table(large, 1 << 30)[-1].startswith("| **ours** | 5.00 (2.00–8.00) | 2.00 |")
    load = {1: [Load(rate=10, p50=1, p99=2)], 10: [Load(rate=30, p50=1, p99=2)], 100: [Load(rate=30, p50=1, p99=2)]}
    found = Measured(
        small={"tgstorage-cluster": load, ours: {clients: [Load(rate=60, p50=1, p99=2)] for clients in load}}
    )
    assert small_table(found.small)[-1] == "| **ours** | 100 | 60 (60–60) | 1.0 | 2.0 | 2.00 |  |"
