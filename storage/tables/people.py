"""Who calls: people and services; and what they did."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Identity,
    Index,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from storage.domain import (
    Role,
)
from storage.tables.base import NOW, Table


class Person(Table):
    """Somebody the bot met. ``admitted_at`` is null until `ACCESS` let them in; who is blocked gets no answers.

    ``user_id``: whose phone number it was that they shared, by the User Service. It gives a name, and no rights.
    """

    __tablename__ = "people"

    telegram_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role: Mapped[Role] = mapped_column(server_default=text("'user'"))
    first_name: Mapped[str]
    username: Mapped[str | None]
    language: Mapped[str | None]
    user_id: Mapped[str | None]
    admitted_at: Mapped[datetime | None]
    blocked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    last_seen_at: Mapped[datetime] = mapped_column(server_default=NOW)

    __table_args__ = (Index(None, "user_id", postgresql_where=text("user_id is not null")),)


class ApiKey(Table):
    """A service's key. Only its keyed hash is stored.

    Several keys may have one name: a service changes its key without a gap by having two for a while.
    ``rate_per_minute`` null: the setting's. The quotas are bytes and files, null: no limit.
    """

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    key_hash: Mapped[bytes] = mapped_column(unique=True)
    prefix: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    rate_per_minute: Mapped[int | None]
    quota_day_bytes: Mapped[int | None]
    quota_day_files: Mapped[int | None]
    quota_total_bytes: Mapped[int | None]
    quota_total_files: Mapped[int | None]


class Usage(Table):
    """What an owner with a quota has given us: on ``day`` (UTC), and in all of what is not deleted.

    There is a row only for who has, or had, a quota; the first charge counts what was there before.
    """

    __tablename__ = "usage"

    owner: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date]
    day_bytes: Mapped[int]
    day_files: Mapped[int]
    total_bytes: Mapped[int]
    total_files: Mapped[int]


class Audit(Table):
    """Who did what to which media."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=NOW)
    actor: Mapped[str]
    action: Mapped[str]
    media_id: Mapped[int | None]
    request_number: Mapped[str | None]
    detail: Mapped[dict[str, Any] | None]
    request_id: Mapped[str | None]
    address: Mapped[str | None]

    __table_args__ = (
        Index(None, "media_id"),
        Index(None, "request_number"),
        Index(None, "actor", "id"),
        Index(None, "at"),
    )


class Incident(Table):
    """What nobody expected, under the id that somebody was shown. ``trace`` holds no secret and is cut."""

    __tablename__ = "incidents"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    door: Mapped[str]
    request_id: Mapped[str | None]
    route: Mapped[str | None]
    caller: Mapped[str | None]
    error: Mapped[str]
    trace: Mapped[str]
