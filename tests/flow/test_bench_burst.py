"""The bench of a burst still runs; how fast is not asked here."""

from bench.burst import Burst, Pair, measure, table, watched


async def test_both_bots_keep_and_answer_a_small_burst() -> None:
    (pair,) = await measure(photos=6, people=3, rounds=0)
    for burst in (pair.bare, pair.ours):
        assert (burst.calls["copyMessage"], burst.calls["sendMessage"]) == (6, 6)
    assert pair.ours.calls["getFile"] == 6, "ours has looked at every photo"
    assert "every photo is in the channel" in table([pair], 6)
    assert "| 6 photos |" in "\n".join(await watched(photos=6, people=3))


def test_the_table_shows_medians_spreads_and_ratios_within_a_round() -> None:
    bare, ours = (Burst(answered=one, copied=one, last=2 * one, calls={"copyMessage": 10}) for one in (1.0, 4.0))
    shown = table([Pair(bare=bare, ours=ours)], 10)
    assert "| everybody has an answer | 1.00 (1.00–1.00) | 4.00 (4.00–4.00) | 0.25 (0.25–0.25) |" in shown
    assert "copyMessage 1.00" in shown
