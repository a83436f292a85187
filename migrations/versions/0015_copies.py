"""Copies of parts in other channels."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ROLES = ("backup", "replacement")
_STATES = ("waiting", "copying", "copied", "verified")


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=nullable, server_default=None if nullable else sa.func.now()
    )


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.add_column("intents", sa.Column("copy_id", sa.BigInteger(), nullable=True))
    op.create_table(
        "part_copies",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("media_key", sa.Uuid(), nullable=False),
        sa.Column("part_index", sa.BigInteger(), nullable=False),
        sa.Column("role", _enum("copyrole", *_ROLES), nullable=False),
        sa.Column("state", _enum("copystate", *_STATES), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("instead_chat_id", sa.BigInteger(), nullable=True),
        sa.Column("instead_message_id", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        _time("next_attempt_at", nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("caption_sent", sa.LargeBinary(), nullable=True),
        sa.Column("file_bot_id", sa.BigInteger(), nullable=True),
        sa.Column("file_id", sa.Text(), nullable=True),
        _time("verified_at"),
        _time("created_at", nullable=False),
        sa.CheckConstraint(
            "(state in ('copied', 'verified')) = (message_id is not null)",
            name=op.f("ck_part_copies_copied_has_message"),
        ),
        sa.CheckConstraint("role = 'replacement' or chat_id is not null", name=op.f("ck_part_copies_backup_has_chat")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_copies")),
        sa.UniqueConstraint("chat_id", "message_id", name=op.f("uq_part_copies_chat_id_message_id")),
    )
    op.create_index("ix_part_copies_media_key_part_index", "part_copies", ["media_key", "part_index"])
    op.create_index(
        "uq_part_copies_backup", "part_copies", ["media_key", "part_index", "chat_id"],
        unique=True, postgresql_where=sa.text("role = 'backup'"),
    )  # fmt: skip
    op.create_index(
        "uq_part_copies_replacement", "part_copies", ["media_key", "part_index"],
        unique=True, postgresql_where=sa.text("role = 'replacement'"),
    )  # fmt: skip
    op.create_index("ix_parts_damaged", "parts", ["id"], postgresql_where=sa.text("state = 'damaged'"))
    op.create_index(
        "ix_part_copies_open", "part_copies", ["next_attempt_at"], postgresql_where=sa.text("state <> 'verified'")
    )


def downgrade() -> None:
    """Messages of copies are forgotten: they stay in the backup channels."""
    op.drop_index("ix_parts_damaged", table_name="parts")
    op.drop_table("part_copies")
    op.execute("DELETE FROM intents WHERE copy_id IS NOT NULL")
    op.drop_column("intents", "copy_id")
