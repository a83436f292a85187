"""What admins set up in chats."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_EMPTY = sa.text("'{}'::text[]")


def upgrade() -> None:
    op.add_column("people", sa.Column("blocked_at", _TIME, nullable=True))
    op.create_table(
        "invite_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("user", "staff", "admin", name="role", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("most_uses", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invite_links")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invite_links_code_hash")),
    )
    op.create_table(
        "invite_uses",
        sa.Column("link_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["invite_links.id"], name=op.f("fk_invite_uses_link_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("link_id", "person_id", name=op.f("pk_invite_uses")),
    )
    op.create_table(
        "recovery",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery")),
    )
    _alerts()
    op.create_table(
        "channel_checks",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("members", sa.BigInteger(), nullable=True),
        sa.Column("problems", sa.ARRAY(sa.Text()), server_default=_EMPTY, nullable=False),
        sa.Column("checked_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_channel_checks")),
    )
    op.create_table(
        "key_drafts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), server_default=_EMPTY, nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=True),
        sa.Column("created_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("made_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_drafts")),
    )
    op.create_table(
        "presence",
        sa.Column("bot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("bot_id", name=op.f("pk_presence")),
    )


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("event", sa.Boolean(), nullable=False),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.Column("told_at", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_open", "alerts", ["key"], unique=True, postgresql_where=sa.text("ended_at is null"))
    op.create_index(op.f("ix_alerts_key_opened_at"), "alerts", ["key", "opened_at"], unique=False)
    op.create_table(
        "alert_messages",
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("end_told", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("fk_alert_messages_alert_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert_id", "chat_id", name=op.f("pk_alert_messages")),
    )


def downgrade() -> None:
    for table in ("presence", "key_drafts", "channel_checks", "alert_messages"):
        op.drop_table(table)
    op.drop_index(op.f("ix_alerts_key_opened_at"), table_name="alerts")
    op.drop_index("ix_alerts_open", table_name="alerts", postgresql_where=sa.text("ended_at is null"))
    for table in ("alerts", "recovery", "invite_uses", "invite_links"):
        op.drop_table(table)
    op.drop_column("people", "blocked_at")
