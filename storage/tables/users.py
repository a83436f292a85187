"""What is known of the people of the company's User Service, and which Telegram account is whose."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.domain import Role
from storage.tables.base import NOW, Table


class HookEvent(Table):
    """A signed event of another service that was taken; its id says whether it comes again. Kept for 30 days."""

    __tablename__ = "hook_events"

    service: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(server_default=NOW, index=True)


class AccountLink(Table):
    """A Telegram account whose owner proved that a user id is theirs too: one each.

    ``role`` is what the user's latest token said (``role_at``), so that the chat allows as much.
    """

    __tablename__ = "account_links"

    telegram_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[str] = mapped_column(unique=True)
    role: Mapped[Role]
    role_at: Mapped[datetime] = mapped_column(server_default=NOW)
    linked_at: Mapped[datetime] = mapped_column(server_default=NOW)


class LinkCode(Table):
    """A one-time code with which a user proves a Telegram account. Only its digest is kept."""

    __tablename__ = "link_codes"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(unique=True)
    role: Mapped[Role]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class UserProfile(Table):
    """What the User Service last said of a user (``fetched_at``); ``known`` false: that it does not know them.

    ``as_of``: the time of the latest event about them, so that an older one changes nothing. Of
    who was deleted there nothing is left but ``deleted_at``, and ``settled_at`` once their media are done.
    """

    __tablename__ = "user_profiles"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    known: Mapped[bool] = mapped_column(server_default=text("true"))
    name: Mapped[str | None]
    language: Mapped[str | None]
    fetched_at: Mapped[datetime | None]
    as_of: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    telegram_ids: Mapped[list[int]] = mapped_column(server_default=text("'{}'::bigint[]"))
    """Of who was deleted: the accounts that were theirs, until their media are done."""

    settled_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_user_profiles_unsettled",
            "user_id",
            postgresql_where=text("deleted_at is not null and settled_at is null"),
        ),
    )


class Avatar(Table):
    """The picture of a user: ``digest`` names it in URLs, ``media_id`` is its media in the archive.

    Without a digest it was removed. ``version`` grows with every change, so that others know the newer one.
    """

    __tablename__ = "avatars"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    digest: Mapped[bytes | None]
    version: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(server_default=NOW)

    __table_args__ = (Index(None, "media_id"), Index(None, "digest"))


class AvatarImage(Table):
    """An avatar in one size, as JPEG: small enough for a row, and there while Telegram is away."""

    __tablename__ = "avatar_images"

    user_id: Mapped[str] = mapped_column(ForeignKey("avatars.user_id", ondelete="CASCADE"), primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes]
