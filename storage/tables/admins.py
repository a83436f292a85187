"""What admins set up and are told: links that let people in, alerts, what the channels looked like, drafts."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.domain import Role
from storage.tables.base import EMPTY_ARRAY, NOW, Table


class InviteLink(Table):
    """A ``start`` link that gives whoever opens it a role. Only the hash of its code is kept."""

    __tablename__ = "invite_links"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(unique=True)
    role: Mapped[Role]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime]
    most_uses: Mapped[int]
    revoked_at: Mapped[datetime | None]


class InviteUse(Table):
    """Who came by a link: a person counts once, however often they open it."""

    __tablename__ = "invite_uses"

    link_id: Mapped[int] = mapped_column(ForeignKey("invite_links.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(server_default=NOW)


class Recovery(Table):
    """What checks the recovery passphrase; the passphrase itself is kept by people only. There is one row.

    ``recipient`` and ``identity`` are as in `storage.recovery.passphrases`: null for a passphrase from before backups.
    """

    __tablename__ = "recovery"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    verifier: Mapped[str]
    recipient: Mapped[str | None]
    identity: Mapped[str | None]
    made_by: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Alert(Table):
    """Something admins are told once. An event has ended when it begins; of other kinds one per ``key`` is open.

    ``node`` is who sees it, and last saw it at ``seen_at``. ``told_at``: when the first admin was told.
    """

    __tablename__ = "alerts"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    key: Mapped[str]
    kind: Mapped[str]
    fields: Mapped[dict[str, Any]]
    event: Mapped[bool]
    node: Mapped[str | None]
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_alerts_open", "key", unique=True, postgresql_where=text("ended_at is null")),
        Index(None, "key", "opened_at"),
    )


class AlertMessage(Table):
    """An alert in one person's chat. ``told`` and ``end_told``: whether they know of it, and of its end."""

    __tablename__ = "alert_messages"

    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True)
    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    message_id: Mapped[int | None]
    told: Mapped[bool] = mapped_column(server_default=text("false"))
    end_told: Mapped[bool] = mapped_column(server_default=text("false"))


class ChannelCheck(Table):
    """What a channel looked like when it was last examined. ``problems`` are codes of `storage.telegram.examining`."""

    __tablename__ = "channel_checks"

    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    members: Mapped[int | None]
    problems: Mapped[list[str]] = mapped_column(server_default=EMPTY_ARRAY)
    checked_at: Mapped[datetime] = mapped_column(server_default=NOW)


class KeyDraft(Table):
    """A service's key that an admin is putting together in a chat. ``made_at``: it became a key, once."""

    __tablename__ = "key_drafts"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int]
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(server_default=EMPTY_ARRAY)
    days: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    made_at: Mapped[datetime | None]


class Presence(Table):
    """When a bot last heard of Telegram that there is nothing more to fetch, or fetched it."""

    __tablename__ = "presence"

    bot_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seen_at: Mapped[datetime]
