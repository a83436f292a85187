"""Questions about a content type by its name, answered from the table."""

import re
from types import MappingProxyType
from typing import Literal

from storage.content.table import FILE_TYPES, TABLE, Family, Row
from storage.domain import Category, FileType

_NAME = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9*][a-z0-9!#$&^_.+*-]{0,126}")
_BY_NAME = MappingProxyType({name: row for row in TABLE for name in row.aliases} | {row.mime: row for row in TABLE})
_BY_EXTENSION = MappingProxyType({ext: row for row in reversed(TABLE) for ext in row.extensions})
_TOP_LEVEL = MappingProxyType(
    {"image": Family.IMAGE, "video": Family.VIDEO, "audio": Family.AUDIO, "text": Family.TEXT}
)
_INLINE = frozenset({Family.IMAGE, Family.VIDEO, Family.AUDIO, Family.PDF, Family.TEXT})

RequestCategory = Literal[Category.REQUEST_PHOTO, Category.REQUEST_VIDEO, Category.REQUEST_DOCUMENT]


def normalise(mime: str) -> str | None:
    """The bare lower-case name without parameters; None where it is no content type at all."""
    name = mime.partition(";")[0].strip().lower()
    return name if _NAME.fullmatch(name) else None


def row_of(mime: str) -> Row:
    """The row of a content type or of one of its aliases; for an unknown one a row made up from its name."""
    name = normalise(mime) or "application/octet-stream"
    return _BY_NAME.get(name) or _unlisted(name)


def row_by_filename(filename: str) -> Row | None:
    """The row of a file name's extension; None for no extension or one that the table does not have."""
    _stem, dot, extension = filename.rpartition(".")
    return _BY_EXTENSION.get(extension.lower()) if dot else None


def file_type_of(mime: str) -> FileType:
    """The kind by content type alone. An image/gif counts as an animation; `ContentType.file_type` knows better."""
    return row_of(mime).file_type


def extension_of(mime: str) -> str:
    """The usual extension with its dot, ``.bin`` for what has none."""
    return "." + row_of(mime).extensions[0]


def is_active(mime: str) -> bool:
    """Whether a browser that shows it would run what is inside."""
    return row_of(mime).active


def inline_safe(mime: str) -> bool:
    """Whether it may be served for showing in the browser (with ``nosniff``); all else is an attachment."""
    row = row_of(mime)
    return row.listed and row.family in _INLINE and not row.active


def default_category(file_type: FileType) -> RequestCategory:
    """The category of a media for which none was given. A round video and an animation are videos."""
    match file_type:
        case FileType.PHOTO:
            return Category.REQUEST_PHOTO
        case FileType.VIDEO | FileType.VIDEO_NOTE | FileType.ANIMATION:
            return Category.REQUEST_VIDEO
        case _:
            return Category.REQUEST_DOCUMENT


def _unlisted(mime: str) -> Row:
    family = _TOP_LEVEL.get(mime.partition("/")[0], Family.OTHER)
    return Row(
        mime=mime,
        family=family,
        extensions=("bin",),
        file_type=FILE_TYPES.get(family, FileType.DOCUMENT),
        active=mime.endswith("+xml") or "html" in mime or "script" in mime,
        listed=False,
    )
