"""Channels, bots, and what their lanes have learnt; and the processes that work with them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ForeignKey,
    Identity,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from storage.domain import (
    Purpose,
)
from storage.tables.base import NOW, Table


class Channel(Table):
    """A Telegram channel we archive into. ``head_message_id`` is the greatest message id known in it."""

    __tablename__ = "channels"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    chat_id: Mapped[int] = mapped_column(unique=True)
    title: Mapped[str]
    anchor_message_id: Mapped[int]
    head_message_id: Mapped[int]
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


class Lane(Table):
    """What a (bot, channel) pair has learnt about its flood budget; it survives restarts."""

    __tablename__ = "lanes"

    bot_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    blocked_until: Mapped[datetime | None]
    per_minute: Mapped[int | None]
    learnt_at: Mapped[datetime | None]


class Node(Table):
    """A process by the name of its DATA_DIR, and the id under which it takes jobs from the queue."""

    __tablename__ = "nodes"

    name: Mapped[str] = mapped_column(primary_key=True)
    queue_manager_id: Mapped[UUID]
