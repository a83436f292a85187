"""What people write after the commands that attach, detach and move."""

import re
from dataclasses import dataclass
from datetime import date

from storage.domain import MediaId, Stage
from storage.errors import InvalidRequestNumber
from storage.request_numbers import InvalidRequestNumber as NotANumber
from storage.request_numbers import RequestNumber, parse_loose

MOST_LAST = 50
_LONGEST_NUMBER = 4
"""Words a request number may be spread over: ``№ 250926 - 1``."""

_STAGES = {
    **dict.fromkeys(("before", "до", "oldin", "avval"), Stage.BEFORE),
    **dict.fromkeys(("after", "после", "keyin"), Stage.AFTER),
}
_LAST = ("last", "последние", "последний", "последних", "oxirgi", "songgi", "so'nggi")
_DATED = re.compile(r"[#№r\s]*[0-9]{6}", re.IGNORECASE)
_ID = re.compile(r"#?([0-9]{1,18})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """``250926-001 after last 5``: requests, which stage, and which media: by ids, or so many of one's last ones."""

    numbers: tuple[RequestNumber, ...] = ()
    stage: Stage | None = None
    last: int | None = None
    ids: tuple[MediaId, ...] = ()


def read_asked(args: str | None, *, today: date, number_first: bool) -> Asked:
    """``number_first``: a first word like ``1`` is today's request; else, and after a number, it is a media.

    Raises `InvalidRequestNumber` with what cannot be understood.
    """
    words, stage, last = _without_stage_and_last((args or "").split())
    numbers: list[RequestNumber] = []
    ids: list[MediaId] = []
    while words:
        length, number = _number(words, today, short=number_first and not numbers and not ids)
        if number is not None:
            numbers.append(number)
        elif found := _ID.fullmatch(words[0]):
            ids.append(MediaId(int(found[1])))
        else:
            raise InvalidRequestNumber(value=" ".join(words)[:64])
        words = words[length:]
    return Asked(numbers=tuple(dict.fromkeys(numbers)), stage=stage, last=last, ids=tuple(dict.fromkeys(ids)))


def _without_stage_and_last(words: list[str]) -> tuple[list[str], Stage | None, int | None]:
    kept: list[str] = []
    stage: Stage | None = None
    last: int | None = None
    while words:
        word, *words = words
        if word.lower() in _STAGES:
            stage = _STAGES[word.lower()]
        elif word.lower() in _LAST:
            last = 1
            if words and words[0].isdecimal():
                last = max(1, min(MOST_LAST, int(words[0][:6])))
                words = words[1:]
        else:
            kept.append(word)
    return kept, stage, last


def _number(words: list[str], today: date, *, short: bool) -> tuple[int, RequestNumber | None]:
    """How many words make up the number they begin with, the longest way to read it; (1, None): none."""
    for length in range(min(_LONGEST_NUMBER, len(words)), 0, -1):
        text = " ".join(words[:length])
        try:
            if short or _DATED.match(text):
                return length, parse_loose(text, today)
        except NotANumber:
            continue
    return 1, None
