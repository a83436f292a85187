"""Groups, the staff chat, and what staff are asked there."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_FALSE = sa.text("false")
_STATES = ("open", "attached", "not_needed", "gone")


def upgrade() -> None:
    op.add_column("cards", sa.Column("thread_id", sa.BigInteger(), nullable=True))
    _groups()
    _staff_cards()
    _staff_answers()


def downgrade() -> None:
    op.drop_table("staff_answers")
    op.drop_table("staff_cards")
    op.drop_table("memberships")
    op.drop_table("groups")
    op.drop_column("cards", "thread_id")


def _groups() -> None:
    op.create_table(
        "groups",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("sees_all", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("staff_chat", sa.Boolean(), server_default=_FALSE, nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved_to", sa.BigInteger(), nullable=True),
        sa.Column("cure_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("anonymous_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reactions_refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("chat_id", name="pk_groups"),
    )
    op.create_index(
        "uq_groups_staff_chat", "groups", ["staff_chat"], unique=True, postgresql_where=sa.text("staff_chat")
    )
    op.create_table(
        "memberships",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "person_id", name="pk_memberships"),
    )


def _staff_cards() -> None:
    state = sa.Enum(*_STATES, name="waitingstate", native_enum=False, create_constraint=True, length=32)
    empty = sa.text("'{}'::bigint[]")
    op.create_table(
        "staff_cards",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("card_id", sa.BigInteger(), nullable=True),
        sa.Column("summary", sa.Boolean(), server_default=_FALSE, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("pictures", postgresql.ARRAY(sa.BigInteger()), server_default=empty, nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("captioned", sa.Boolean(), server_default=_FALSE, nullable=False),
        sa.Column("wanted", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("sent", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("shown", sa.LargeBinary(), nullable=True),
        sa.Column("state", state, server_default=sa.text("'open'"), nullable=False),
        sa.Column("collapsed", sa.Boolean(), server_default=_FALSE, nullable=False),
        sa.Column("released", sa.Boolean(), server_default=_FALSE, nullable=False),
        sa.Column("request_number", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_name", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.CheckConstraint("summary = (card_id is null)", name=op.f("ck_staff_cards_summary")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name="fk_staff_cards_card_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_cards"),
        sa.UniqueConstraint("card_id", name="uq_staff_cards_card_id"),
    )
    op.create_index(
        "uq_staff_cards_summary", "staff_cards", ["summary"], unique=True, postgresql_where=sa.text("summary")
    )
    op.create_index("ix_staff_cards_chat_id_message_id", "staff_cards", ["chat_id", "message_id"])
    op.create_index("ix_staff_cards_open", "staff_cards", ["id"], postgresql_where=sa.text("state = 'open'"))
    op.create_index("ix_staff_cards_behind", "staff_cards", ["id"], postgresql_where=sa.text("sent < wanted"))
    op.create_index("ix_staff_cards_shown_at", "staff_cards", ["shown_at"])


def _staff_answers() -> None:
    op.create_table(
        "staff_answers",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("staff_card_id", sa.BigInteger(), nullable=False),
        sa.Column("by_person", sa.BigInteger(), nullable=False),
        sa.Column("staff_chat_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_message_id", sa.BigInteger(), nullable=True),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_card_id"], ["staff_cards.id"], name="fk_staff_answers_staff_card_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_staff_answers"),
        sa.UniqueConstraint("chat_id", "message_id", name="uq_staff_answers_chat_id_message_id"),
        sa.UniqueConstraint(
            "staff_chat_id", "staff_message_id", name="uq_staff_answers_staff_chat_id_staff_message_id"
        ),
    )
    op.create_index("ix_staff_answers_staff_card_id", "staff_answers", ["staff_card_id"])
