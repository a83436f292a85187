"""People of the User Service: profiles, avatars, links to Telegram accounts, and the events of other services."""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_ROLES = "role IN ('user', 'staff', 'admin')"


def _time(name: str, *, nullable: bool = True, default: str | None = None) -> sa.Column[dt.datetime]:
    given = None if default is None else sa.text(default)
    return sa.Column(name, sa.DateTime(timezone=True), server_default=given, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "hook_events",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        _time("received_at", nullable=False, default="now()"),
        sa.PrimaryKeyConstraint("service", "event_id", name="pk_hook_events"),
    )
    op.create_index("ix_hook_events_received_at", "hook_events", ["received_at"])
    op.create_table(
        "account_links",
        sa.Column("telegram_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        _time("role_at", nullable=False, default="now()"),
        _time("linked_at", nullable=False, default="now()"),
        sa.CheckConstraint(_ROLES, name=op.f("ck_account_links_role")),
        sa.PrimaryKeyConstraint("telegram_id", name="pk_account_links"),
        sa.UniqueConstraint("user_id", name="uq_account_links_user_id"),
    )
    op.create_table(
        "link_codes",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        _time("expires_at", nullable=False),
        sa.CheckConstraint(_ROLES, name=op.f("ck_link_codes_role")),
        sa.PrimaryKeyConstraint("digest", name="pk_link_codes"),
        sa.UniqueConstraint("user_id", name="uq_link_codes_user_id"),
    )
    op.create_index("ix_link_codes_expires_at", "link_codes", ["expires_at"])
    op.create_table(
        "user_profiles",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("known", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        _time("fetched_at"),
        _time("as_of"),
        _time("deleted_at"),
        sa.Column("telegram_ids", sa.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'::bigint[]"), nullable=False),
        _time("settled_at"),
        sa.PrimaryKeyConstraint("user_id", name="pk_user_profiles"),
    )
    op.create_index(
        "ix_user_profiles_unsettled",
        "user_profiles",
        ["user_id"],
        postgresql_where=sa.text("deleted_at is not null and settled_at is null"),
    )
    op.create_table(
        "avatars",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        _time("changed_at", nullable=False, default="now()"),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name="fk_avatars_media_id"),
        sa.PrimaryKeyConstraint("user_id", name="pk_avatars"),
    )
    op.create_index("ix_avatars_media_id", "avatars", ["media_id"])
    op.create_index("ix_avatars_digest", "avatars", ["digest"])
    op.create_table(
        "avatar_images",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["avatars.user_id"], name="fk_avatar_images_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "size", name="pk_avatar_images"),
    )
    op.add_column("people", sa.Column("user_id", sa.Text(), nullable=True))
    op.create_index("ix_people_user_id", "people", ["user_id"], postgresql_where=sa.text("user_id is not null"))
    op.create_index(
        "ix_media_uploaded_by", "media", ["uploaded_by"], postgresql_where=sa.text("uploaded_by is not null")
    )


def downgrade() -> None:
    op.drop_index("ix_media_uploaded_by", table_name="media")
    op.drop_column("people", "user_id")
    op.drop_table("avatar_images")
    op.drop_table("avatars")
    op.drop_table("user_profiles")
    op.drop_table("link_codes")
    op.drop_table("account_links")
    op.drop_table("hook_events")
