"""Single values of the predecessor's rows, as people and programs left them there, made into ours."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.content import default_category
from storage.content.lookup import file_type_of
from storage.details import DESCRIPTION_LIMIT, TAG_LIMIT, TAGS_LIMIT, clean_tags
from storage.domain import Category, FileType
from storage.request_numbers import InvalidRequestNumber, parse_loose, parse_request_number

_TELEGRAM_BEGAN = datetime(2013, 8, 14, tzinfo=UTC)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_TAG_KEYS = ("tag_name", "tag", "name", "label", "value")
_SEPARATORS = re.compile(r"[,;\n]")
_STAGES = {
    "request": "request",
    "requests": "request",
    "before": "request",
    "report": "report",
    "reports": "report",
    "completion": "completion",
    "completed": "completion",
    "after": "completion",
    "done": "completion",
}
_ALIASES = {
    "process": Category.PROCESS_VIDEO,
    "profile_photo": Category.AVATAR,
    "plate": Category.ACCESS_PLATE,
    "overview": Category.ACCESS_OVERVIEW,
    "general": Category.OTHER,
    "misc": Category.OTHER,
}
_TYPE_ALIASES = {
    "image": FileType.PHOTO,
    "picture": FileType.PHOTO,
    "gif": FileType.ANIMATION,
    "videonote": FileType.VIDEO_NOTE,
    "file": FileType.DOCUMENT,
}


def clean(text: str | None) -> str | None:
    """Without what PostgreSQL and UTF-8 cannot hold; None for nothing but spaces."""
    cleaned = _UNSTORABLE.sub("", text or "").strip()
    return cleaned or None


def integer(text: str | None) -> int | None:
    """A whole number that a ``bigint`` holds, also where it was kept as ``17.0``."""
    try:
        number = int((text or "").strip().removesuffix(".0"))
    except ValueError:
        return None
    return number if abs(number) < 2**63 else None


def moment(text: str | None, *, now: datetime) -> datetime | None:
    """A time between Telegram's beginning and tomorrow; times without a zone are UTC. None for all others."""
    try:
        found = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    try:
        return found.astimezone(UTC) if _TELEGRAM_BEGAN <= found <= now + timedelta(days=1) else None
    except OverflowError:
        return None


def kind(text: str | None, mime: str | None) -> tuple[FileType, bool]:
    """The file type, and whether the word for it was known; else the content type says it."""
    word = (text or "").strip().lower().replace("-", "_").rpartition(".")[2]
    if word in set(FileType):
        return FileType(word), True
    if word in _TYPE_ALIASES:
        return _TYPE_ALIASES[word], True
    return (file_type_of(mime) if mime else FileType.DOCUMENT), not word


def category(word: str | None, subword: str | None, file_type: FileType) -> tuple[Category, bool]:
    """The category, and whether the words for it were known; else it is the one for the kind of the file."""
    first, second = _word(word), _word(subword)
    for candidate in (first, f"{first}_{second}", second if not first else ""):
        if candidate in set(Category):
            return Category(candidate), True
    for candidate in (first, second if not first else ""):
        if candidate in _ALIASES:
            return _ALIASES[candidate], True
    stage = _STAGES.get(first) or (_STAGES.get(second) if not first else None)
    by_kind = default_category(file_type)
    if stage is not None:
        return Category(by_kind.value.replace("request", stage, 1)), True
    return by_kind, not first


def told_by_category(word: str | None, subword: str | None, chosen: Category) -> bool:
    """Whether a category of ours says all that the subcategory did."""
    second = _word(subword)
    return not second or second in chosen.value or second in _STAGES or second == _word(word)


def tags(*texts: str | None) -> tuple[list[str], list[str], bool]:
    """Tags from JSON of any shape; those of them that did not fit; and whether all of it was JSON."""
    found: list[str] = []
    whole = True
    for text in texts:
        some, was_json = _tags_in(text)
        found += some
        whole &= was_json
    cleaned = clean_tags(_UNSTORABLE.sub("", tag) for tag in found)
    short = [tag for tag in cleaned if len(tag) <= TAG_LIMIT]
    kept = short[:TAGS_LIMIT]
    return kept, [tag for tag in cleaned if tag not in set(kept)], whole


def _tags_in(text: str | None) -> tuple[list[str], bool]:
    stripped = (text or "").strip()
    if not stripped or stripped.lower() in ("null", "none"):
        return [], True
    try:
        return list(_strings(json.loads(stripped))), True
    except (ValueError, RecursionError):
        words = (word.strip(" []{}\"'") for word in _SEPARATORS.split(stripped))
        return [word for word in words if word], False


def _strings(value: Any) -> Iterable[str]:
    """A list of words or of objects that name one, an object with words as keys, or a word by itself."""
    match value:
        case str():
            yield value
        case bool() | None:
            return
        case int() | float():
            yield str(value)
        case list():
            for item in value:
                yield from _strings(item)
        case dict():
            named = [value[key] for key in _TAG_KEYS if isinstance(value.get(key), str)]
            yield from named[:1] or [key for key, on in value.items() if on not in (None, "") and on is not False]


def request_number(text: str | None, *, now: datetime) -> str | None:
    """A number with a date, as it stands or as people write it. Raises `InvalidRequestNumber` for anything else."""
    stripped = (text or "").strip()
    if not stripped:
        return None
    try:
        return parse_request_number(stripped)
    except InvalidRequestNumber:
        if sum(map(str.isdigit, stripped)) <= 6:  # noqa: PLR2004 -- today's number has no meaning here
            raise
        return parse_loose(stripped, now.date())


def description(*texts: str | None) -> tuple[str | None, bool]:
    """Title, description and caption, each once; and whether all of it fitted."""
    parts: list[str] = []
    for text in texts:
        cleaned = clean(text)
        if cleaned and not any(cleaned in part for part in parts):
            parts = [part for part in parts if part not in cleaned] + [cleaned]
    joined = "\n".join(parts)
    if len(joined) <= DESCRIPTION_LIMIT:
        return joined or None, True
    return joined[: DESCRIPTION_LIMIT - 1] + "…", False


def _word(text: str | None) -> str:
    return (text or "").strip().lower().replace("-", "_").replace(" ", "_").rpartition(".")[2]
