"""PgQueuer's tables: jobs and schedules."""

from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from sqlalchemy import text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _run_script(sql: str) -> None:
    # The library's DDL is one script of many statements, which asyncpg takes only without parameters.
    bind = op.get_bind()
    bind.execute(text("SELECT 1"))  # opens the transaction that the raw connection below then joins
    bind.connection.run_async(lambda connection: connection.execute(sql))


def upgrade() -> None:
    _run_script(QueryBuilderEnvironment().build_install_query())


def downgrade() -> None:
    _run_script(QueryBuilderEnvironment().build_uninstall_query())
