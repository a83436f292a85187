"""What the bot remembers for those who send: spoken words, news to be told, searches."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_NO = sa.text("false")
_ZERO = sa.text("0")


def upgrade() -> None:
    op.create_table(
        "spoken_words",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("words_id", sa.BigInteger(), server_default=_ZERO, nullable=False),
        sa.Column("words_at", _TIME, nullable=True),
        sa.Column("taken", sa.Boolean(), server_default=_NO, nullable=False),
        sa.Column("run_first", sa.BigInteger(), server_default=_ZERO, nullable=False),
        sa.Column("run_last", sa.BigInteger(), server_default=_ZERO, nullable=False),
        sa.Column("run_at", _TIME, nullable=True),
        sa.Column("borrowed", sa.Boolean(), server_default=_NO, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "person_id", name=op.f("pk_spoken_words")),
    )
    op.create_table(
        "tidings",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("request_number", sa.Text(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("claimed_at", _TIME, nullable=True),
        sa.Column("told_at", _TIME, nullable=True),
        sa.CheckConstraint("kind in ('attached', 'report')", name=op.f("ck_tidings_kind")),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_tidings_media_id")),
        sa.PrimaryKeyConstraint("person_id", "kind", "request_number", "media_id", name=op.f("pk_tidings")),
    )
    op.create_index("ix_tidings_untold", "tidings", ["created_at"], postgresql_where=sa.text("told_at is null"))
    op.create_index(op.f("ix_tidings_media_id"), "tidings", ["media_id"])
    op.create_table(
        "asked_searches",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked_searches")),
    )
    op.create_index(op.f("ix_asked_searches_asked_at"), "asked_searches", ["asked_at"])


def downgrade() -> None:
    op.drop_table("asked_searches")
    op.drop_table("tidings")
    op.drop_table("spoken_words")
