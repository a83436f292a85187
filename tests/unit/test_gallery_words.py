"""The texts of a request's page: every language has every text, with the same values in it, and none is left over."""

import json
import re
from pathlib import Path

import pytest

import web.pages
from bot.requests.history import ACTIONS
from storage.catalog.request_files import Obstacle, Side
from tests.unit.test_upload_words import LANGUAGES, placeholders, split

PAGES = Path(web.pages.__path__[0])
PAGE = PAGES / "gallery"
WORDS: dict[str, dict[str, str]] = {
    language: json.loads((PAGE / "words" / f"{language}.json").read_text("utf-8")) for language in LANGUAGES
}
SCRIPTS = "\n".join(path.read_text("utf-8") for path in sorted((PAGE / "js").glob("*.js")))
SHARED = "\n".join((PAGES / "upload" / "js" / name).read_text("utf-8") for name in ("dom.js", "format.js", "words.js"))


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
    plain, counted = split(WORDS["en"])
    keys = plain.keys() | counted.keys()
    written = set(re.findall(r'"([a-z]+(?:[._][a-z_]+)*)"', SCRIPTS))
    begun = tuple(re.findall(r"`([a-z]+\.(?:[a-z_]+\.)*)\$\{", SCRIPTS + SHARED))
    assert [key for key in keys if key not in written and not key.startswith(begun)] == []
    asked = re.findall(r'\b(?:t|plural)\(\s*"([^"]+)"', SCRIPTS)
    assert [key for key in asked if key not in keys] == []


def test_what_the_server_names_has_words() -> None:
    assert {f"side.{side}" for side in Side} <= WORDS["en"].keys()
    assert {f"event.{action}" for action in ACTIONS} <= WORDS["en"].keys()
    assert {f"obstacle.{obstacle}" for obstacle in Obstacle} <= WORDS["en"].keys()


def test_every_script_is_fetched_at_once() -> None:
    """Scripts that import scripts are found one step after another, which a slow line makes long."""
    page = (PAGE / "gallery.html").read_text("utf-8")
    named = re.findall(r'"static/js/([a-z]+\.js)"', page)
    assert sorted(named) == sorted(path.name for path in (PAGE / "js").glob("*.js"))
    shared = set(re.findall(r"upload/static/js/([a-z]+\.js)", SCRIPTS))
    assert set(re.findall(r'"\.\./upload/static/js/([a-z]+\.js)"', page)) == shared


def test_no_script_writes_markup() -> None:
    """Names of files and answers of servers only ever become text."""
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", SCRIPTS)
