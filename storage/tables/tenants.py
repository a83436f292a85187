"""What the bot remembers for those who send: words that look for a file, news to be told, searches with pages."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import NOW, Table


class SpokenWords(Table):
    """What somebody said last in a chat, and the run of file messages they sent last: which belongs to which.

    Message ids order the two. ``taken``: the words describe a file already. ``borrowed``: the run has words that were
    said about files before it, so it takes better ones in their place. Times are those of the messages.
    """

    __tablename__ = "spoken_words"

    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words: Mapped[str | None]
    words_id: Mapped[int] = mapped_column(server_default=text("0"))
    words_at: Mapped[datetime | None]
    taken: Mapped[bool] = mapped_column(server_default=text("false"))
    run_first: Mapped[int] = mapped_column(server_default=text("0"))
    run_last: Mapped[int] = mapped_column(server_default=text("0"))
    run_at: Mapped[datetime | None]
    borrowed: Mapped[bool] = mapped_column(server_default=text("false"))


class Tiding(Table):
    """A media that its sender (``attached``), or those who sent for its request (``report``), are to hear of, once.

    Those of one person, kind and request that come together are told in one message. ``claimed_at`` is set while a
    job sends it; ``told_at`` when it was sent, or there was nobody to tell.
    """

    __tablename__ = "tidings"

    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    request_number: Mapped[str] = mapped_column(primary_key=True)
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    claimed_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("kind in ('attached', 'report')", name="kind"),
        Index("ix_tidings_untold", "created_at", postgresql_where=text("told_at is null")),
        Index(None, "media_id"),
    )


class AskedSearch(Table):
    """The words of a search whose pages somebody may still turn: they do not fit a button."""

    __tablename__ = "asked_searches"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int]
    words: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(server_default=NOW)

    __table_args__ = (Index(None, "asked_at"),)
