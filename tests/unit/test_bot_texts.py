"""The catalogues: every language says everything, with the same values, and every key the code uses exists."""

import re
from pathlib import Path

import pytest
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

import bot
from bot.errors import TEXT_KEYS, as_json, every_error, explain, explain_json, explain_plain, text_key
from bot.sizes import size_text
from bot.texts import UnknownText, load_catalogue, source_of
from storage.callers.people import LANGUAGES, language_from
from storage.domain import Category, FileType
from storage.errors import FileTooLarge, InvalidRequestNumber, MediagateError, MissingScope

catalogue = load_catalogue()
_TELEGRAM_TAGS = re.compile(r"</?(?:b|code)>")


class Variables(Visitor):
    """The variables of a message, and the plural forms of its selections."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.forms: list[set[str]] = []

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802 -- the visitor's protocol
        self.names.add(node.id.name)

    def visit_SelectExpression(self, node: ast.SelectExpression) -> None:  # noqa: N802 -- the visitor's protocol
        self.forms.append({variant.key.name for variant in node.variants if isinstance(variant.key, ast.Identifier)})
        self.generic_visit(node)


def parsed(language: str) -> dict[str, Variables]:
    resource = FluentParser().parse(source_of(language))
    found = {}
    for entry in resource.body:
        assert not isinstance(entry, ast.Junk), entry.content
        if isinstance(entry, ast.Message):
            assert entry.id.name not in found, f"{entry.id.name} stands twice"
            found[entry.id.name] = Variables()
            found[entry.id.name].visit(entry)
    return found


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_says_the_same_things_with_the_same_values(language: str) -> None:
    first, other = parsed(LANGUAGES[0]), parsed(language)
    assert set(first) == set(other)
    assert {key: found.names for key, found in first.items()} == {key: found.names for key, found in other.items()}


@pytest.mark.parametrize(
    ("language", "forms"), [("en", {"one", "other"}), ("uz", {"one", "other"}), ("ru", {"one", "few", "many", "other"})]
)
def test_plural_forms_are_those_of_the_language(language: str, forms: set[str]) -> None:
    for key, found in parsed(language).items():
        for variants in found.forms:
            assert variants == forms or (variants == {"one", "other"} and language == "ru"), key


@pytest.mark.parametrize(("count", "word"), [(1, "файл"), (2, "файла"), (5, "файлов"), (11, "файлов"), (21, "файл")])
def test_russian_counts(count: int, word: str) -> None:
    assert catalogue("ru")("card-album", count=count) == f"<b>Альбом: {count} {word}</b>"


def test_every_text_renders_and_only_telegrams_tags_are_in_it() -> None:
    for texts in catalogue:
        for key, found in parsed(texts.language).items():
            shown = texts(key, **dict.fromkeys(found.names, "<i>&"))
            assert "{" not in shown, key
            assert "<i>" not in shown, f"{key} lets markup through"
            assert not re.search(r"[<>]", _TELEGRAM_TAGS.sub("", shown)), key
            assert len(shown) < 1500, key


def test_every_key_the_code_names_exists() -> None:
    known = set(parsed("en"))
    source = "".join(path.read_text() for path in Path(bot.__path__[0]).rglob("*.py"))
    named = set(re.findall(r'texts(?:\.plain)?\(\s*"([a-z_-]+)"', source))
    assert named
    assert named <= known
    made = {f"kind-{kind}" for kind in FileType} | {f"category-{category}" for category in Category}
    made |= {f"command-{name}" for name in ("my", "get", "delete", "attach", "language", "help", "request")}
    assert made <= known


def test_an_unknown_key_or_a_missing_value_is_an_error() -> None:
    with pytest.raises(UnknownText):
        catalogue("en")("no-such-text")
    with pytest.raises(UnknownText):
        catalogue("en")("start")


@pytest.mark.parametrize(
    ("code", "language"), [("ru", "ru"), ("uz-Latn", "uz"), ("en-GB", "en"), ("de", "en"), (None, "en"), ("RU", "ru")]
)
def test_languages_by_telegrams_code(code: str | None, language: str) -> None:
    assert language_from(code) == language


def test_commands_fit_telegrams_menu() -> None:
    """BotCommand: a description has 1 to 256 characters."""
    for texts in catalogue:
        for key in parsed(texts.language):
            if key.startswith("command-"):
                assert 1 <= len(texts.plain(key)) <= 256


@pytest.mark.parametrize("kind", every_error())
def test_every_error_has_a_text(kind: type[MediagateError]) -> None:
    own = {root for root in kind.__mro__ if root in TEXT_KEYS} - {MediagateError}
    assert kind is MediagateError or own, f"{kind.__name__} would only be told as something unknown"
    for texts in catalogue:
        assert texts.plain(text_key(kind), value="x")


def test_errors_are_told_with_their_fields_and_without_markup_from_people() -> None:
    texts = catalogue("en")
    assert explain(texts, FileTooLarge(limit=20 << 20)) == "The file is larger than 20 MB"
    assert explain(texts, FileTooLarge()) == "The file is too large"
    assert "&lt;b&gt;" in explain(texts, InvalidRequestNumber(value="<b>"))
    assert "<b> is not a request number" in explain_plain(texts, InvalidRequestNumber(value="<b>"))
    assert explain(texts, MissingScope(scope="staff")) == "Only staff can do this."


def test_errors_survive_as_json() -> None:
    texts = catalogue("en")
    kept = as_json(FileTooLarge(limit=1 << 30))
    assert explain_json(texts, kept) == "the file is larger than 1 GB"
    assert explain_json(texts, {"code": "from_the_future"}) == "Something went wrong. Please try again."


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KB"),
        (48 * 1024, "48 KB"),
        (1536, "1.5 KB"),
        ((1 << 20) - 1, "1 MB"),
        (20_971_520, "20 MB"),
        (2 << 30, "2 GB"),
    ],
)
def test_sizes(size: int, shown: str) -> None:
    assert size_text(catalogue("en"), size) == shown


def test_sizes_have_the_languages_decimal_sign() -> None:
    assert size_text(catalogue("ru"), 1536) == "1,5 КБ"
