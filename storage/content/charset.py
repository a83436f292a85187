"""Which encoding bytes of text are in, and whether they are text at all.

libmagic calls every 8-bit text iso-8859-1; people here write Russian and Uzbek, so the three Cyrillic
encodings still in use are told apart by letter frequency.
"""

import codecs
import re
from dataclasses import dataclass
from types import MappingProxyType

_CONTROLS = bytes({*range(0x07), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F})
_WIDE_CONTROLS = re.compile("[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f\ufffe\uffff]")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32le"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32be"),
    (codecs.BOM_UTF16_LE, "utf-16le"),
    (codecs.BOM_UTF16_BE, "utf-16be"),
)
_CYRILLIC = ("windows-1251", "koi8-r", "ibm866")
_FREQUENCY = MappingProxyType(
    {"о": 110, "е": 85, "а": 80, "и": 74, "н": 67, "т": 63, "с": 55, "р": 47, "в": 45, "л": 44, "к": 35}
    | {"м": 32, "д": 30, "п": 28, "у": 26, "я": 20, "ы": 19, "ь": 17, "г": 17, "з": 16, "б": 16, "ч": 14}
    | {"й": 12, "х": 10, "ж": 9, "ш": 7, "ю": 6, "ц": 5, "щ": 4, "э": 3, "ф": 3, "ъ": 1, "ё": 1, "ў": 9, "қ": 9}
)
"""How often a letter occurs in a thousand letters of Russian (and two of Uzbek)."""
_UPPER_WEIGHT = 0.7  # text is mostly lower case, and KOI8-R holds it where CP1251 holds upper case
_STRANGE_WEIGHT = -40.0  # box drawing and the like: hardly ever inside words
_SAMPLE = 4096


@dataclass(frozen=True, kw_only=True)
class Text:
    """Decoded text without its byte order mark, and the IANA name of its encoding."""

    text: str
    charset: str


def decode_text(head: bytes, *, complete: bool) -> Text | None:
    """Decode the beginning of a file; None when it is not text.

    A character cut at the end of an incomplete head is dropped. Bytes that are pure ASCII so far count as UTF-8.
    """
    for mark, charset in _BOMS:
        if head.startswith(mark):
            return _strict(head[len(mark) :], charset, complete=complete)
    body = head.rstrip(b"\x1a") if complete else head  # DOS editors end a file with it
    if len(body.translate(None, _CONTROLS)) < len(body):  # three times as fast as to search for them
        return _unmarked_utf16(head, complete=complete)
    if body.isascii():
        return Text(text=body.decode("ascii"), charset="utf-8")
    return _strict(body, "utf-8", complete=complete) or _eight_bit(body)


def guess_charset(data: bytes) -> str:
    """The most likely 8-bit encoding of bytes that are not UTF-8. Never fails."""
    runs = _HIGH_RUN.findall(data[:_SAMPLE])
    if not runs or sum(map(len, runs)) < 2 * len(runs):
        return "windows-1252"  # single accented letters inside Latin words
    sample = b" ".join(runs)
    return max(_CYRILLIC, key=lambda charset: _likeness(sample.decode(charset, "replace")))


def _likeness(text: str) -> float:
    score = 0.0
    for char in text:
        lower = char.lower()
        weight = _FREQUENCY.get(lower)
        if weight is None:
            score += 0.0 if char == " " else _STRANGE_WEIGHT
        else:
            score += weight if lower == char else weight * _UPPER_WEIGHT
    return score


def _strict(body: bytes, charset: str, *, complete: bool) -> Text | None:
    try:
        text = codecs.getincrementaldecoder(charset)().decode(body, complete)
    except UnicodeDecodeError:
        return None
    return None if _WIDE_CONTROLS.search(text) else Text(text=text, charset=charset)


def _eight_bit(body: bytes) -> Text:
    charset = guess_charset(body)
    return Text(text=body.decode(charset, "replace"), charset=charset)


def _unmarked_utf16(head: bytes, *, complete: bool) -> Text | None:
    """UTF-16 without a mark: in Latin and Cyrillic text every other byte is 0x00 or 0x04."""
    even, odd = head[0::2], head[1::2]
    for high, low, charset in ((odd, even, "utf-16le"), (even, odd, "utf-16be")):
        pages = high.count(0) + high.count(4)
        if len(head) >= 8 and pages > 0.8 * len(high) and low.count(0) == 0:  # noqa: PLR2004 - as said above
            return _strict(head, charset, complete=complete)
    return None
