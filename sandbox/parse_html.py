"""`parse_mode=HTML`, with the server's error texts (byte offsets count UTF-8)."""

import html
import re
from dataclasses import dataclass
from typing import Final

from sandbox.entities import EntityParseError, utf16
from sandbox.model import Json

_TOKEN: Final = re.compile(r"<(/?)([^<>]*)>|&(#x?[0-9a-fA-F]+|lt|gt|amp|quot);", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"""([A-Za-z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?""")
_TYPES: Final = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}


@dataclass(slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    start: int  # in characters of the text so far
    at: int  # byte offset of the tag


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._text = ""
        self._stack: list[_Open] = []
        self._entities: list[Json] = []

    def run(self) -> tuple[str, list[Json]]:
        at = 0
        for token in _TOKEN.finditer(self._source):
            self._plain(self._source[at : token.start()], at)
            at = token.end()
            if token[3]:
                self._text += html.unescape(token[0])
            elif token[1]:
                self._end(token[2].strip().lower(), token.start())
            else:
                self._start(token[2], token.start())
        self._plain(self._source[at:], at)
        if self._stack:
            raise EntityParseError(f'Can\'t find end tag corresponding to start tag "{self._stack[-1].tag}"')
        return self._text, self._entities

    def _offset(self, at: int) -> int:
        return len(self._source[:at].encode())

    def _plain(self, text: str, at: int) -> None:
        if "<" in text:
            offset = self._offset(at + text.index("<"))
            raise EntityParseError(f"Unclosed start tag at byte offset {offset}")
        self._text += text

    def _start(self, inside: str, at: int) -> None:
        name, _, rest = inside.strip().partition(" ")
        tag = name.lower()
        if tag not in _TYPES:
            raise EntityParseError(f'Unsupported start tag "{tag}" at byte offset {self._offset(at)}')
        attributes = {key.lower(): a or b or c for key, a, b, c in _ATTRIBUTE.findall(rest)}
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise EntityParseError(f'Tag "span" must have class "tg-spoiler" at byte offset {self._offset(at)}')
        self._stack.append(_Open(tag, attributes, len(self._text), self._offset(at)))

    def _end(self, tag: str, at: int) -> None:
        offset = self._offset(at)
        if not self._stack:
            raise EntityParseError(f"Unexpected end tag at byte offset {offset}")
        opened = self._stack.pop()
        if tag and tag != opened.tag:
            raise EntityParseError(
                f'Unmatched end tag at byte offset {offset}, expected "</{opened.tag}>", found "</{tag}>"'
            )
        if len(self._text) > opened.start:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        inner = self._text[opened.start :]
        entity: Json = {"offset": utf16(self._text[: opened.start]), "length": utf16(inner)}
        entity["type"] = _TYPES[opened.tag]
        if opened.tag == "a":
            entity["url"] = html.unescape(opened.attributes.get("href") or inner)
        elif opened.tag == "tg-emoji":
            entity["custom_emoji_id"] = opened.attributes.get("emoji-id", "")
        elif opened.tag == "blockquote" and "expandable" in opened.attributes:
            entity["type"] = "expandable_blockquote"
        elif opened.tag == "code":
            entity |= self._language(opened)
        if entity["type"] == "pre" and self._entities and "inside" in self._entities[-1]:
            entity["language"] = self._entities.pop()["inside"]
        self._entities.append(entity)

    def _language(self, opened: _Open) -> Json:
        """`<pre><code class="language-x">` is one entity of kind pre; the inner one is dropped by the outer."""
        named = opened.attributes.get("class", "")
        nested = self._stack and self._stack[-1].tag == "pre" and self._stack[-1].start == opened.start
        return {"inside": named.removeprefix("language-")} if nested and named.startswith("language-") else {}


def parse(source: str) -> tuple[str, list[Json]]:
    """Text and entities. Raises EntityParseError."""
    text, entities = _Parser(source).run()
    return text, sorted(entities, key=lambda one: (one["offset"], -one["length"]))
