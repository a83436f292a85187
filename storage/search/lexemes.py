"""What of a media goes into its index, and what a query asks of it.

Every word is a lexeme, and is found by its beginning. Words of names, tags, ids and request numbers also have each
of their ends as a lexeme, so that any piece of them is the beginning of one: parts of words are found without
an extension for it. Stems come from PostgreSQL's own dictionaries (`storage.search.indexing`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from storage.search.folding import compounds, fold, latin_forms, spelt_words, words

LONGEST = 40
"""Characters of a lexeme. A longer word is known by its first, and so is each of its ends."""

_MOST_ENDS = 2000
_SHORTEST_END = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Searchable:
    """What is searched of a media. ``names`` and ``numbers`` are found by any piece, ``prose`` by words."""

    names: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    prose: str = ""

    def lexemes(self) -> list[str]:
        """Each once: letters and digits only, at most `LONGEST` characters."""
        names = [word for name in self.names for word in _spellings(name)]
        names += ["".join(pieces) for number in self.numbers for pieces in compounds(number)[0]]
        found = dict.fromkeys(word[:LONGEST] for word in (*names, *_spellings(self.prose)))
        found |= dict.fromkeys(islice((end for word in names for end in _ends(word)), _MOST_ENDS))
        return list(found)

    def stemmed(self) -> str:
        """The words whose stems are to be found, as text."""
        return " ".join(word[:LONGEST] for text in (*self.names, self.prose) for word in words(text))


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """One thing a query asks for: ``tsquery`` in PostgreSQL's syntax, or the stem of ``word``."""

    tsquery: str
    word: str | None


def terms_of(query: str) -> list[Term]:
    """What a query asks for, all of it; empty where it holds neither letter nor digit."""
    numbers, rest = compounds(query)
    return [*map(_number_term, numbers), *map(_word_term, spelt_words(rest))]


def _word_term(word: str) -> Term:
    spellings = dict.fromkeys(spelling[:LONGEST] for spelling in (fold(word), *latin_forms(word)))
    return Term(tsquery=" | ".join(map(_beginning, spellings)), word=fold(word)[:LONGEST])


def _number_term(pieces: list[str]) -> Term:
    apart = " & ".join(map(_beginning, (piece[:LONGEST] for piece in pieces)))
    return Term(tsquery=f"{_beginning(''.join(pieces)[:LONGEST])} | ({apart})", word=None)


def _beginning(lexeme: str) -> str:
    """A single character is a word of its own: as a beginning it would be half of all there is."""
    return f"'{lexeme}'" if len(lexeme) == 1 else f"'{lexeme}':*"


def _spellings(text: str) -> list[str]:
    joined = ["".join(pieces) for pieces in compounds(text)[0]]
    return [*words(text), *latin_forms(text), *joined]


def _ends(word: str) -> Iterator[str]:
    return (word[start : start + LONGEST] for start in range(1, len(word) - _SHORTEST_END + 1))
