"""Request numbers: ``YYMMDD-NNN``, strict in the API and forgiving in what people write."""

import re
import unicodedata
from datetime import date
from typing import NewType

RequestNumber = NewType("RequestNumber", str)

MAX_TAG_LENGTH = 64

_STRICT = re.compile(r"([0-9]{6})-([0-9]{3,9})")
_DASH = "[-‐‑‒–—−_]"  # what keyboards and autocorrection make of a hyphen, and the hashtag's underscore
_SEPARATOR = rf"(?:\s?{_DASH}\s?|\s)"
_IN_TEXT = re.compile(
    rf"""
    (?<![\w+@-]) (?<![0-9][.:])                 # not inside a word, a phone number, an amount, a time
    (?:
        (?:\#\s?r?|№\s?\#?) (?P<day>[0-9]{{6}}) {_SEPARATOR} (?P<serial>[0-9]{{1,9}})
      | (?P<bare_day>[0-9]{{6}}) \s?{_DASH}\s? (?P<bare_serial>[0-9]{{3,9}})
      | (?: \#(?P<hash_today>[0-9]{{3}}) | №\s?(?P<sign_today>[0-9]{{1,3}}) )
    )
    (?! \w | \s?{_DASH}\s?[0-9] | [.:][0-9] | @ )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LOOSE = re.compile(
    rf"(?:\#|№|r)*\s?(?:(?P<day>[0-9]{{6}})(?:{_SEPARATOR}(?P<serial>[0-9]{{1,9}})|(?P<joined>[0-9]{{3,9}}))"
    r"|(?P<today>[0-9]{1,5}))",
    re.IGNORECASE,
)
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://\S+", re.IGNORECASE)
_PHONE_BEFORE = re.compile(r"\+[0-9][0-9 ()-]{0,24}$")
_WORD_BEFORE = re.compile(r"([^\W\d_]+)\.?\s*$")
_OTHER_NUMBERED = (
    *("кв", "дом", "корп", "подъезд", "этаж", "офис", "школ", "сад", "лифт", "каб", "комнат", "блок", "секци"),
    *("фото", "видео", "рис", "файл", "стр", "пункт", "вариант", "счет", "счёт", "договор", "акт"),
    *("uy", "xonadon", "kv", "dom", "apt", "flat", "room", "building", "photo", "video", "file", "page"),
)
"""Words whose ``№ 5`` is a house, a photo or a page, not today's fifth request."""
_HASHTAG = re.compile(r"(?<![\w#&/])#(\w+)")
_REQUEST_TAG = re.compile(r"r[0-9]{6}_[0-9]{3,9}")


class InvalidRequestNumber(ValueError):
    """A text that is no request number, or whose date does not exist. ``value`` is that text."""

    def __init__(self, value: str) -> None:
        super().__init__(f"{value!r} is not a request number (YYMMDD-NNN)")
        self.value = value


def parse_request_number(text: str) -> RequestNumber:
    """The API's form: a real date as YYMMDD in 20YY, a hyphen, three to nine digits. Else `InvalidRequestNumber`."""
    match = _STRICT.fullmatch(text)
    if match is None or not _is_date(match[1]):
        raise InvalidRequestNumber(text)
    return RequestNumber(text)


def parse_loose(text: str, today: date) -> RequestNumber:
    """A number that stands alone, after a command for instance: ``1``, ``№001``, ``250926 1``, ``#r250926_001``.

    Without a date it is today's. Raises `InvalidRequestNumber`.
    """
    match = _LOOSE.fullmatch(text.strip())
    if match is None:
        raise InvalidRequestNumber(text)
    if match["today"]:
        return _today(match["today"], today)
    if not _is_date(match["day"]):
        raise InvalidRequestNumber(text)
    return _number(match["day"], match["serial"] or match["joined"])


def find_request_numbers(text: str, *, today: date) -> list[RequestNumber]:
    """The numbers in a caption or message, in order, each once.

    With ``#``, ``№`` or ``#r`` before them they may be short and spaced (``№ 250926 1``); bare ones need a dash and
    three digits; ``#001`` and ``№1`` are today's. Impossible dates, links and phone numbers are passed over.
    """
    text = _URL.sub(" ", text)
    found: dict[RequestNumber, None] = {}
    for match in _IN_TEXT.finditer(text):
        number = _from_match(match, today)
        if number is not None and not _PHONE_BEFORE.search(text[: match.start()][-26:]):
            found[number] = None
    return list(found)


def hashtag(number: RequestNumber) -> str:
    """As Telegram makes it tappable: a hashtag needs a letter and ends at a hyphen, so ``#r250926_001``."""
    return "#r" + number.replace("-", "_")


def find_hashtags(text: str) -> list[str]:
    """The other hashtags, without ``#``, lower case, in order, each once; those over 64 characters are left out."""
    tags = (match[1].lower() for match in _HASHTAG.finditer(unicodedata.normalize("NFC", _URL.sub(" ", text))))
    return list(
        dict.fromkeys(
            tag
            for tag in tags
            if len(tag) <= MAX_TAG_LENGTH and any(map(str.isalpha, tag)) and not _REQUEST_TAG.fullmatch(tag)
        )
    )


def _from_match(match: re.Match[str], today: date) -> RequestNumber | None:
    day = match["day"] or match["bare_day"]
    if day:
        return _number(day, match["serial"] or match["bare_serial"]) if _is_date(day) else None
    if match["hash_today"]:
        return _today(match["hash_today"], today)
    word = _WORD_BEFORE.search(match.string[: match.start()][-40:])
    if word and word[1].lower().startswith(_OTHER_NUMBERED):
        return None
    return _today(match["sign_today"], today)


def _today(serial: str, today: date) -> RequestNumber:
    return _number(f"{today:%y%m%d}", serial)


def _number(day: str, serial: str) -> RequestNumber:
    return RequestNumber(f"{day}-{serial.zfill(3)}")


def _is_date(day: str) -> bool:
    try:
        date(2000 + int(day[:2]), int(day[2:4]), int(day[4:]))
    except ValueError:
        return False
    return True
