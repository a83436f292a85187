"""Which bytes are of use to more than one."""

from uuid import uuid4

import pytest

from storage.delivery.cache.demand import Demand


def test_what_two_read_at_a_time_is_shared() -> None:
    demand, media, other = Demand(), uuid4(), uuid4()
    with demand.noted(media, 0, 100):
        assert not demand.is_shared(media, 0, 100)
        with demand.noted(media, 50, 60), demand.noted(other, 0, 100):
            assert demand.is_shared(media, 59, 70)
            assert not demand.is_shared(media, 60, 70)
            assert not demand.is_shared(media, 40, 50)
            assert not demand.is_shared(other, 50, 60)
        assert not demand.is_shared(media, 50, 60)


def test_who_stops_in_the_middle_wants_nothing_any_more() -> None:
    demand, media = Demand(), uuid4()
    with demand.noted(media, 0, 10):
        with pytest.raises(RuntimeError), demand.noted(media, 0, 10):
            raise RuntimeError
        assert not demand.is_shared(media, 0, 10)


def test_what_was_fetched_is_remembered_of_the_parts_read_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.delivery.cache.demand._MOST_FETCHED", 2)
    demand, media = Demand(), uuid4()
    for index in (0, 1, 0, 2):
        demand.fetched((media, index)).add(0, 5)
    assert [demand.fetched((media, index)).total for index in (0, 2, 1)] == [5, 5, 0]
