"""What people write after the commands that attach, detach and move."""

from datetime import date

import pytest

from bot.attaching.words import MOST_LAST, Asked, read_asked
from storage.domain import Category, FileType, MediaId, Stage
from storage.errors import InvalidRequestNumber
from storage.request_numbers import RequestNumber

TODAY = date(2025, 9, 26)


def asked(*numbers: str, stage: Stage | None = None, last: int | None = None, ids: tuple[int, ...] = ()) -> Asked:
    known = tuple(RequestNumber(number) for number in numbers)
    return Asked(numbers=known, stage=stage, last=last, ids=tuple(MediaId(one) for one in ids))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (None, asked()),
        ("250926-001", asked("250926-001")),
        ("№ 250926 1", asked("250926-001")),
        ("1", asked("250926-001")),
        ("1 after", asked("250926-001", stage=Stage.AFTER)),
        ("до 250926-001", asked("250926-001", stage=Stage.BEFORE)),
        ("250926-001 Keyin", asked("250926-001", stage=Stage.AFTER)),
        ("250926-001 last 5", asked("250926-001", last=5)),
        ("последние 3 250926 1", asked("250926-001", last=3)),
        ("250926-001 oxirgi", asked("250926-001", last=1)),
        ("250926-001 last 99999999", asked("250926-001", last=MOST_LAST)),
        ("250926-001 last 0", asked("250926-001", last=1)),
        ("250926-001 17 #18 17", asked("250926-001", ids=(17, 18))),
        ("250926 1 17", asked("250926-001", ids=(17,))),
        ("1 17", asked("250926-001", ids=(17,))),
        ("250926-001 250926-002", asked("250926-001", "250926-002")),
        ("#r250926_001 250926–002 17", asked("250926-001", "250926-002", ids=(17,))),
    ],
)
def test_requests_stages_and_media(text: str | None, meant: Asked) -> None:
    assert read_asked(text, today=TODAY, number_first=True) == meant


def test_where_no_number_is_needed_short_ones_are_media() -> None:
    assert read_asked("17 18", today=TODAY, number_first=False) == asked(ids=(17, 18))
    assert read_asked("250926-001 17", today=TODAY, number_first=False) == asked("250926-001", ids=(17,))


@pytest.mark.parametrize(
    ("text", "named"),
    [("hello", "hello"), ("259999-001", "259999-001"), ("250926-001 the roof", "the roof"), ("x" * 100, "x" * 64)],
)
def test_what_cannot_be_understood_is_named(text: str, named: str) -> None:
    with pytest.raises(InvalidRequestNumber) as refused:
        read_asked(text, today=TODAY, number_first=True)
    assert refused.value.fields["value"] == named


@pytest.mark.parametrize(
    ("stage", "file_type", "category"),
    [
        (Stage.BEFORE, FileType.PHOTO, Category.REQUEST_PHOTO),
        (Stage.AFTER, FileType.PHOTO, Category.COMPLETION_PHOTO),
        (Stage.AFTER, FileType.VIDEO_NOTE, Category.COMPLETION_VIDEO),
        (Stage.BEFORE, FileType.VOICE, Category.REQUEST_DOCUMENT),
        (Stage.AFTER, FileType.DOCUMENT, Category.COMPLETION_DOCUMENT),
    ],
)
def test_stages_are_categories(stage: Stage, file_type: FileType, category: Category) -> None:
    assert stage.category(file_type) is category
