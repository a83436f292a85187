"""What senders see that needs no Telegram: links, filters, cards of their own, lines that names cannot disturb."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.text import Item, render_card
from bot.keyboards import AttachTo, FindPage, MyPage, NumberCard, RestoreEverything, UploadPage, WordCard
from bot.lines import short_name, short_words
from bot.media.incoming import Caption
from bot.media.links import Given, MediaLinks
from bot.media.pages import criteria_of, find_page, my_page
from bot.media.usage import usage_text
from bot.texts import load_catalogue
from storage.callers.quotas import Used
from storage.catalog.statistics import Count
from storage.domain import FileType, MediaStatus, Quota
from storage.request_numbers import RequestNumber
from tests.unit.test_bot_rendering import view

EN = load_catalogue()("en")
HOUR = timedelta(hours=1)


class SettableClock:
    def __init__(self) -> None:
        self.time = datetime(2025, 9, 26, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@given(st.integers(1, 2**63 - 1), st.integers(1, 2**52))
def test_a_link_says_what_was_given(media_id: int, giver: int) -> None:
    links = MediaLinks("secret", SettableClock())
    parameter = links.make(Given(media_id=media_id, giver=giver), HOUR)
    assert parameter is not None
    assert len(parameter) <= 64
    assert links.read(parameter) == Given(media_id=media_id, giver=giver)


@given(st.text(max_size=80))
def test_a_made_up_link_gives_nothing(guess: str) -> None:
    assert MediaLinks("secret", SettableClock()).read(guess) is None
    assert MediaLinks("secret", SettableClock()).read(f"m_{guess}") is None


def test_a_link_dies_with_time_and_with_another_secret() -> None:
    clock = SettableClock()
    links = MediaLinks("secret", clock)
    parameter = links.make(Given(media_id=1, giver=2), HOUR)
    assert parameter is not None
    assert MediaLinks("another", clock).read(parameter) is None
    assert MediaLinks(None, clock).read(parameter) is None
    assert MediaLinks(None, clock).make(Given(media_id=1, giver=2), HOUR) is None
    clock.time += HOUR + timedelta(seconds=1)
    assert links.read(parameter) is None


def keys(*items: Item, album: bool = False, private: bool = True) -> list[str]:
    card = render_card(EN, items, album=album, timezone=ZoneInfo("UTC"), private=private)
    rows = card.keyboard.inline_keyboard if card.keyboard else []
    return [one.callback_data or "" for row in rows for one in row]


def test_a_senders_card_offers_what_is_still_to_be_said() -> None:
    number, word = NumberCard().pack(), WordCard().pack()
    assert keys(Item(message_id=1, view=view()))[:2] == [number, word]
    assert keys(Item(message_id=1, view=view(description="roof")))[:1] == [number]
    assert keys(Item(message_id=1, view=view(request_numbers=("250926-001",))))[:1] == [word]
    whole = view(description="roof", request_numbers=("250926-001",))
    assert len(keys(Item(message_id=1, view=whole))) == 1
    assert not {number, word} & set(keys(Item(message_id=1, view=view()), private=False))
    assert not {number, word} & set(keys(Item(message_id=1, view=view(status=MediaStatus.DELETING))))


def test_what_cannot_be_fetched_back_has_the_way_round() -> None:
    assert UploadPage().pack() in keys(Item(message_id=1, view=view(deliverable=False)))
    assert UploadPage().pack() not in keys(Item(message_id=1, view=view()))


def test_words_that_all_files_share_stand_on_the_card_once() -> None:
    items = [Item(message_id=at, view=view(at, description="roof")) for at in (1, 2, 3)]
    text = render_card(EN, items, album=True, timezone=ZoneInfo("UTC")).text
    assert text.count("📝 roof") == 1
    items[1] = Item(message_id=2, view=view(2, description="hall"))
    text = render_card(EN, items, album=True, timezone=ZoneInfo("UTC")).text
    assert (text.count("📝 roof"), text.count("📝 hall")) == (2, 1)


def test_the_worst_words_fit_a_card() -> None:
    worst = [Item(message_id=at, view=view(at, description="<&" * 1000 + str(at))) for at in range(10)]
    assert len(render_card(EN, worst, album=True, timezone=ZoneInfo("UTC"), private=True).text) <= 4096


@given(st.text())
def test_names_and_words_stay_on_their_line(text: str) -> None:
    for shown in (short_name(text), short_words(text)):
        assert len(shown.splitlines()) <= 1
        assert not set(shown) & {"\u202e", "\u2066", "\u200b", "\u200f"}


@pytest.mark.parametrize(
    ("only", "known"), [("", True), ("p", True), ("250926-001", True), ("x", False), ("999999-1", False)]
)
def test_filters(only: str, known: bool) -> None:
    assert (criteria_of(only) is not None) is known


def test_every_list_fits_a_message_in_every_language() -> None:
    longest: dict[str, Any] = {
        "filename": "<" * 300,
        "request_numbers": tuple(f"250926-{at:09d}" for at in range(50)),
        "file_size": 2**40,
    }
    views = [view(10**17 + at, **longest) for at in range(8)]
    for texts in load_catalogue():
        for page in (
            my_page(texts, views, page=10**6, total=10**8, only="250926-123456789", timezone=UTC),
            find_page(texts, views, words="&" * 500, search=10**17, page=1, total=10**8, timezone=UTC),
        ):
            assert len(page.text) <= 4096


def test_buttons_fit() -> None:
    """TELEGRAM.md, Limits: 64 bytes."""
    number = "250926-123456789"
    for data in (
        MyPage(page=10**9, only=number),
        FindPage(search=2**63, page=10**9),
        AttachTo(number=number, card=2**40),
        RestoreEverything(since=2**60),
    ):
        assert len(data.pack().encode()) <= 64


@pytest.mark.parametrize("since", [0, -(10**30), 10**30, 2**60])
def test_any_time_is_a_time(since: int) -> None:
    assert RestoreEverything(since=since).time.tzinfo is UTC


def test_words_before_a_caption() -> None:
    first, second = RequestNumber("250926-001"), RequestNumber("250926-002")
    before = Caption(numbers=(first,), tags=("a", "b"), description="leak")
    after = Caption(numbers=(second,), tags=("b",), description="pipe").after(before)
    assert (after.numbers, after.tags, after.description) == ((second,), ("a", "b"), "leak\npipe")
    bare = Caption().after(before)
    assert (bare.numbers, bare.tags, bare.description) == (before.numbers, before.tags, before.description)


def test_usage_says_what_a_quota_leaves() -> None:
    used = Used(day_bytes=1 << 20, day_files=1, total_bytes=3 << 20, total_files=3)
    kinds = [Count(of=FileType.PHOTO.value, count=3, size=3 << 20)]
    quota = Quota(day_bytes=10 << 20, day_files=5, total_bytes=20 << 20, total_files=9)
    assert usage_text(EN, kinds, quota, used).splitlines() == [
        "You have sent me 3 files, 3 MB in all.",
        "🖼 photo: 3, 3 MB",
        "",
        "Today: 1 MB of 10 MB",
        "Files today: 1 of 5",
        "In all: 3 MB of 20 MB",
        "Files in all: 3 of 9",
    ]
    assert "Today" not in usage_text(EN, kinds, Quota(), used)
