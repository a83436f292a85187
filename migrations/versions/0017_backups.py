"""Backups, and channels that are read to rebuild the index."""

import datetime as dt

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[dt.datetime]:
    given = None if default is None else sa.text(default)
    return sa.Column(name, sa.DateTime(timezone=True), server_default=given, nullable=nullable)


def _number(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=default and sa.text(default), nullable=nullable)


def _words(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    op.add_column("recovery", _words("recipient", nullable=True))
    op.add_column("recovery", _words("identity", nullable=True))
    op.create_table(
        "backups",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        _words("state"),
        _words("made_by"),
        _words("node"),
        _words("revision"),
        _number("size", nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("counted", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        _number("index_chat_id", nullable=True),
        _number("index_message_id", nullable=True),
        sa.Column("pinned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _words("error", nullable=True),
        _time("started_at"),
        _time("seen_at"),
        _time("finished_at", nullable=True),
        sa.CheckConstraint("state in ('running', 'stored', 'failed', 'gone')", name=op.f("ck_backups_state")),
        sa.PrimaryKeyConstraint("id", name="pk_backups"),
        sa.UniqueConstraint("key", name="uq_backups_key"),
    )
    running = sa.text("state = 'running'")
    op.create_index("uq_backups_running", "backups", ["state"], unique=True, postgresql_where=running)
    op.create_index("ix_backups_started_at", "backups", ["started_at"])
    op.create_table(
        "backup_pieces",
        sa.Column("backup_id", sa.BigInteger(), nullable=False),
        _number("index"),
        _number("offset"),
        _number("size"),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        _number("attempt", default="0"),
        _number("bot_id", nullable=True),
        _number("chat_id", nullable=True),
        _number("message_id", nullable=True),
        _words("file_id", nullable=True),
        sa.ForeignKeyConstraint(["backup_id"], ["backups.id"], name="fk_backup_pieces_backup_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("backup_id", "index", name="pk_backup_pieces"),
        sa.UniqueConstraint("chat_id", "message_id", name="uq_backup_pieces_chat_id_message_id"),
    )
    op.create_table(
        "channel_readings",
        _number("chat_id"),
        sa.Column("seen", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        _time("started_at", default="now()"),
        _time("finished_at", nullable=True),
        _words("problem", nullable=True),
        sa.PrimaryKeyConstraint("chat_id", name="pk_channel_readings"),
    )
    op.create_table(
        "found_messages",
        _number("chat_id"),
        _number("message_id"),
        sa.Column("media_key", sa.Uuid(), nullable=True),
        _number("index", nullable=True),
        _words("caption"),
        _number("bot_id"),
        _words("file_id", nullable=True),
        _words("file_unique_id", nullable=True),
        _words("outcome", nullable=True),
        sa.PrimaryKeyConstraint("chat_id", "message_id", name="pk_found_messages"),
    )
    op.create_index("ix_found_messages_media_key_index", "found_messages", ["media_key", "index"])
    still_open = sa.text("outcome is null")
    op.create_index("ix_found_messages_open", "found_messages", ["media_key"], postgresql_where=still_open)


def downgrade() -> None:
    op.drop_table("found_messages")
    op.drop_table("channel_readings")
    op.drop_table("backup_pieces")
    op.drop_table("backups")
    op.drop_column("recovery", "identity")
    op.drop_column("recovery", "recipient")
