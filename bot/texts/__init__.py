"""What the bot says, in every language it speaks: per language a directory of Fluent files, one per subject.

Fluent has the plural rules of Russian and Uzbek (`{ $count -> … }`), needs no compile step, and its files read like
text; gettext would bring a build step for ``.mo`` files.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from pathlib import Path

from fluent.runtime import FluentBundle, FluentResource

from storage.callers.people import LANGUAGES

TEXTS_DIR = Path(__file__).parent

Value = str | int


class UnknownText(LookupError):
    """A key that no catalogue has, or an argument that is missing: a mistake in our code, found by the tests."""


class Texts:
    """One language. Calling it gives HTML with every argument escaped; `plain` gives it as it is."""

    def __init__(self, language: str, bundle: FluentBundle) -> None:
        self.language = language
        self._bundle = bundle

    def __call__(self, key: str, **values: Value) -> str:
        """For messages with ``parse_mode=HTML``. Raises `UnknownText`."""
        return self._format(key, {name: _escaped(value) for name, value in values.items()})

    def plain(self, key: str, **values: Value) -> str:
        """For buttons and pop-ups, which know no markup. Raises `UnknownText`."""
        return self._format(key, values)

    def _format(self, key: str, values: Mapping[str, Value]) -> str:
        if not self._bundle.has_message(key):
            raise UnknownText(key)
        pattern = self._bundle.get_message(key).value
        if pattern is None:
            raise UnknownText(key)
        text, errors = self._bundle.format_pattern(pattern, dict(values))
        if errors:
            raise UnknownText(key) from errors[0]
        return str(text)


class Catalogue:
    """All languages."""

    def __init__(self, texts: Mapping[str, Texts]) -> None:
        self._texts = texts

    def __call__(self, language: str | None) -> Texts:
        """The texts of ``language``, of the first one where we do not speak it."""
        return self._texts.get(language or "", self._texts[LANGUAGES[0]])

    def __iter__(self) -> Iterator[Texts]:
        return iter(self._texts.values())


@cache
def load_catalogue() -> Catalogue:
    """Read the files, once per process: it takes a quarter of a second."""
    return Catalogue({language: Texts(language, _bundle(language)) for language in LANGUAGES})


def _bundle(language: str) -> FluentBundle:
    # No isolating marks around arguments: they would end up in what people copy, ids and names.
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource(source_of(language)))
    return bundle


def source_of(language: str) -> str:
    """All files of a language, one after the other."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((TEXTS_DIR / language).glob("*.ftl")))


def _escaped(value: Value) -> Value:
    return escape(value, quote=False) if isinstance(value, str) else value
