"""What the Request Service says of its requests, what was attached without asking it, and what it is told."""

import datetime as dt

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = True, default: str | None = None) -> sa.Column[dt.datetime]:
    given = None if default is None else sa.text(default)
    return sa.Column(name, sa.DateTime(timezone=True), server_default=given, nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "work_orders",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        _flag("closed"),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        _time("opened_at"),
        sa.Column("assignees", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("moved_to", sa.Text(), nullable=True),
        _time("as_of"),
        _time("heard_at", nullable=False, default="now()"),
        sa.PrimaryKeyConstraint("number", name="pk_work_orders"),
    )
    op.create_index(
        "ix_work_orders_open", "work_orders", ["opened_at", "number"], postgresql_where=sa.text("known and not closed")
    )
    op.create_table(
        "wrong_numbers",
        sa.Column("number", sa.Text(), nullable=False),
        _time("found_at", nullable=False, default="now()"),
        _time("claimed_at"),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("moved_to", sa.Text(), nullable=True),
        _time("settled_at"),
        sa.Column("settled_name", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome in ('detached', 'moved', 'exists', 'empty')", name=op.f("ck_wrong_numbers_outcome")
        ),
        sa.PrimaryKeyConstraint("number", name="pk_wrong_numbers"),
    )
    op.create_index(
        "ix_wrong_numbers_untold",
        "wrong_numbers",
        ["found_at"],
        postgresql_where=sa.text("outcome is null and message_id is null"),
    )
    op.create_table(
        "asked_overrides",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("media_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("staff_card", sa.BigInteger(), nullable=True),
        _time("asked_at", nullable=False, default="now()"),
        sa.CheckConstraint("stage in ('before', 'after')", name=op.f("ck_asked_overrides_stage")),
        sa.PrimaryKeyConstraint("id", name="pk_asked_overrides"),
    )
    op.create_index("ix_asked_overrides_asked_at", "asked_overrides", ["asked_at"])
    op.add_column("attachments", _flag("unverified"))
    op.create_index(
        "ix_attachments_unverified", "attachments", ["request_number"], postgresql_where=sa.text("unverified")
    )
    op.add_column("webhooks", sa.Column("service", sa.Text(), nullable=True))
    op.create_index("uq_webhooks_service", "webhooks", ["service"], unique=True)
    op.add_column("card_items", sa.Column("refusal", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("card_items", "refusal")
    op.execute("DELETE FROM webhooks WHERE service IS NOT NULL")
    op.drop_index("uq_webhooks_service", table_name="webhooks")
    op.drop_column("webhooks", "service")
    op.drop_index("ix_attachments_unverified", table_name="attachments")
    op.drop_column("attachments", "unverified")
    op.drop_table("asked_overrides")
    op.drop_table("wrong_numbers")
    op.drop_table("work_orders")
