"""What a row of the predecessor's ``media_files`` becomes.

A deleted one stays known by its id and nothing else, as with us. Whatever finds no place here is noted with the row,
uncut, so that nothing is lost by moving.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage.content.lookup import extension_of, normalise, row_by_filename
from storage.details import UPLOADED_BY_LIMIT
from storage.domain import Category, FileType, Inspection, MediaStatus
from storage.filenames import clean_filename
from storage.intake.adopting import FALLBACK_TYPES
from storage.legacy import words
from storage.legacy.source import FILE_COLUMNS, Row, chat_id_of
from storage.request_numbers import InvalidRequestNumber

_VERSION = 1
"""Of this mapping: with another number every row is taken for changed, and taken over again."""

_LEAST_RETENTION = timedelta(days=7)
_STATUSES = {
    "active": MediaStatus.ACTIVE,
    "archived": MediaStatus.ARCHIVED,
    "deleted": MediaStatus.DELETED,
}


_ONLY_COPIED = frozenset({FileType.VOICE, FileType.VIDEO_NOTE, FileType.STICKER})
"""What a bot cannot send as a document by its file id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Something about a row that somebody should know: a stable code, the column, and what stood there."""

    code: str
    field: str | None = None
    value: str | None = None

    def as_json(self) -> dict[str, str | None]:
        return {"code": self.code, "field": self.field, "value": self.value}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """``bot_id``: the predecessor's bot, if it is one of ours: its file ids are good then.

    ``owners`` is the realm of ``uploaded_by_user_id``: ``user`` or ``telegram``. ``retention``: days that files of a
    channel are kept, by its chat id. ``fetch_limit`` as in `Adopting`.
    """

    now: datetime
    fetch_limit: int | None
    bot_id: int | None
    owners: str = "user"
    retention: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What is said of a media, and may be changed here."""

    owner: str
    uploaded_by: str | None
    filename: str
    description: str | None
    tags: Sequence[str]
    category: Category
    status: MediaStatus
    expires_at: datetime | None
    numbers: Sequence[str]

    @property
    def footprint(self) -> bytes:
        expires = None if self.expires_at is None else self.expires_at.isoformat()
        return _digest([
            self.owner, self.uploaded_by, self.filename, self.description, list(self.tags), self.category.value,
            self.status.value, expires, sorted(self.numbers),
        ])  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """Where the bytes are and what they are, by the predecessor's word. ``size`` None: unknown."""

    chat_id: int | None
    message_id: int | None
    file_id: str | None
    unique_id: str | None
    file_type: FileType
    content_type: str
    size: int | None
    inspection: Inspection
    thumbnail_file_id: str | None
    uploaded_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapped:
    """A row as it is to be here. ``words`` and ``content`` are None where it cannot be taken over."""

    id: int
    digest: bytes
    file_digest: bytes
    words: Words | None
    content: Content | None
    notes: tuple[Note, ...]
    public: bool = False


def mapped(row: Row, rules: Rules) -> Mapped:
    """What becomes of a row. Never raises."""
    notes: list[Note] = []
    row_id = int(row["id"] or 0)
    content = _content(row, rules, notes)
    status = _status(row, notes)
    deleted = status is MediaStatus.DELETED
    refusal = _refusal(row_id, row, content, deleted=deleted)
    said = None if refusal else (_gone(row, rules, content) if deleted else _words(row, rules, content, status, notes))
    chat_days = rules.retention.get(content.chat_id or 0)
    conditions = [_VERSION, rules.fetch_limit is None, rules.bot_id, rules.owners, chat_days]
    return Mapped(
        id=row_id,
        digest=_digest([*conditions, *(row[name] for name in FILE_COLUMNS)]),
        file_digest=_file_digest(content, rules),
        words=said,
        content=None if refusal else content,
        notes=(refusal,) if refusal else () if deleted else tuple(notes),
        public=row["is_public"] == "true" and not deleted and refusal is None,
    )


def _file_digest(content: Content, rules: Rules) -> bytes:
    place = [content.chat_id, content.message_id, content.file_id, content.unique_id]
    what = [content.size, content.content_type, content.file_type.value]
    return _digest([*place, *what, rules.fetch_limit is None, rules.bot_id])


def refused(row_id: int, code: str) -> Mapped:
    """A row that cannot be taken over, whatever it says."""
    nothing = _digest([code])
    return Mapped(id=row_id, digest=nothing, file_digest=nothing, words=None, content=None, notes=(Note(code=code),))


def _refusal(row_id: int, row: Row, content: Content, *, deleted: bool) -> Note | None:
    if row_id <= 0:
        return Note(code="bad_id", field="id", value=row["id"])
    if deleted or (content.chat_id is not None and content.message_id is not None):
        return None
    if content.file_id is not None and content.file_type not in _ONLY_COPIED:
        return None
    return Note(code="no_place", field="telegram_message_id", value=row["telegram_message_id"])


