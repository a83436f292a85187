"""What people write after a command."""

import re
from datetime import date

from storage.errors import InvalidRequestNumber, MediaNotFound
from storage.request_numbers import InvalidRequestNumber as NotANumber
from storage.request_numbers import RequestNumber, parse_loose

_ID = re.compile(r"#?([0-9]{1,19})")
_MAX_ID = 2**63 - 1


def media_id(args: str | None) -> int | None:
    """``17`` or ``#17``; None where nothing was written. Raises `MediaNotFound` for what can be no id."""
    text = (args or "").strip()
    if not text:
        return None
    found = _ID.fullmatch(text)
    if found is None or not 0 < int(found[1]) <= _MAX_ID:
        raise MediaNotFound
    return int(found[1])


def request_number(text: str | None, *, today: date) -> RequestNumber | None:
    """A number as people write it alone; None where nothing was written. Raises `InvalidRequestNumber`."""
    text = (text or "").strip()
    if not text:
        return None
    try:
        return parse_loose(text, today)
    except NotANumber as error:
        raise InvalidRequestNumber(value=text[:64]) from error
