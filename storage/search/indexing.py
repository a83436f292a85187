"""The index in SQL: `Media.search` is a tsvector of lexemes that Python folds and of stems that PostgreSQL makes.

Nothing but what PostgreSQL has built in is used: neither pg_trgm nor unaccent, which a hosted or embedded server may
lack. The configuration ``russian`` stems Cyrillic words as Russian and Latin ones as English.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, cast, false, func, literal, literal_column
from sqlalchemy.dialects.postgresql import TSQUERY

from storage.search.lexemes import Searchable, Term, terms_of
from storage.tables import Media

_STEMS: ColumnElement[Any] = literal_column("'russian'::regconfig")


def vector_of(media: Media, numbers: Sequence[str]) -> ColumnElement[Any]:
    """What `Media.search` is to be, for a media attached to the requests ``numbers``."""
    names = (media.filename, media.external_id or "", *media.tags)
    searchable = Searchable(names=names, numbers=tuple(numbers), prose=media.description or "")
    return vector(literal(searchable.stemmed()), cast(searchable.lexemes(), ARRAY(Text)))


def vector(stemmed: ColumnElement[str], lexemes: ColumnElement[Any]) -> ColumnElement[Any]:
    """The same of what a `Searchable` gives, as SQL."""
    stems = func.strip(func.to_tsvector(_STEMS, stemmed))
    return stems.op("||")(func.array_to_tsvector(lexemes))


def matches(query: str) -> ColumnElement[bool]:
    """The condition on `Media` that it holds every word of ``query``. A query without words finds nothing."""
    terms = terms_of(query)
    if not terms:
        return false()
    asked = reduce(lambda one, other: one.op("&&")(other), map(_tsquery, terms))
    return Media.search.op("@@", is_comparison=True)(asked)


def _tsquery(term: Term) -> ColumnElement[Any]:
    words = cast(literal(term.tsquery), TSQUERY)
    if term.word is None:
        return words
    return words.op("||")(func.plainto_tsquery(_STEMS, term.word)).self_group()
