"""Where a page ended, as an opaque text: what is added or deleted meanwhile neither repeats nor hides a row."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime

from storage.errors import InvalidFields
from storage.search.criteria import Sort

_LARGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """The last row of a page: its value of the sort key, and its id."""

    sort: Sort
    value: datetime | int | str
    media_id: int

    def __str__(self) -> str:
        value = self.value.isoformat() if isinstance(self.value, datetime) else self.value
        told = json.dumps([self.sort, value, self.media_id], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, sort: Sort) -> "Cursor":
        """Raises `InvalidFields` for what no page gave out, or one in another order."""
        try:
            told = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            given, value, media_id = json.loads(told)
            given, value, media_id = Sort(given), _value(Sort(given), value), _id(media_id)
        except (ValueError, TypeError, RecursionError, binascii.Error) as error:
            raise InvalidFields(("cursor", "is none that this call gave out")) from error
        if given is not sort:
            raise InvalidFields(("cursor", f"is of a search with sort={given}"))
        return cls(sort=sort, value=value, media_id=media_id)


def _id(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LARGEST:
        raise ValueError(value)
    return value


def _value(sort: Sort, value: object) -> datetime | int | str:
    match sort.lstrip("-"), value:
        case "file_size", int() if not isinstance(value, bool) and 0 <= value <= _LARGEST:
            return value
        case "filename", str() if "\x00" not in value and value.encode():
            return value
        case "uploaded_at", str():
            when = datetime.fromisoformat(value)
            if when.tzinfo is not None:
                return when
    raise ValueError(value)
