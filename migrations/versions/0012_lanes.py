"""Lanes and their budgets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_STATES = ("spooled", "shipping", "stored", "damaged")


def _outage() -> list[sa.Column[object]]:
    return [
        sa.Column("out_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
    ]


def _empty(name: str, value: str) -> sa.Column[object]:
    return sa.Column(name, JSONB(), server_default=sa.text(f"'{value}'::jsonb"), nullable=False)


def _part_states(*states: str) -> None:
    op.drop_constraint(op.f("ck_parts_partstate"), "parts", type_="check")
    quoted = ", ".join(f"'{state}'" for state in states)
    op.create_check_constraint(op.f("ck_parts_partstate"), "parts", sa.text(f"state IN ({quoted})"))


def upgrade() -> None:
    op.create_table(
        "bot_budgets",
        sa.Column("bot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        _empty("sent", "[]"),
        _empty("sizes", "{}"),
        *_outage(),
        sa.PrimaryKeyConstraint("bot_id", name="pk_bot_budgets"),
    )
    op.add_column("lanes", _empty("sent", "[]"))
    for column in _outage():
        op.add_column("lanes", column)
    op.add_column("channels", sa.Column("posted", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("channels", sa.Column("full_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE channels SET posted = (SELECT count(*) FROM parts WHERE parts.chat_id = channels.chat_id)")
    op.add_column("parts", sa.Column("source_bot_id", sa.BigInteger(), nullable=True))
    _part_states(*_STATES, "lost")
    op.create_table(
        "engine_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=True),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("media_id", sa.BigInteger(), nullable=True),
        _empty("detail", "{}"),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_engine_events"),
    )
    op.create_index("ix_engine_events_untold", "engine_events", ["id"], postgresql_where=sa.text("told_at is null"))


def downgrade() -> None:
    op.drop_table("engine_events")
    op.execute("UPDATE parts SET state = 'spooled' WHERE state = 'lost'")
    _part_states(*_STATES)
    op.drop_column("parts", "source_bot_id")
    op.drop_column("channels", "full_at")
    op.drop_column("channels", "posted")
    for name in ("sent", "out_since", "retry_at", "failures", "reason"):
        op.drop_column("lanes", name)
    op.drop_table("bot_budgets")
