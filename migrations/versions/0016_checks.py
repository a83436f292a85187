"""Checks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def _moment(name: str, *, now: bool = False, nullable: bool = False) -> sa.Column[object]:
    default = sa.func.now() if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def upgrade() -> None:
    op.create_index("ix_parts_sha256", "parts", ["sha256"])
    _mirror()
    _verify()


def _mirror() -> None:
    op.create_table(
        "mirrors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filled_by", sa.Text(), nullable=True),
        _moment("leased_until", nullable=True),
        _moment("began_at", now=True),
        sa.PrimaryKeyConstraint("id", name="pk_mirrors"),
    )
    op.create_table(
        "mirror_nodes",
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        _moment("since"),
        _moment("seen_at"),
        sa.PrimaryKeyConstraint("node", name="pk_mirror_nodes"),
    )
    op.create_table(
        "mirror_files",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("leaving", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        _moment("kept_at", now=True),
        _moment("checked_at", nullable=True),
        sa.PrimaryKeyConstraint("sha256", name="pk_mirror_files"),
    )
    op.create_index("ix_mirror_files_leaving", "mirror_files", ["sha256"], postgresql_where=sa.text("leaving"))
    problem = sa.text("problem is not null")
    op.create_index("ix_mirror_files_problem", "mirror_files", ["sha256"], postgresql_where=problem)
    op.create_table(
        "mirror_misses",
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        _moment("retry_at"),
        sa.ForeignKeyConstraint(["part_id"], ["parts.id"], name="fk_mirror_misses_part_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("part_id", name="pk_mirror_misses"),
    )


def _verify() -> None:
    op.create_table(
        "verify_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("deep", sa.Boolean(), nullable=False),
        sa.Column("repair", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("night", sa.Date(), nullable=True),
        sa.Column("sample", ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("last_part", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("counts", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("waiting", sa.Text(), nullable=True),
        sa.Column("leased_by", sa.Text(), nullable=True),
        _moment("leased_until", nullable=True),
        _moment("started_at", now=True),
        _moment("finished_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_verify_runs"),
        sa.UniqueConstraint("night", "deep", name="uq_verify_runs_night_deep"),
    )
    unfinished = sa.text("finished_at is null")
    op.create_index("ix_verify_runs_unfinished", "verify_runs", ["id"], postgresql_where=unfinished)
    op.create_table(
        "part_checks",
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        _moment("checked_at"),
        _moment("read_at", nullable=True),
        sa.ForeignKeyConstraint(["part_id"], ["parts.id"], name="fk_part_checks_part_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["verify_runs.id"], name="fk_part_checks_run_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("part_id", name="pk_part_checks"),
    )
    op.create_index("ix_part_checks_run_id_part_id", "part_checks", ["run_id", "part_id"])


def downgrade() -> None:
    for table in ("part_checks", "verify_runs", "mirror_misses", "mirror_files", "mirror_nodes", "mirrors"):
        op.drop_table(table)
    op.drop_index("ix_parts_sha256", "parts")
