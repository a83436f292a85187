"""What bench/READING.md says, in small: it measures, the bytes are right, and slow readers let go."""

from pathlib import Path

from bench.reading import blocks, measure


async def test_reading_is_measured(open_path: Path) -> None:
    lines = [line async for line in measure(open_path, parts=2, rounds=0, readers=5)]
    assert lines[1].startswith("| a download of 39 MiB |")
    assert lines[-1].startswith("5 slow readers of 5 parts:")
    assert lines[-1].endswith(" 0 connections to Telegram.")


async def test_blocks_of_the_loop_are_watched(open_path: Path) -> None:
    found = await blocks(open_path, parts=2)
    assert list(found) == ["a download of 39 MiB", "ranges of 1 MiB, 4 at a time"]
    assert min(found.values()) >= 0
