"""What invitations and open uploads count against, and the cards that show what comes by an invitation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invitations", sa.Column("quota", postgresql.JSONB(), nullable=True))
    op.add_column("invitations", sa.Column("card_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key("fk_invitations_card_id", "invitations", "cards", ["card_id"], ["id"], ondelete="SET NULL")
    op.create_index("ix_invitations_card_id", "invitations", ["card_id"])
    op.add_column("uploads", sa.Column("invitation_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        "fk_uploads_invitation_id", "uploads", "invitations", ["invitation_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index("ix_uploads_invitation_id", "uploads", ["invitation_id"])
    op.create_index(
        "ix_resumable_uploads_open_of_owner",
        "resumable_uploads",
        ["owner"],
        postgresql_where=sa.text("outcome is null"),
    )
    op.add_column("cards", sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("card_items", sa.Column("upload_id", sa.Uuid(), nullable=True))
    op.create_index("ix_card_items_upload_id", "card_items", ["upload_id"])
    op.add_column(
        "idempotency_keys",
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.create_index(
        "ix_idempotency_keys_unfinished",
        "idempotency_keys",
        ["owner", "began_at"],
        postgresql_where=sa.text("status is null"),
    )


def downgrade() -> None:
    op.drop_index("ix_idempotency_keys_unfinished", "idempotency_keys")
    op.drop_column("idempotency_keys", "began_at")
    op.drop_column("card_items", "upload_id")
    op.drop_column("cards", "shown_at")
    op.drop_index("ix_resumable_uploads_open_of_owner", "resumable_uploads")
    op.drop_column("uploads", "invitation_id")
    op.drop_column("invitations", "card_id")
    op.drop_column("invitations", "quota")
