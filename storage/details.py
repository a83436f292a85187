"""What a caller says about a file besides its bytes, checked in one place for both doors."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from storage.domain import Category
from storage.errors import InvalidFields, InvalidRequestNumber
from storage.request_numbers import InvalidRequestNumber as NotANumber
from storage.request_numbers import RequestNumber, parse_request_number

DESCRIPTION_LIMIT, TAG_LIMIT, TAGS_LIMIT, EXTERNAL_ID_LIMIT, UPLOADED_BY_LIMIT = 2000, 64, 50, 200, 64
"""Characters of a description, characters of a tag, tags, characters of an external id and of a label."""

FIELDS = frozenset({"request_number", "category", "description", "tags", "uploaded_by", "external_id"}) | {
    "on_duplicate",
    "override",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Details:
    """The fields of an upload. ``category`` None: by the kind of the file."""

    request_number: RequestNumber | None = None
    category: Category | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    uploaded_by: str | None = None
    external_id: str | None = None
    return_duplicate: bool = False
    override: bool = False
    """Attach also to a request that is closed: for those who may."""

    @property
    def numbers(self) -> tuple[RequestNumber, ...]:
        """The requests it is about to be attached to."""
        return () if self.request_number is None else (self.request_number,)


NO_DETAILS = Details()


def parse_details(fields: Mapping[str, str]) -> Details:
    """Read upload fields as text; an empty value is a missing one.

    Raises `InvalidRequestNumber`, or `InvalidFields` that names every field which is wrong or unknown.
    """
    wrong = [(name, f"is not a field of this call: use one of {', '.join(sorted(FIELDS))}")
             for name in fields if name not in FIELDS]  # fmt: skip
    given = {name: value for name, value in fields.items() if value.strip()}
    for name, limit in _TEXT_LIMITS.items():
        wrong += _text_faults(name, given.get(name), limit)
    category = _category(given.get("category"), wrong)
    tags = _tags(given.get("tags"), wrong)
    on_duplicate = given.get("on_duplicate", "keep")
    if on_duplicate not in ("keep", "return"):
        wrong.append(("on_duplicate", "must be keep or return"))
    override = given.get("override", "false").lower()
    if override not in ("true", "false"):
        wrong.append(("override", "must be true or false"))
    if wrong:
        raise InvalidFields(*wrong)
    return Details(
        request_number=_request_number(given.get("request_number")),
        category=category,
        description=given.get("description"),
        tags=tags,
        uploaded_by=given.get("uploaded_by"),
        external_id=given.get("external_id"),
        return_duplicate=on_duplicate == "return",
        override=override == "true",
    )


_TEXT_LIMITS = {
    "description": DESCRIPTION_LIMIT,
    "external_id": EXTERNAL_ID_LIMIT,
    "uploaded_by": UPLOADED_BY_LIMIT,
}


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags as they are kept: without ``#``, trimmed, lower case, each once, in the order given."""
    cleaned = (tag.strip().lstrip("#").strip().casefold() for tag in tags)
    return tuple(dict.fromkeys(tag for tag in cleaned if tag))


def _text_faults(name: str, value: str | None, limit: int) -> list[tuple[str, str]]:
    if value is None:
        return []
    if not _is_storable(value):
        return [(name, "must not contain NUL characters or halves of surrogate pairs")]
    return [(name, f"is longer than {limit} characters")] if len(value) > limit else []


def _is_storable(value: str) -> bool:
    """PostgreSQL takes no NUL, and UTF-8 no lone surrogate, which JSON can spell."""
    return "\x00" not in value and not any("\ud800" <= char <= "\udfff" for char in value)


def _category(value: str | None, wrong: list[tuple[str, str]]) -> Category | None:
    if value is None:
        return None
    try:
        return Category(value.strip())
    except ValueError:
        wrong.append(("category", f"must be one of {', '.join(Category)}"))
        return None


def _tags(value: str | None, wrong: list[tuple[str, str]]) -> tuple[str, ...]:
    if value is None:
        return ()
    items: object = value.split(",")
    if value.lstrip().startswith(("[", "{")):
        try:
            items = json.loads(value)
        except (ValueError, RecursionError):
            items = None
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        wrong.append(("tags", 'must be a JSON array of strings, such as ["urgent"], or words separated by commas'))
        return ()
    tags = clean_tags(items)
    if len(tags) > TAGS_LIMIT:
        wrong.append(("tags", f"are more than {TAGS_LIMIT}"))
    if any(len(tag) > TAG_LIMIT or not _is_storable(tag) for tag in tags):
        wrong.append(("tags", f"has a tag of more than {TAG_LIMIT} characters, or with characters that are no text"))
    return tags


def _request_number(value: str | None) -> RequestNumber | None:
    if value is None:
        return None
    try:
        return parse_request_number(value)
    except NotANumber as error:
        raise InvalidRequestNumber(value=value[:64]) from error
