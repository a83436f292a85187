"""Quotas, incidents and what the audit needs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEY_LIMITS = ("rate_per_minute", "quota_day_bytes", "quota_day_files", "quota_total_bytes", "quota_total_files")

_FIRST_OF_A_NAME_STAYS = """
DELETE FROM api_keys later USING api_keys earlier WHERE later.name = earlier.name AND later.id > earlier.id
"""
"""Before this step a name had one key; going back, the others end with it."""


def upgrade() -> None:
    for column in _KEY_LIMITS:
        op.add_column("api_keys", sa.Column(column, sa.BigInteger(), nullable=True))
    op.drop_constraint(op.f("uq_api_keys_name"), "api_keys", type_="unique")
    op.create_index(op.f("ix_api_keys_name"), "api_keys", ["name"], unique=False)
    op.create_table(
        "usage",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("day_bytes", sa.BigInteger(), nullable=False),
        sa.Column("day_files", sa.BigInteger(), nullable=False),
        sa.Column("total_bytes", sa.BigInteger(), nullable=False),
        sa.Column("total_files", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_usage")),
    )
    op.add_column("audit", sa.Column("request_id", sa.Text(), nullable=True))
    op.add_column("audit", sa.Column("address", sa.Text(), nullable=True))
    op.create_index(op.f("ix_audit_actor_id"), "audit", ["actor", "id"], unique=False)
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_table(
        "incidents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("route", sa.Text(), nullable=True),
        sa.Column("caller", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index(op.f("ix_incidents_at"), "incidents", ["at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_incidents_at"), table_name="incidents")
    op.drop_table("incidents")
    op.drop_index(op.f("ix_audit_at"), table_name="audit")
    op.drop_index(op.f("ix_audit_actor_id"), table_name="audit")
    op.drop_column("audit", "address")
    op.drop_column("audit", "request_id")
    op.drop_table("usage")
    op.drop_index(op.f("ix_api_keys_name"), table_name="api_keys")
    op.execute(_FIRST_OF_A_NAME_STAYS)
    op.create_unique_constraint(op.f("uq_api_keys_name"), "api_keys", ["name"])
    for column in reversed(_KEY_LIMITS):
        op.drop_column("api_keys", column)
