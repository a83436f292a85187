"""The answer of sniffing: a content type with what was seen along with it."""

from dataclasses import dataclass

from storage.content.lookup import row_of
from storage.content.table import Family, Row
from storage.domain import FileType


@dataclass(frozen=True, kw_only=True)
class ContentType:
    """What a file is. ``charset`` is the IANA name for text, ``animated`` is true for moving GIF, WebP and PNG."""

    row: Row
    charset: str | None = None
    animated: bool = False

    @classmethod
    def of(cls, mime: str, *, charset: str | None = None, animated: bool = False) -> "ContentType":
        return cls(row=row_of(mime), charset=charset, animated=animated)

    @property
    def mime(self) -> str:
        return self.row.mime

    @property
    def family(self) -> Family:
        return self.row.family

    @property
    def file_type(self) -> FileType:
        """The kind for search and categories: an image that moves is an animation, a GIF that does not is a photo."""
        if self.family is not Family.IMAGE or self.row.file_type not in {FileType.PHOTO, FileType.ANIMATION}:
            return self.row.file_type
        return FileType.ANIMATION if self.animated else FileType.PHOTO

    @property
    def header(self) -> str:
        """The value for a ``Content-Type`` header."""
        return f"{self.mime}; charset={self.charset}" if self.charset else self.mime
