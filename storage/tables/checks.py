"""What is kept outside Telegram too, and what was found when the archive was looked at."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import NOW, Table

_ZERO = text("0")


class Mirror(Table):
    """The directory that keeps bytes outside Telegram, by the id in its marker file: one at most.

    One process at a time fills it from Telegram: whichever has the lease.
    """

    __tablename__ = "mirrors"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    filled_by: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    began_at: Mapped[datetime] = mapped_column(server_default=NOW)


class MirrorNode(Table):
    """How the mirror looked from a node when it last tried. ``trouble`` null: it works, and has since ``since``."""

    __tablename__ = "mirror_nodes"

    node: Mapped[str] = mapped_column(primary_key=True)
    trouble: Mapped[str | None]
    since: Mapped[datetime]
    seen_at: Mapped[datetime]


class MirrorFile(Table):
    """A file in the mirror: the bytes of every part with this digest.

    ``leaving``: no part has them any more, and the file is to be removed. ``problem``: what a check found; the file is
    written again from Telegram. ``checked_at`` is when all of it was read last, and was right.
    """

    __tablename__ = "mirror_files"

    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    size: Mapped[int]
    leaving: Mapped[bool] = mapped_column(server_default=text("false"))
    problem: Mapped[str | None]
    kept_at: Mapped[datetime] = mapped_column(server_default=NOW)
    checked_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_mirror_files_leaving", "sha256", postgresql_where=text("leaving")),
        Index("ix_mirror_files_problem", "sha256", postgresql_where=text("problem is not null")),
    )


class MirrorMiss(Table):
    """A part that could not be brought into the mirror, and when that is tried again."""

    __tablename__ = "mirror_misses"

    part_id: Mapped[int] = mapped_column(ForeignKey("parts.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str]
    attempts: Mapped[int]
    retry_at: Mapped[datetime]


class VerifyRun(Table):
    """One pass over the archive, or over a sample of it. It is worked off by whichever process has the lease.

    ``sample`` null: every part whose id is at most ``last_part``. ``position`` is the last id, or the place in the
    sample, up to which everything is done. ``night`` names the schedule's runs, so that there is one a night.
    ``counts`` are those of `storage.engine.verify_runs.Counts`; ``waiting`` says what it waits for now.
    """

    __tablename__ = "verify_runs"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    deep: Mapped[bool]
    repair: Mapped[bool]
    by: Mapped[str]
    night: Mapped[date | None]
    sample: Mapped[list[int] | None]
    last_part: Mapped[int]
    total: Mapped[int]
    position: Mapped[int] = mapped_column(server_default=_ZERO)
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    waiting: Mapped[str | None]
    leased_by: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    started_at: Mapped[datetime] = mapped_column(server_default=NOW)
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("night", "deep"),
        Index("ix_verify_runs_unfinished", "id", postgresql_where=text("finished_at is null")),
    )


class PartCheck(Table):
    """What the last look at a part found. ``suspect``: a first look that was definite, and has to be confirmed."""

    __tablename__ = "part_checks"

    part_id: Mapped[int] = mapped_column(ForeignKey("parts.id", ondelete="CASCADE"), primary_key=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("verify_runs.id", ondelete="SET NULL"))
    outcome: Mapped[str]
    reason: Mapped[str | None]
    checked_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    """When all its bytes were fetched last, and were right."""

    __table_args__ = (Index(None, "run_id", "part_id"),)
