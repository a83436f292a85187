"""One form for what is written in several ways, and what is indexed and asked with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search.folding import compounds, fold, latin, latin_forms, words
from storage.search.lexemes import LONGEST, Searchable, terms_of

LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяўқғҳabcdefghijklmnopqrstuvwxyzéüñçABCЁЎ0123456789"
WORDS = st.text(LETTERS, min_size=1, max_size=LONGEST)
TEXTS = st.text(max_size=80)


def finds(query: str, media: Searchable) -> bool:
    """What PostgreSQL does with the terms, but for stems: any spelling of each term begins or is a lexeme."""
    lexemes = media.lexemes()
    return all(
        any(
            lexeme.startswith(one.split("'")[1]) if one.endswith(":*") else lexeme == one.strip("'")
            for one in term.tsquery.split(" | ")[:4]
            if "&" not in one
            for lexeme in lexemes
        )
        for term in terms_of(query)
    )


@given(st.text())
def test_folding_a_folded_text_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert words(fold(text)) == words(text)


@given(WORDS)
def test_case_never_matters(word: str) -> None:
    assert fold(word.upper()) == fold(word.lower()) == fold(word)


@given(WORDS, st.data())
def test_a_piece_of_a_word_folds_to_a_piece_of_the_folded_word(word: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(word) - 1))
    stop = data.draw(st.integers(start + 1, len(word)))
    assert fold(word[start:stop]) in fold(word)


@given(WORDS, st.data())
def test_any_piece_of_a_name_finds_it(word: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, max(0, len(word) - 2)))
    stop = data.draw(st.integers(min(start + 2, len(word)), len(word)))
    assert finds(word[start:stop], Searchable(names=(f"{word}.jpg",)))


@given(TEXTS, TEXTS)
def test_every_word_of_a_media_finds_it(name: str, prose: str) -> None:
    media = Searchable(names=(name,), prose=prose)
    for word in (*words(name), *words(prose)):
        assert finds(word, media), word
    assert finds(f"{name} {prose}", media) or compounds(f"{name} {prose}")[0]


@given(TEXTS)
def test_lexemes_and_queries_hold_nothing_but_letters_and_digits(text: str) -> None:
    """Nothing that somebody writes is syntax of PostgreSQL's."""
    for lexeme in Searchable(names=(text,), prose=text).lexemes():
        assert lexeme.isalnum()
        assert len(lexeme) <= LONGEST
    for term in terms_of(text):
        pieces = term.tsquery.replace("(", "").replace(")", "").replace(" & ", " | ").split(" | ")
        assert all(piece.removesuffix(":*")[1:-1].isalnum() for piece in pieces)


@pytest.mark.parametrize("apostrophe", ["'", "`", "´", "ʻ", "ʼ", "‘", "’", "′", "＇"])
def test_every_apostrophe_is_none(apostrophe: str) -> None:
    assert fold(f"o{apostrophe}zbek") == "ozbek"
    assert words(f"ta{apostrophe}mir") == ["tamir"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ўзбекистон", "Oʻzbekiston"), ("шошилинч", "shoshilinch"), ("қувур", "quvur"), ("ғишт", "g'isht"),
        ("ҳовли", "hovli"), ("ер", "yer"), ("поезд", "poyezd"), ("таъмир", "ta'mir"), ("чироқ", "chiroq"),
        ("юлдуз", "yulduz"), ("яшил", "yashil"), ("режа", "reja"), ("уй", "uy"), ("эшик", "eshik"),
    ],
)  # fmt: skip
def test_uzbek_is_one_language_in_two_alphabets(one: str, other: str) -> None:
    assert set(latin_forms(one)) == set(latin_forms(other))


def test_yo_is_russians_ye_and_uzbeks_yo() -> None:
    assert fold("Ёлка") == fold("елка")
    assert latin_forms("ёзги") == ["ezgi", "yozgi"]
    assert latin("елка") == "elka"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("250926-001", [["250926", "001"]]), ("#r250926_001", [["250926", "001"]]),
        ("26.09.2025", [["26", "09", "2025"]]),
        ("v2-3x", []), ("2 - 3", []), ("12", []), ("a1-2", []),
    ],
)  # fmt: skip
def test_digits_that_belong_together(text: str, found: list[list[str]]) -> None:
    assert compounds(text)[0] == found


def test_a_pathological_media_stays_small() -> None:
    """Fifty long tags, a name of 255 bytes and a long description: the row is still one that PostgreSQL takes."""
    media = Searchable(names=("я" * 127, *(f"{n:02}" + "ж" * 62 for n in range(50))), prose="слово " * 333 + "ы" * 2000)
    lexemes = media.lexemes()
    assert len(lexemes) < 3000
    assert sum(len(lexeme.encode()) for lexeme in lexemes) < 200_000
    assert finds("49" + "ж" * 38, media)


def test_a_query_without_words_asks_for_nothing() -> None:
    assert terms_of("!!! -- ''") == []
    assert Searchable(names=("…",)).lexemes() == []
