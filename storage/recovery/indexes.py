"""The list of a backup's pieces: a small JSON document, the last of its messages, and pinned while it is the newest.

Nothing in it is secret. ``identity`` is the age file that the recovery passphrase opens, ``secrets`` an age file for
the same recipient as the dump: the secret key that the dump's hashes, links and sealed secrets need.
"""

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from storage.recovery.errors import BackupDamaged

FORMAT = 1


class Piece(BaseModel):
    """Where a run of the encrypted dump is. ``file_id`` is for the bot ``bot``; another one looks at the message."""

    model_config = ConfigDict(frozen=True)

    index: int
    offset: int
    size: int
    sha256: str
    chat: int
    message: int
    bot: int | None = None
    file_id: str | None = None


class Since(BaseModel):
    """Media of the dump that were deleted, or changed, after it was made: by their ids, up to ``until``."""

    model_config = ConfigDict(frozen=True)

    deleted: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    until: datetime | None = None


class BackupIndex(BaseModel):
    """``revision`` is the migration that the dump is of; ``counted`` says to people what is in it.

    ``since`` is kept up to date while this is the newest backup (`storage.recovery.since`).
    """

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    key: UUID
    made_at: datetime
    revision: str
    content: str = "pg_dump -Fc, encrypted with age"
    size: int
    sha256: str
    counted: dict[str, Any]
    identity: str
    secrets: str
    pieces: tuple[Piece, ...]
    since: Since = Since()

    def to_bytes(self) -> bytes:
        return self.model_dump_json(indent=1).encode()

    @property
    def sealed_secrets(self) -> bytes:
        return b64decode(self.secrets)

    @classmethod
    def from_bytes(cls, data: bytes) -> "BackupIndex":
        """Raises `BackupDamaged` for what is no such document, or of a format to come."""
        try:
            index = cls.model_validate_json(data)
        except ValidationError as error:
            raise BackupDamaged("its list of parts cannot be read") from error
        if index.format != FORMAT:
            raise BackupDamaged(f"its list of parts has the format {index.format}, which this version does not know")
        if [piece.offset for piece in index.pieces] != _offsets(index) or index.size != sum(_sizes(index)):
            raise BackupDamaged("its list of parts has gaps")
        return index


def sealed(data: bytes) -> str:
    """What `BackupIndex.secrets` holds of an age file."""
    return b64encode(data).decode()


def _sizes(index: BackupIndex) -> list[int]:
    return [piece.size for piece in index.pieces]


def _offsets(index: BackupIndex) -> list[int]:
    sizes = _sizes(index)
    return [sum(sizes[:number]) for number in range(len(sizes))]
