"""Resumable uploads and invitations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("max_files", sa.BigInteger(), nullable=False),
        sa.Column("max_size", sa.BigInteger(), nullable=False),
        sa.Column("files_kept", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("request_number", sa.Text(), nullable=True),
        sa.Column(
            "category",
            sa.Enum(
                "request_photo",
                "request_video",
                "request_document",
                "report_photo",
                "report_video",
                "report_document",
                "completion_photo",
                "completion_video",
                "completion_document",
                "process_video",
                "avatar",
                "access_plate",
                "access_overview",
                "other",
                name="category",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("token_hash", name="uq_invitations_token_hash"),
    )
    op.create_index("ix_invitations_expires_at", "invitations", ["expires_at"])
    op.create_index("ix_invitations_owner_id", "invitations", ["owner", "id"])
    op.create_table(
        "resumable_uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("media_key", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("invitation_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=True),
        sa.Column("offset", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("digest_state", sa.LargeBinary(), nullable=True),
        sa.Column("said", postgresql.JSONB(), nullable=False),
        sa.Column("metadata_header", sa.Text(), nullable=True),
        sa.Column("concat_header", sa.Text(), nullable=True),
        sa.Column("final_id", sa.Uuid(), nullable=True),
        sa.Column("media_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('whole', 'partial', 'final')", name=op.f("ck_resumable_uploads_kind")),
        sa.CheckConstraint(
            "outcome in ('kept', 'joined', 'terminated', 'expired', 'refused')",
            name=op.f("ck_resumable_uploads_outcome"),
        ),
        sa.CheckConstraint("(outcome is null) = (ended_at is null)", name=op.f("ck_resumable_uploads_ended")),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitations.id"], name="fk_resumable_uploads_invitation_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name="fk_resumable_uploads_media_id"),
        sa.PrimaryKeyConstraint("id", name="pk_resumable_uploads"),
        sa.UniqueConstraint("media_key", name="uq_resumable_uploads_media_key"),
    )
    op.create_index(
        "ix_resumable_uploads_ended", "resumable_uploads", ["ended_at"], postgresql_where=sa.text("outcome is not null")
    )
    op.create_index("ix_resumable_uploads_invitation_id", "resumable_uploads", ["invitation_id"])
    op.create_index("ix_resumable_uploads_media_id", "resumable_uploads", ["media_id"])
    op.create_index(
        "ix_resumable_uploads_open",
        "resumable_uploads",
        ["node", "expires_at"],
        postgresql_where=sa.text("outcome is null"),
    )


def downgrade() -> None:
    op.drop_table("resumable_uploads")
    op.drop_table("invitations")
