"""What bench/LANES.md says, in small: two lanes store twice as many parts, and Telegram never has to say 429."""

from pathlib import Path

import pytest

from bench.lanes import measure


@pytest.mark.parametrize(("bots", "channels"), [(1, 1), (2, 1), (1, 2)])
async def test_throughput_grows_with_the_lanes(database_url: str, tmp_path: Path, bots: int, channels: int) -> None:
    figures = await measure(database_url, tmp_path, bots=bots, channels=channels, minutes=2.2)
    # Three bursts of twenty, a minute apart, less the message that bound a channel.
    assert 0.9 * 60 * bots * channels <= figures.stored <= 60 * bots * channels
    assert figures.refused == 0
