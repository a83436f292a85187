"""``Upload-Metadata``: pairs of a key and a text in base64, separated by commas."""

import base64
import binascii
from collections.abc import Mapping

from storage.callers.invitations import Invited
from storage.details import FIELDS
from storage.errors import InvalidFields, InvalidHeader
from storage.resumable.model import Said

_HEADER = "Upload-Metadata"
_NAMES = ("filename", "name")
_TYPES = ("filetype", "type")
_PASSED_OVER = frozenset({"relativePath"})  # Uppy sends it with every file
_KNOWN = frozenset({*_NAMES, *_TYPES, *_PASSED_OVER, *FIELDS})


def parse_metadata(header: str | None, invited: Invited | None) -> Said:
    """What it says of the file; an invitation's number and category stand whatever it says.

    Raises `InvalidHeader` for what cannot be read, `InvalidFields` for what is unknown or may not be, and what
    `parse_details` raises.
    """
    pairs = _pairs(header or "")
    unknown = [name for name in pairs if name not in _KNOWN]
    if unknown:
        known = ", ".join(sorted(_KNOWN))
        raise InvalidFields(*((name[:100], f"is unknown in {_HEADER}: use {known}") for name in unknown))
    fields = {name: value for name, value in pairs.items() if name in FIELDS}
    if invited is not None:
        _bind(fields, "request_number", invited.request_number)
        _bind(fields, "category", None if invited.category is None else invited.category.value)
    said = Said(filename=_first(pairs, _NAMES), declared_type=_first(pairs, _TYPES), fields=fields)
    _require_storable(said)
    said.details  # noqa: B018 -- raises what is wrong with the fields before anything is created
    return said


def _pairs(header: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for pair in header.split(","):
        key, _, encoded = pair.strip().partition(" ")
        if not key:
            if header.strip():
                raise InvalidHeader(header=_HEADER, reason="has an empty pair")
            continue
        if key in pairs:
            raise InvalidHeader(header=_HEADER, reason=f"has the key {key[:100]} more than once")
        pairs[key] = _decoded(key, encoded.strip())
    return pairs


def _decoded(key: str, encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidHeader(header=_HEADER, reason=f"has no base64 of UTF-8 under the key {key[:100]}") from error


def _bind(fields: dict[str, str], name: str, value: str | None) -> None:
    if value is None:
        return
    if fields.get(name, "").strip() not in ("", value):
        raise InvalidFields((name, f"is {value} for every file of this invitation"))
    fields[name] = value


def _first(pairs: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((pairs[name] for name in names if pairs.get(name)), None)


def _require_storable(said: Said) -> None:
    """PostgreSQL takes no NUL in JSON; the other fields are looked at by their own rules."""
    wrong = [
        name for name, text in (("filename", said.filename), ("filetype", said.declared_type)) if "\0" in (text or "")
    ]
    if wrong:
        raise InvalidFields(*((name, "must not contain NUL characters") for name in wrong))
