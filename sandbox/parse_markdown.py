"""`parse_mode=MarkdownV2` and the old `Markdown`, with the server's error texts."""

from dataclasses import dataclass
from typing import Final

from sandbox.entities import EntityParseError, utf16
from sandbox.model import Json

_RESERVED: Final = "_*[]()~`>#+-=|{}.!"
# Longer marks first: `__` is underline, `_` italic.
_MARKS: Final = (("```", "pre"), ("||", "spoiler"), ("__", "underline"), ("`", "code"), ("*", "bold"))
_MORE_MARKS: Final = (("_", "italic"), ("~", "strikethrough"))
_NAMES: Final = {
    "pre": "PreCode",
    "code": "Code",
    "spoiler": "Spoiler",
    "underline": "Underline",
    "bold": "Bold",
    "italic": "Italic",
    "strikethrough": "Strikethrough",
    "text_link": "TextUrl",
}


@dataclass(slots=True)
class _Open:
    kind: str
    mark: str
    start: int
    at: int


class _V2:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._text = ""
        self._stack: list[_Open] = []
        self._entities: list[Json] = []

    def run(self) -> tuple[str, list[Json]]:
        while self._at < len(self._source):
            self._step()
        if self._stack:
            last = self._stack[-1]
            raise EntityParseError(f"Can't find end of {_NAMES[last.kind]} entity at byte offset {last.at}")
        return self._text, self._entities

    def _step(self) -> None:
        source, at = self._source, self._at
        char = source[at]
        if char == "\\" and at + 1 < len(source) and 0 < ord(source[at + 1]) < 127:  # noqa: PLR2004 - ASCII
            self._text += source[at + 1]
            self._at += 2
            return
        inside = self._stack[-1].kind if self._stack else ""
        if inside in ("pre", "code"):
            self._in_code(inside)
        elif mark := next((one for one in _MARKS + _MORE_MARKS if source.startswith(one[0], at)), None):
            self._mark(*mark)
        elif char == "[":
            self._open("text_link", "]")
        elif char == "]" and inside == "text_link":
            self._link()
        elif char in _RESERVED:
            raise EntityParseError(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")
        else:
            self._text += char
            self._at += 1

    def _in_code(self, kind: str) -> None:
        mark = "```" if kind == "pre" else "`"
        if self._source.startswith(mark, self._at):
            self._close(mark)
        else:
            self._text += self._source[self._at]
            self._at += 1

    def _mark(self, mark: str, kind: str) -> None:
        if self._stack and self._stack[-1].mark == mark:
            self._close(mark)
        else:
            self._open(kind, mark)

    def _open(self, kind: str, mark: str) -> None:
        offset = len(self._source[: self._at].encode())
        self._stack.append(_Open(kind, mark, len(self._text), offset))
        self._at += len(mark)

    def _close(self, mark: str, **extra: str) -> None:
        opened = self._stack.pop()
        self._at += len(mark)
        inner = self._text[opened.start :]
        if inner:
            start = utf16(self._text[: opened.start])
            self._entities.append({"offset": start, "length": utf16(inner), "type": opened.kind, **extra})

    def _link(self) -> None:
        """`[text](url)`; without an address the text stands alone."""
        source, opened = self._source, self._stack[-1]
        if not source.startswith("(", self._at + 1):
            self._stack.pop()
            self._at += 1
            return
        end = source.find(")", self._at)
        if end < 0:
            raise EntityParseError(f"Can't find end of a URL at byte offset {opened.at}")
        url = source[self._at + 2 : end]
        self._close(source[self._at : end + 1], url=url)


class _V1(_V2):
    """The old mode: four marks, no nesting, nothing else is reserved."""

    def _step(self) -> None:
        source, at = self._source, self._at
        char = source[at]
        inside = self._stack[-1] if self._stack else None
        mark = next((one for one in _V1_MARKS if source.startswith(one[0], at)), None)
        if char == "\\" and source[at + 1 : at + 2] in ("_", "*", "`", "["):
            self._text += source[at + 1]
            self._at += 2
        elif inside is not None and inside.kind == "text_link" and char == "]":
            self._link()
        elif inside is not None and source.startswith(inside.mark, at):
            self._close(inside.mark)
        elif inside is None and mark is not None:
            self._open(mark[1], mark[0])
        elif inside is None and char == "[":
            self._open("text_link", "]")
        else:
            self._text += char
            self._at += 1


_V1_MARKS: Final = (("```", "pre"), ("`", "code"), ("*", "bold"), ("_", "italic"))


def _sorted(entities: list[Json]) -> list[Json]:
    return sorted(entities, key=lambda one: (one["offset"], -one["length"]))


def parse_v2(source: str) -> tuple[str, list[Json]]:
    """Text and entities. Raises EntityParseError."""
    text, entities = _V2(source).run()
    return text, _sorted(entities)


def parse_v1(source: str) -> tuple[str, list[Json]]:
    """Text and entities. Raises EntityParseError."""
    text, entities = _V1(source).run()
    return text, _sorted(entities)
