"""States change only as their tables say, and every table has a way out."""

from itertools import product
from uuid import uuid4

import pytest

from storage.domain import (
    MEDIA_TRANSITIONS,
    PART_TRANSITIONS,
    Category,
    MediaStatus,
    PartState,
    Purpose,
    WrongTransition,
)
from storage.tables import Media, Part


@pytest.mark.parametrize(("before", "after"), [*product(MediaStatus, MediaStatus)])
def test_a_media_changes_its_status_only_as_the_table_says(before: MediaStatus, after: MediaStatus) -> None:
    media = Media(key=uuid4(), status=before)
    if after is before or after in MEDIA_TRANSITIONS[before]:
        media.status = after
        assert media.status is after
    else:
        with pytest.raises(WrongTransition):
            media.status = after


@pytest.mark.parametrize(("before", "after"), [*product(PartState, PartState)])
def test_a_part_changes_its_state_only_as_the_table_says(before: PartState, after: PartState) -> None:
    part = Part(media_key=uuid4(), state=before)
    if after is before or after in PART_TRANSITIONS[before]:
        part.state = after
        assert part.state is after
    else:
        with pytest.raises(WrongTransition):
            part.state = after


def test_every_state_is_in_its_table() -> None:
    assert set(MEDIA_TRANSITIONS) == set(MediaStatus)
    assert set(PART_TRANSITIONS) == set(PartState)


@pytest.mark.parametrize(
    ("category", "purpose"),
    [
        (Category.REPORT_VIDEO, Purpose.REPORTS),
        (Category.COMPLETION_PHOTO, Purpose.REPORTS),
        (Category.ACCESS_PLATE, Purpose.ACCESS),
        (Category.AVATAR, Purpose.ARCHIVE),
        (Category.PROCESS_VIDEO, Purpose.REQUESTS),
        (Category.REQUEST_PHOTO, Purpose.REQUESTS),
        (Category.OTHER, Purpose.REQUESTS),
    ],
)
def test_a_category_decides_the_purpose(category: Category, purpose: Purpose) -> None:
    assert category.purpose is purpose
