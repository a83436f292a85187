"""Search, caption edits and moves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("media", sa.Column("search", postgresql.TSVECTOR(), nullable=True))
    op.add_column("media", sa.Column("caption_wanted", sa.LargeBinary(), nullable=True))
    op.add_column("media", sa.Column("captions_due", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("parts", sa.Column("caption_sent", sa.LargeBinary(), nullable=True))
    op.add_column("parts", sa.Column("source_file_unique_id", sa.Text(), nullable=True))
    op.create_index("ix_media_search", "media", ["search"], postgresql_using="gin")
    op.create_index("ix_media_tags", "media", ["tags"], postgresql_using="gin")
    live = sa.text("status in ('active', 'archiving', 'archived')")
    op.create_index("ix_media_live", "media", ["uploaded_at", "id"], postgresql_where=live)
    op.create_index("ix_media_external_id", "media", ["external_id"])
    op.create_index("ix_media_unindexed", "media", ["id"], postgresql_where=sa.text("search is null"))
    op.create_index("ix_media_captions_due", "media", ["id"], postgresql_where=sa.text("captions_due"))
    op.create_index("ix_media_archiving", "media", ["id"], postgresql_where=sa.text("status = 'archiving'"))
    op.create_index("ix_media_expiring", "media", ["expires_at"], postgresql_where=sa.text("expires_at is not null"))
    op.create_index("ix_file_refs_file_id", "file_refs", ["file_id"])


def downgrade() -> None:
    op.drop_index("ix_file_refs_file_id", table_name="file_refs")
    for name in (
        "expiring",
        "archiving",
        "captions_due",
        "unindexed",
        "external_id",
        "live",
        "tags",
        "search",
    ):
        op.drop_index(f"ix_media_{name}", table_name="media")
    op.drop_column("parts", "source_file_unique_id")
    op.drop_column("parts", "caption_sent")
    op.drop_column("media", "captions_due")
    op.drop_column("media", "caption_wanted")
    op.drop_column("media", "search")
