"""Links, and what previews need to know of media."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_UNMEASURED = sa.text("not measured and split_part(content_type, '/', 1) in ('image', 'video', 'audio')")


def upgrade() -> None:
    op.add_column("media", sa.Column("measured", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("media", sa.Column("thumbnail_file_id", sa.Text(), nullable=True))
    op.add_column("media", sa.Column("thumbnail_size", sa.BigInteger(), nullable=True))
    op.create_index("ix_media_unmeasured", "media", ["id"], postgresql_where=_UNMEASURED)
    op.create_table(
        "links",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("max_downloads", sa.BigInteger(), nullable=True),
        sa.Column("downloads", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attachment", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("strip_gps", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name="fk_links_media_id"),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
    )
    op.create_index("ix_links_media_id", "links", ["media_id"])
    op.create_index("ix_links_expires_at", "links", ["expires_at"])
    op.create_table(
        "link_downloads",
        sa.Column("link_id", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["links.id"], name="fk_link_downloads_link_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("link_id", "client", name="pk_link_downloads"),
    )


def downgrade() -> None:
    op.drop_table("link_downloads")
    op.drop_table("links")
    op.drop_index("ix_media_unmeasured", "media")
    op.drop_column("media", "thumbnail_size")
    op.drop_column("media", "thumbnail_file_id")
    op.drop_column("media", "measured")