def _content(row: Row, rules: Rules, notes: list[Note]) -> Content:
    mime = normalise(row["mime_type"] or "")
    file_type, known = words.kind(row["file_type"], mime)
    if not known:
        notes.append(Note(code="type_unknown", field="file_type", value=row["file_type"]))
    named = row_by_filename(row["original_filename"] or "")
    size = words.integer(row["file_size"])
    size = size if size is not None and size > 0 else None
    inspection = Inspection.DONE
    if size is None:
        inspection = Inspection.IMPOSSIBLE
        notes.append(Note(code="size_unknown", field="file_size", value=row["file_size"]))
    elif rules.fetch_limit is not None and size > rules.fetch_limit:
        inspection = Inspection.IMPOSSIBLE
        notes.append(Note(code="telegram_only", field="file_size", value=row["file_size"]))
    own_bot = rules.bot_id is not None
    message_id = words.integer(row["telegram_message_id"])
    return Content(
        chat_id=chat_id_of(row["telegram_channel_id"]),
        message_id=message_id if message_id is not None and 0 < message_id < 2**31 else None,
        file_id=words.clean(row["telegram_file_id"]) if own_bot else None,
        unique_id=words.clean(row["telegram_file_unique_id"]),
        file_type=file_type,
        content_type=mime or FALLBACK_TYPES.get(file_type) or (named.mime if named else "application/octet-stream"),
        size=size,
        inspection=inspection,
        thumbnail_file_id=words.clean(row["thumbnail_file_id"]) if own_bot else None,
        uploaded_at=_uploaded_at(row, rules, notes),
        archived_at=words.moment(row["archived_at"], now=rules.now),
    )


def _uploaded_at(row: Row, rules: Rules, notes: list[Note]) -> datetime:
    found = words.moment(row["uploaded_at"], now=rules.now)
    if found is not None:
        return found
    notes.append(Note(code="date_unknown", field="uploaded_at", value=row["uploaded_at"]))
    others = (words.moment(row[name], now=rules.now) for name in ("updated_at", "archived_at"))
    return next((other for other in others if other is not None), rules.now)


def _status(row: Row, notes: list[Note]) -> MediaStatus:
    word = (row["status"] or "active").strip().lower()
    if word not in _STATUSES:
        notes.append(Note(code="status_unknown", field="status", value=row["status"]))
    return _STATUSES.get(word, MediaStatus.ACTIVE)


def _words(row: Row, rules: Rules, content: Content, status: MediaStatus, notes: list[Note]) -> Words:
    category, known = words.category(row["category"], row["subcategory"], content.file_type)
    if not known:
        notes.append(Note(code="category_unknown", field="category", value=row["category"]))
    number, kept_number = _number(row, rules, notes)
    said, fitted = words.description(row["title"], row["description"], row["caption"], kept_number)
    if not fitted:
        whole = "\n".join(row[name] or "" for name in ("title", "description", "caption"))
        notes.append(Note(code="text_cut", field="description", value=whole))
    return Words(
        owner=_owner(row, rules),
        uploaded_by=_label(row),
        filename=_filename(row, content),
        description=said,
        tags=_tags(row, category, notes, known=known),
        category=category,
        status=status,
        expires_at=_expires_at(content, rules),
        numbers=() if number is None else (number,),
    )


def _gone(row: Row, rules: Rules, content: Content) -> Words:
    """As `Eraser` leaves a media: its id answers "deleted", and that is all."""
    category, _ = words.category(row["category"], row["subcategory"], content.file_type)
    return Words(
        owner=_owner(row, rules), uploaded_by=None, filename="deleted", description=None, tags=(), category=category,
        status=MediaStatus.DELETED, expires_at=None, numbers=(),
    )  # fmt: skip


def _tags(row: Row, category: Category, notes: list[Note], *, known: bool) -> list[str]:
    """Its own, those that were found for it, and a category or subcategory that we have no word for."""
    untold = [] if known else [row["category"] or ""]
    if not words.told_by_category(row["category"], row["subcategory"], category):
        untold.append(row["subcategory"] or "")
    kept, left, whole = words.tags(row["tags"], row["auto_tags"], json.dumps(untold))
    if not whole:
        notes.append(Note(code="tags_mended", field="tags", value=f"{row['tags']} {row['auto_tags']}"))
    if left:
        notes.append(Note(code="tags_cut", field="tags", value=json.dumps(left, ensure_ascii=False)))
    return kept


def _number(row: Row, rules: Rules, notes: list[Note]) -> tuple[str | None, str | None]:
    """The request's number, or what stood there instead, as words for the description."""
    try:
        return words.request_number(row["request_number"], now=rules.now), None
    except InvalidRequestNumber:
        notes.append(Note(code="request_number_invalid", field="request_number", value=row["request_number"]))
        return None, f"№ {row['request_number']}"


def _owner(row: Row, rules: Rules) -> str:
    user = _label(row)
    return "service:legacy" if user is None else f"{rules.owners}:{user}"


def _label(row: Row) -> str | None:
    user = words.clean(row["uploaded_by_user_id"])
    return None if user is None else user.removesuffix(".0")[:UPLOADED_BY_LIMIT]


def _filename(row: Row, content: Content) -> str:
    """Photos and voices came without a name: one that tells them apart, as with what comes by our bot."""
    given = words.clean(row["original_filename"])
    made = f"{content.file_type.value}_{content.message_id or row['id']}{extension_of(content.content_type)}"
    return clean_filename(given or made, mime=content.content_type)


def _expires_at(content: Content, rules: Rules) -> datetime | None:
    days = rules.retention.get(content.chat_id or 0)
    if days is None:
        return None
    return max(content.uploaded_at + timedelta(days=days), rules.now + _LEAST_RETENTION)


def _digest(values: Sequence[object]) -> bytes:
    return hashlib.sha256(json.dumps(values, ensure_ascii=True).encode()).digest()[:16]
