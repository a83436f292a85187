"""A lane keeps inside its budget before Telegram says so, learns when Telegram does, and lets nobody starve."""

from hypothesis import given
from hypothesis import strategies as st

from storage.ports import Urgency
from storage.telegram.budgets import WINDOW, BotBudget, LaneBudget

PERSON, UPLOAD, BULK = Urgency
NOW = 1_000_000.0


def lane(rate: int | None) -> LaneBudget:
    return LaneBudget(assumed=rate, per_minute=rate)


def passed(budget: LaneBudget, attempts: int, now: float, urgency: Urgency = UPLOAD, *wanted: Urgency) -> int:
    """How many of ``attempts`` messages get through at once."""
    count = 0
    while count < attempts and budget.wait(now, urgency, wanted) <= 0:
        budget.take(now, urgency)
        count += 1
    return count


def test_a_minute_takes_as_many_as_its_rate() -> None:
    budget = lane(20)
    assert passed(budget, 30, NOW) == 20
    assert passed(budget, 30, NOW + 30) == 0
    assert 30 < budget.wait(NOW + 30, UPLOAD) <= 32
    assert passed(budget, 30, NOW + 62) == 20


@given(st.lists(st.floats(min_value=0, max_value=20), max_size=150), st.integers(min_value=1, max_value=25))
def test_no_window_of_a_minute_ever_holds_more(steps: list[float], rate: int) -> None:
    budget, now, sent = lane(rate), NOW, []
    for step in steps:
        now += step
        if budget.wait(now, UPLOAD) <= 0:
            budget.take(now, UPLOAD)
            sent.append(now)
    assert all(sum(1 for other in sent if at - WINDOW < other <= at) <= rate for at in sent)


def test_what_another_took_a_moment_later_is_not_forgotten() -> None:
    budget = lane(2)
    assert passed(budget, 1, NOW + 3) == 1
    assert passed(budget, 5, NOW) == 1
    assert len(budget.sent) == 2


def test_a_message_takes_its_place_until_it_has_arrived() -> None:
    """A slow upload counts when Telegram has it, not when it began."""
    budget = lane(1)
    assert passed(budget, 2, NOW) == 1
    budget.in_flight = frozenset({NOW})
    assert budget.wait(NOW + 300, UPLOAD) > 0
    budget.in_flight, budget.sent = frozenset(), [(NOW + 300, UPLOAD)]
    assert budget.wait(NOW + 350, UPLOAD) > 0
    assert budget.wait(NOW + 362, UPLOAD) == 0


def test_without_a_rate_nothing_is_held_back() -> None:
    assert passed(lane(None), 500, NOW) == 500


def test_a_flood_wait_teaches_the_rate() -> None:
    budget = lane(None)
    assert passed(budget, 12, NOW) == 12
    assert budget.flooded(NOW, 40)  # the twelfth was refused
    assert budget.per_minute == 11
    assert 40 <= budget.wait(NOW, UPLOAD) <= 62
    assert passed(budget, 30, NOW + 62) == 11


def test_a_flood_wait_after_few_messages_says_nothing_about_the_rate() -> None:
    budget = lane(20)
    assert passed(budget, 3, NOW) == 3
    assert not budget.flooded(NOW, 5)
    assert budget.per_minute == 20
    assert passed(budget, 1, NOW) == 0


def test_what_was_learnt_is_relaxed_slowly() -> None:
    budget, now = lane(20), NOW
    passed(budget, 11, now)
    budget.flooded(now, 1)
    assert budget.per_minute == 10
    for expected in (11, 12):
        now += 601
        assert passed(budget, 1, now) == 1
        assert budget.per_minute == expected


def test_people_go_before_uploads_and_uploads_before_bulk() -> None:
    budget = lane(20)
    assert passed(budget, 30, NOW, UPLOAD, PERSON) == 5  # their share, however many people wait
    assert passed(budget, 30, NOW, BULK, PERSON, UPLOAD) == 2
    assert passed(budget, 30, NOW, PERSON) == 13


def test_those_who_are_less_urgent_keep_a_share() -> None:
    """However much comes from people, uploads and bulk work go on."""
    budget = lane(20)
    assert passed(budget, 30, NOW, PERSON, UPLOAD, BULK) == 20 - 5 - 2
    assert passed(budget, 30, NOW, UPLOAD, PERSON, BULK) == 5
    assert passed(budget, 30, NOW, BULK, PERSON, UPLOAD) == 2
    assert passed(budget, 1, NOW, PERSON) == 0


def test_nothing_is_kept_for_those_who_want_nothing() -> None:
    for urgency in Urgency:
        assert passed(lane(20), 30, NOW, urgency) == 20


def test_a_bot_sends_thirty_a_second_over_all_channels() -> None:
    bot = BotBudget(per_second=30)
    for _ in range(30):
        assert bot.wait(NOW, 0) == 0
        bot.take(NOW, 0)
    assert 0 < bot.wait(NOW, 0) <= 1
    assert bot.wait(NOW + 1.01, 0) == 0


def test_uploads_of_exactly_one_size_are_spaced() -> None:
    """TELEGRAM.md, Limits: over 100,000 bytes, size × 1e-7 seconds, at least 0.2 and at most 0.9."""
    bot = BotBudget(per_second=30)
    for size, spacing in ((100_000, 0.0), (200_000, 0.2), (5_000_000, 0.5), (20_000_000, 0.9)):
        bot.take(NOW, size)
        assert abs(bot.wait(NOW, size) - spacing) < 1e-6
        assert bot.wait(NOW, size + 1) == 0
    bot.take(NOW + 10, 0)
    assert bot.sizes == {}  # what is over is not remembered


def test_what_is_out_of_use_is_tried_again_at_growing_intervals() -> None:
    budget, now, waits = lane(20), NOW, []
    assert budget.lost(now, "kicked")
    for _ in range(5):
        waits.append(budget.wait(now, UPLOAD))
        now += waits[-1]
        assert passed(budget, 2, now) == 1  # one tries, the others wait for what comes of it
        assert not budget.lost(now, "kicked")
    assert waits == [60, 300, 900, 3600, 3600]
    assert budget.outage is not None
    assert budget.outage.since == NOW
    assert budget.back()
    assert not budget.back()
