"""Channels, bots, and what their lanes have learnt; and the processes that work with them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ForeignKey,
    Identity,
    Index,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.domain import (
    Purpose,
)
from storage.tables.base import NOW, Table


class Channel(Table):
    """A Telegram channel we archive into. ``head_message_id`` is the greatest message id known in it.

    ``posted`` counts the messages we put there; ``full_at`` is when they were found to be as many as it shall have.
    """

    __tablename__ = "channels"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    chat_id: Mapped[int] = mapped_column(unique=True)
    title: Mapped[str]
    anchor_message_id: Mapped[int]
    head_message_id: Mapped[int]
    posted: Mapped[int] = mapped_column(server_default=text("0"))
    full_at: Mapped[datetime | None]
    bound_at: Mapped[datetime] = mapped_column(server_default=NOW)


class ChannelBinding(Table):
    """Which channels serve a purpose, in the order they are used."""

    __tablename__ = "channel_bindings"

    purpose: Mapped[Purpose] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    position: Mapped[int] = mapped_column(server_default=text("0"))


class Bot(Table):
    """A bot of the pool, by Telegram id. ``update_offset`` is what `getUpdates` asks for next."""

    __tablename__ = "bots"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    username: Mapped[str]
    update_offset: Mapped[int | None]


class _Outage:
    """Out of use ``out_since``, tried again at ``retry_at``, after ``failures``; null: at work."""

    out_since: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    reason: Mapped[str | None]


class BotBudget(_Outage, Table):
    """What a bot has sent lately, over all channels, and whether it works at all.

    ``version`` guards this row and the bot's lanes: each change of them is one statement that compares and raises it.
    ``sent`` are seconds since 1970; ``sizes`` says from when on an upload of exactly that size may begin.
    """

    __tablename__ = "bot_budgets"

    bot_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    sent: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    sizes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class Lane(_Outage, Table):
    """A (bot, channel) pair: what it has learnt about its flood budget, and what it sent in the last minute.

    ``sent`` are pairs of seconds since 1970 and urgency.
    """

    __tablename__ = "lanes"

    bot_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    blocked_until: Mapped[datetime | None]
    per_minute: Mapped[int | None]
    learnt_at: Mapped[datetime | None]
    sent: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))


class EngineEvent(Table):
    """What admins should hear of the archive: a bot or lane that was lost or is back, a full channel, lost bytes.

    ``told_at`` is for whoever tells them.
    """

    __tablename__ = "engine_events"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=NOW)
    kind: Mapped[str]
    bot_id: Mapped[int | None]
    chat_id: Mapped[int | None]
    media_id: Mapped[int | None]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    told_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_engine_events_untold", "id", postgresql_where=text("told_at is null")),)


class Node(Table):
    """A process by the name of its DATA_DIR, and the id under which it takes jobs from the queue."""

    __tablename__ = "nodes"

    name: Mapped[str] = mapped_column(primary_key=True)
    queue_manager_id: Mapped[UUID]
