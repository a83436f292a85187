"""The text fields of an upload, from the query and from a form, each once."""

from collections.abc import Iterable

from storage.details import Details
from storage.errors import InvalidFields, MalformedBody
from web.upload.rules import STREAM, FieldRules

FILE_NAMES = frozenset({"file", "files"})
MOST_FIELDS = 64
MOST_FIELD_BYTES = 64 * 1024
MOST_FIELDS_BYTES = 2 * 1024 * 1024


class Fields:
    """Collects fields in any order; nothing is overwritten in silence."""

    def __init__(self, query: Iterable[tuple[str, str]] = (), rules: FieldRules = STREAM) -> None:
        self._rules = rules
        self.values: dict[str, str] = {}
        self._bytes = 0
        for name, value in query:
            self._add(name, value)

    def expect(self, name: str) -> None:
        """Raise `InvalidFields` for a field that no upload has, before its value is read."""
        if name not in self._rules.names:
            known = ", ".join(sorted(self._rules.names | {"file"}))
            raise InvalidFields((name[:100], f"is not a field of this call: use one of {known}"))

    def add_bytes(self, name: str, value: bytes) -> None:
        """Raises `InvalidFields` for a field that came before or is no UTF-8, `MalformedBody` for too many bytes."""
        self._bytes += len(value)
        if self._bytes > MOST_FIELDS_BYTES:
            raise MalformedBody(reason=f"the fields have more than {MOST_FIELDS_BYTES} bytes")
        try:
            self._add(name, value.decode())
        except UnicodeDecodeError as error:
            raise InvalidFields((name, "is not UTF-8")) from error

    def details(self, *, whole: bool = False) -> Details:
        """What the fields say so far, or with ``whole`` all that they say. Raises what `FieldRules.details` raises."""
        return self._rules.details(self.values, whole=whole)

    def _add(self, name: str, value: str) -> None:
        if name in self.values:
            raise InvalidFields((name, "is given more than once"))
        self.values[name] = value
