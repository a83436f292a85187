"""The upload page's texts: every language has every text, with the same values in it, and none is left over."""

import json
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "web" / "pages" / "upload"
LANGUAGES = {"en": {"one", "other"}, "ru": {"one", "few", "many", "other"}, "uz": {"one", "other"}}
"""With the plural categories that each has in CLDR."""

WORDS: dict[str, dict[str, str]] = {
    language: json.loads((PAGE / "words" / f"{language}.json").read_text("utf-8")) for language in LANGUAGES
}
SCRIPTS = "\n".join(path.read_text("utf-8") for path in sorted((PAGE / "js").glob("*.js")))
_PLURAL = re.compile(r"(.+)\.(?:one|few|many|other)")


def split(words: dict[str, str]) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Plain texts, and of those with plural forms the categories there are."""
    counted: dict[str, set[str]] = {}
    for key in words:
        if (found := _PLURAL.fullmatch(key)) and f"{found[1]}.one" in words:
            counted.setdefault(found[1], set()).add(key.rpartition(".")[2])
    plain = {key: text for key, text in words.items() if key.rpartition(".")[0] not in counted}
    return plain, counted


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", ["ru", "uz"])
def test_every_language_has_every_text(language: str) -> None:
    plain, counted = split(WORDS[language])
    assert plain.keys() == split(WORDS["en"])[0].keys()
    assert counted.keys() == split(WORDS["en"])[1].keys()


@pytest.mark.parametrize(("language", "categories"), LANGUAGES.items())
def test_counts_have_all_their_forms(language: str, categories: set[str]) -> None:
    for key, found in split(WORDS[language])[1].items():
        assert found == categories, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_values_stand_in_every_language(language: str) -> None:
    for key, text in WORDS[language].items():
        original = WORDS["en"].get(key) or WORDS["en"][f"{key.rpartition('.')[0]}.other"]
        assert placeholders(text) == placeholders(original), key
        assert text.strip() == text != "", key


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    """Keys stand in the scripts whole, or begin with what stands before a `${`."""
    plain, counted = split(WORDS["en"])
    keys = plain.keys() | counted.keys()
    written = set(re.findall(r'"([a-z]+(?:[._][a-z_]+)*)"', SCRIPTS))
    begun = tuple(re.findall(r"`([a-z]+\.(?:[a-z_]+\.)*)\$\{", SCRIPTS))
    assert [key for key in keys if key not in written and not key.startswith(begun)] == []
    asked = re.findall(r'\b(?:t|plural)\(\s*"([^"]+)"', SCRIPTS)
    assert [key for key in asked if key not in keys] == []


def test_every_script_is_fetched_at_once() -> None:
    """Scripts that import scripts are found one step after another, which a slow line makes long."""
    page = (PAGE / "upload.html").read_text("utf-8")
    named = re.findall(r'"upload/static/js/([a-z]+\.js)"', page)
    assert sorted(named) == sorted(path.name for path in (PAGE / "js").glob("*.js"))


def test_no_script_writes_markup() -> None:
    """Names of files and answers of servers only ever become text."""
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", SCRIPTS)
