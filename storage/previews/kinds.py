"""Which content types have a picture, and which have a width, a height or a duration."""

from enum import StrEnum

from storage.content import Family, row_of
from storage.domain import FileType

_DRAWN = frozenset({FileType.PHOTO, FileType.ANIMATION})

_DEMUXERS = {
    "video/mp4": "mov", "video/x-m4v": "mov", "video/quicktime": "mov", "video/3gpp": "mov", "video/3gpp2": "mov",
    "video/webm": "matroska", "video/x-matroska": "matroska", "video/ogg": "ogg", "video/x-msvideo": "avi",
    "video/mpeg": "mpeg", "video/mp2t": "mpegts", "video/x-ms-wmv": "asf", "video/x-flv": "flv",
    "audio/mpeg": "mp3", "audio/mp4": "mov", "audio/3gpp": "mov", "audio/ogg": "ogg", "audio/webm": "matroska",
    "audio/x-matroska": "matroska", "audio/aac": "aac", "audio/flac": "flac", "audio/wav": "wav",
    "audio/amr": "amr", "audio/amr-wb": "amr", "audio/aiff": "aiff", "audio/x-ms-wma": "asf", "audio/x-caf": "caf",
    "audio/x-ape": "ape",
}  # fmt: skip


MOST_WHOLE = 128 * 1024 * 1024
"""Bytes of an image or a PDF that is looked into; of videos and sounds only some spans are read."""


class Kind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    PDF = "pdf"


def kind_of(mime: str) -> Kind | None:
    """None for what has neither a picture nor a measure. SVG is none: what draws it can reach out of its file."""
    row = row_of(mime)
    if row.mime == "application/pdf":
        return Kind.PDF
    if row.family is Family.IMAGE and row.file_type in _DRAWN:
        return Kind.IMAGE
    if row.mime in _DEMUXERS:
        return Kind.VIDEO if row.family is Family.VIDEO else Kind.AUDIO
    return None


def within_reach(mime: str, size: int | None) -> bool:
    """Whether a media of this type and size in bytes can be looked into."""
    kind = kind_of(mime)
    return kind is not None and size is not None and (kind in (Kind.VIDEO, Kind.AUDIO) or size <= MOST_WHOLE)


def drawable(mime: str, size: int | None) -> bool:
    """Whether there may be a picture of a media of this type and size."""
    return kind_of(mime) is not Kind.AUDIO and within_reach(mime, size)


def measurable(mime: str) -> bool:
    """Whether this type has a width, a height or a duration."""
    return kind_of(mime) not in (None, Kind.PDF)


def demuxer_of(mime: str) -> str:
    """The one demuxer of FFmpeg that may read a video or a sound of this type: none that opens other files."""
    return _DEMUXERS[row_of(mime).mime]
