"""What a client says a file is, held against what the bytes say."""

from collections.abc import Iterator

from storage.content.lookup import normalise, row_by_filename, row_of
from storage.content.model import ContentType
from storage.content.table import EMPTY, OCTET_STREAM, TEXT, Family, Row

_SAYS_NOTHING = frozenset(
    {
        OCTET_STREAM,
        EMPTY,
        "application/x-www-form-urlencoded",  # curl --data-binary
        "multipart/form-data",
        "application/force-download",
        "application/download",
        "application/x-download",
        "application/x-unknown",
        "*/*",
    }
)
_TAKEN_FOR = frozenset({("application/vnd.ms-excel", TEXT)})
"""Innocent mistakes: browsers on a Windows with Excel declare CSV files so."""


class TypeContradiction(ValueError):
    """The declared content type and the bytes belong to different families."""

    def __init__(self, declared: str, detected: str) -> None:
        super().__init__(f"declared as {declared}, but the bytes are {detected}")
        self.declared = declared
        self.detected = detected


def resolve(detected: ContentType, *, declared: str | None, filename: str | None) -> ContentType:
    """The content type to keep: that of the bytes, refined by the client's hints where they can be true.

    A hint refines what the head may not show (a ZIP named ``.docx``, plain text declared as CSV). Raises
    `TypeContradiction` for a declared type of another family. A name alone never does,
    except over a program: ``photo.jpg`` with the bytes of one is refused. Nor does a name alone make a file active
    content, since that could get it refused; a declared type does.
    """
    said = _declared_row(declared)
    named = row_by_filename(filename) if filename else None
    if said and not _compatible(said, detected.row):
        raise TypeContradiction(said.mime, detected.mime)
    if named and _is_disguise(named, detected.row):
        raise TypeContradiction(named.mime, detected.mime)
    for row in _refinements(detected.row, said, named):
        return ContentType(row=row, charset=detected.charset, animated=detected.animated)
    return detected


def _declared_row(declared: str | None) -> Row | None:
    name = normalise(declared) if declared else None
    return row_of(name) if name and name not in _SAYS_NOTHING else None


def _refinements(detected: Row, said: Row | None, named: Row | None) -> Iterator[Row]:
    if said and (_is_within(said, detected.mime) or (_is_unknown(said) and detected.mime == OCTET_STREAM)):
        yield said
    if named and not named.active and _is_within(named, detected.mime):
        yield named


def _is_within(row: Row, mime: str) -> bool:
    """Whether bytes of this row's type may look like ``mime`` at first."""
    while row.within is not None:
        if row.within == mime:
            return True
        row = row_of(row.within)
    return False


def _compatible(said: Row, detected: Row) -> bool:
    if said.family is detected.family or detected.mime == EMPTY or (said.mime, detected.mime) in _TAKEN_FOR:
        return True
    return _is_unknown(said) or _is_within(said, detected.mime) or _is_within(detected, said.mime)


def _is_unknown(said: Row) -> bool:
    """A type the table does not know, so nothing can be held against it; the policy has to name it."""
    return said.family is Family.OTHER and not said.listed


def _is_disguise(named: Row, detected: Row) -> bool:
    harmless_name = not named.executable and not named.active and named.mime != OCTET_STREAM
    return detected.executable and harmless_name and not _is_within(detected, named.mime)
