"""What was taken over from the predecessor's database."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import NOW, Table


class LegacyFile(Table):
    """A row of the predecessor's ``media_files`` as it was last seen, under its own id.

    ``digest`` is of the whole row, ``file_digest`` of what says where its bytes are; ``footprint`` of what the import
    made of it, so that a change of ours is told from a change of theirs. ``media_id`` null: it could not be taken over.
    ``notes`` are ``{"code", "field", "value"}``: what was wrong, with what found no place here, uncut.
    """

    __tablename__ = "legacy_files"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    digest: Mapped[bytes]
    file_digest: Mapped[bytes | None]
    footprint: Mapped[bytes | None]
    notes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    imported_at: Mapped[datetime] = mapped_column(server_default=NOW)
    changed_at: Mapped[datetime] = mapped_column(server_default=NOW)
