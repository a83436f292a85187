"""Conversations of the bot, and attaching in them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("destiny", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("data", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("lifetime", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "chat_id", "user_id", "thread_id", "destiny", name="pk_conversations"),
    )
    op.create_index("ix_conversations_expires_at", "conversations", ["expires_at"])
    op.add_column("cards", sa.Column("by_staff", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("cards", sa.Column("choosing", postgresql.JSONB(), nullable=True))
    op.add_column("attachments", sa.Column("by_caption", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index("ix_attachments_attached_by_attached_at", "attachments", ["attached_by", "attached_at"])
    op.create_table(
        "attachment_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("steps", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attachment_changes"),
    )
    op.create_index("ix_attachment_changes_at", "attachment_changes", ["at"])


def downgrade() -> None:
    op.drop_table("attachment_changes")
    op.drop_index("ix_attachments_attached_by_attached_at", "attachments")
    op.drop_column("attachments", "by_caption")
    op.drop_column("cards", "choosing")
    op.drop_column("cards", "by_staff")
    op.drop_table("conversations")
