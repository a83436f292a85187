"""The root of all errors."""

from typing import ClassVar


class MediagateError(Exception):
    """The root. ``fields`` are safe to show to the caller."""

    code: ClassVar[str] = "error"

    def __init__(self, **fields: object) -> None:
        self.fields = {name: value for name, value in fields.items() if value is not None}
        super().__init__(self.code, self.fields)

    def __str__(self) -> str:
        shown = " ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"{self.code} {shown}".rstrip()
