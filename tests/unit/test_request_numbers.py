from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.request_numbers import (
    InvalidRequestNumber,
    find_hashtags,
    find_request_numbers,
    hashtag,
    parse_loose,
    parse_request_number,
)

TODAY = date(2025, 9, 26)
numbers = st.builds(
    lambda day, serial: f"{day:%y%m%d}-{serial:03d}",
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.integers(0, 999_999_999),
)


@pytest.mark.parametrize("text", ["250926-001", "240229-1234", "000101-000", "250926-123456789"])
def test_the_api_form_is_taken_as_it_is(text: str) -> None:
    assert parse_request_number(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "250926-01", "250926-1234567890", "251326-001", "250230-001", "230229-001", "250926_001"),
        *("250926–001", " 250926-001", "250926-001\n", "#250926-001", "２５0926-001", "250926-00a", "25926-001"),
    ],
)
def test_anything_else_is_refused_with_what_was_given(text: str) -> None:
    with pytest.raises(InvalidRequestNumber) as caught:
        parse_request_number(text)
    assert caught.value.value == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#250926-001", ["250926-001"]),
        ("Протечка #250926-001, срочно", ["250926-001"]),
        ("№ 250926-001", ["250926-001"]),
        ("№250926-001.", ["250926-001"]),
        ("по заявке № 250926 1 сделано", ["250926-001"]),
        ("#250926-7", ["250926-007"]),
        ("#r250926_001", ["250926-001"]),
        ("#R250926_0012 готово", ["250926-0012"]),
        ("250926-001", ["250926-001"]),
        ("250926–001 и 250926—002", ["250926-001", "250926-002"]),
        ("250926 - 001", ["250926-001"]),
        ("250926-001,250926-002/250926-003", ["250926-001", "250926-002", "250926-003"]),
        ("250926-001 250926-002 250926-001", ["250926-001", "250926-002"]),
        ("(250926-001)", ["250926-001"]),
        ("#001", ["250926-001"]),
        ("№1", ["250926-001"]),
        ("заявка № 12 закрыта", ["250926-012"]),
        ("№№ 250926-001, 250926-002", ["250926-001", "250926-002"]),
    ],
)
def test_numbers_are_found_as_people_write_them(text: str, expected: list[str]) -> None:
    assert find_request_numbers(text, today=TODAY) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "просто фото",
        "+998 90 250926-001",
        "+7 (495) 250926-001",
        "998250926-0011",
        "250926-001-22",
        "1250926-001",
        "259926-001",
        "#259926-001",
        "https://example.org/250926-001",
        "250926-01",
        "250926 001",
        "10:250926-001",
        "a250926-001",
        "250926-001@example.org",
        "#1",
        "#2025",
        "кв. №5",
        "дом № 12",
        "Фото №1",
        "№ 123456",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert find_request_numbers(text, today=TODAY) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", "250926-001"),
        (" 001 ", "250926-001"),
        ("№1", "250926-001"),
        ("#1", "250926-001"),
        ("1234", "250926-1234"),
        ("250925 1", "250925-001"),
        ("250925-12", "250925-012"),
        ("250925—001", "250925-001"),
        ("#r250925_001", "250925-001"),
        ("№ 250925-001", "250925-001"),
        ("250925001", "250925-001"),
    ],
)
def test_a_command_argument_may_be_short(text: str, expected: str) -> None:
    assert parse_loose(text, TODAY) == expected


@pytest.mark.parametrize(
    "text", ["", "abc", "259925 1", "250925", "1 2", "250925-001 x", "-1", "1.5", "1234567890123456"]
)
def test_an_argument_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestNumber):
        parse_loose(text, TODAY)


def test_hashtags_are_found_without_the_request_hashtags() -> None:
    text = "#Срочно #r250926_001 #leak_2 #leak_2, #250926-001 #123 a#b x.y/#c https://e.org/#frag #Кран2"
    assert find_hashtags(text) == ["срочно", "leak_2", "кран2"]
    assert find_hashtags("#" + "a" * 64 + " #" + "b" * 65) == ["a" * 64]


@given(numbers)
def test_every_number_survives_its_hashtag_and_its_caption(text: str) -> None:
    """Strict parsing, the hashtag we write, a caption and a loose argument all give the same number back."""
    number = parse_request_number(text)
    assert find_request_numbers(f"Готово {hashtag(number)} спасибо", today=TODAY) == [number]
    assert find_request_numbers(f"Готово {number}.", today=TODAY) == [number]
    assert parse_loose(number, TODAY) == number
    assert find_hashtags(hashtag(number)) == []


@given(st.text())
def test_whatever_is_found_in_any_text_is_valid(text: str) -> None:
    for number in find_request_numbers(text, today=TODAY):
        assert parse_request_number(number) == number
    for tag in find_hashtags(text):
        assert 1 <= len(tag) <= 64


@given(st.text(alphabet="0123456789-–—_#№rR +.:,", max_size=40))
def test_dense_text_gives_valid_numbers_only(text: str) -> None:
    found = find_request_numbers(text, today=TODAY)
    assert [parse_request_number(number) for number in found] == found
    assert len(set(found)) == len(found)


@given(st.text(alphabet="0123456789-_#№rR ", max_size=20))
def test_a_loose_argument_gives_a_valid_number_or_an_error(text: str) -> None:
    try:
        number = parse_loose(text, TODAY)
    except InvalidRequestNumber:
        return
    assert parse_request_number(number) == number


@given(numbers, st.text(alphabet="0123456789", min_size=1, max_size=4))
def test_a_longer_run_of_digits_hides_a_number(number: str, digits: str) -> None:
    assert find_request_numbers(digits + number, today=TODAY) == []
