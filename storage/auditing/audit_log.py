"""Reading the audit: newest first, filtered, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select

from storage.database import Sessions
from storage.tables import Audit


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditFilter:
    """What is wanted; None: any. ``before`` is the id that the last page ended with."""

    actor: str | None = None
    action: str | None = None
    media_id: int | None = None
    request_number: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


async def list_audit(sessions: Sessions, wanted: AuditFilter, *, limit: int) -> Sequence[Audit]:
    """At most ``limit`` entries, newest first."""
    query = select(Audit).where(*_conditions(wanted)).order_by(Audit.id.desc()).limit(limit)
    async with sessions.begin() as session:
        return (await session.scalars(query)).all()


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    same = [
        column == value
        for column, value in (
            (Audit.actor, wanted.actor),
            (Audit.action, wanted.action),
            (Audit.media_id, wanted.media_id),
            (Audit.request_number, wanted.request_number),
            (Audit.request_id, wanted.request_id),
        )
        if value is not None
    ]
    if wanted.since is not None:
        same.append(Audit.at >= wanted.since)
    if wanted.until is not None:
        same.append(Audit.at < wanted.until)
    if wanted.before is not None:
        same.append(Audit.id < wanted.before)
    return same
