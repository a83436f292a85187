"""The bench of searches still runs: every question has its answer from both."""

from pathlib import Path

from bench.asking import QUESTIONS, measure


async def test_both_answer_every_question(open_path: Path) -> None:
    lines = await measure(open_path, rows=300, rounds=1)
    answers, blocks = lines[2 : 2 + len(QUESTIONS)], lines[5 + len(QUESTIONS) : -2]
    for found in (answers, blocks):
        assert [line.split("|")[1].strip() for line in found] == [*QUESTIONS]
    assert all(float(cell.split()[0]) > 0 for line in answers for cell in line.split("|")[2:5])
