"""The bench of searches still runs: every question has its answer from both."""

from pathlib import Path

from bench.asking import QUESTIONS, measure


async def test_both_answer_every_question(open_path: Path) -> None:
    lines = await measure(open_path, rows=300, rounds=1)
    assert [line.split("|")[1].strip() for line in lines[2:]] == [*QUESTIONS]
    assert all(float(cell.split()[0]) > 0 for line in lines[2:] for cell in line.split("|")[2:5])
