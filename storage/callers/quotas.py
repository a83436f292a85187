"""Quotas: how many bytes and files a service may give us, on a day (UTC) and in all.

Who has a quota has a row that is counted up in the transaction that makes a media visible, so the limit holds also
for many uploads at once; everyone else costs nothing. Two limits of time answer differently: a day's passes
(`QuotaExceeded`, 429), the one in all does not (`QuotaUsedUp`, 403).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Select, case, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.domain import NO_QUOTA, Caller, MediaStatus, Quota
from storage.errors import QuotaExceeded, QuotaUsedUp
from storage.tables import Media, Usage
from storage.tables.many import given

_TODAY = func.current_date()  # connections speak UTC


@dataclass(frozen=True, kw_only=True, slots=True)
class Used:
    """What an owner has given us: today, and of what is not deleted."""

    day_bytes: int
    day_files: int
    total_bytes: int
    total_files: int


async def usage_of(sessions: Sessions, owner: str) -> Used:
    """As it is now."""
    async with sessions.begin() as session:
        row = (await session.execute(_counted_row(owner))).mappings().one_or_none()
        return _used(row or (await session.execute(_from_media(owner))).mappings().one())


async def require_room(sessions: Sessions, caller: Caller, size: int | None) -> None:
    """Refuse early what `charge` would refuse: one more file of ``size`` bytes (None: not known yet).

    Raises `QuotaExceeded` or `QuotaUsedUp`.
    """
    if caller.quota == NO_QUOTA:
        return
    used = await usage_of(sessions, caller.owner)
    more = size or 1
    _require(
        caller.quota,
        Used(
            day_bytes=used.day_bytes + more,
            day_files=used.day_files + 1,
            total_bytes=used.total_bytes + more,
            total_files=used.total_files + 1,
        ),
        before=used,
    )


async def charge(session: AsyncSession, caller: Caller, media: Media) -> None:
    """Count a new media in the transaction that adds it. Raises `QuotaExceeded` or `QuotaUsedUp`."""
    if caller.quota == NO_QUOTA:
        return
    size = media.file_size or 0
    row = (await session.execute(_count_up(media.owner, size))).mappings().one_or_none()
    if row is None:
        first = insert(Usage).from_select(_COLUMNS, _from_media(media.owner, besides=media.id))
        await session.execute(first.on_conflict_do_nothing())
        row = (await session.execute(_count_up(media.owner, size))).mappings().one()
    now = _used(row)
    before = Used(
        day_bytes=now.day_bytes - size,
        day_files=now.day_files - 1,
        total_bytes=now.total_bytes - size,
        total_files=now.total_files - 1,
    )
    _require(caller.quota, now, before=before)


@dataclass(frozen=True, kw_only=True, slots=True)
class Charge:
    """So many new files of a caller, and their bytes."""

    caller: Caller
    files: int
    size: int


async def charge_all(session: AsyncSession, charges: Sequence[Charge]) -> set[str]:
    """Count for many what they give now; returns the owners for whom nothing was counted: `charge` says why."""
    limited = [one for one in charges if one.caller.quota != NO_QUOTA]
    if not limited:
        return set()
    rows = [
        {
            "owner": one.caller.owner,
            "more_bytes": one.size,
            "more_files": one.files,
            **{f"{name}_limit": getattr(one.caller.quota, name) for name in _COLUMNS[2:]},
        }
        for one in sorted(limited, key=lambda one: one.caller.owner)
    ]
    new = given(Usage, rows, **dict.fromkeys([*rows[0]][1:], BigInteger()))
    same_day = Usage.day == _TODAY
    counted = {
        "day_bytes": case((same_day, Usage.day_bytes), else_=0) + new.c.more_bytes,
        "day_files": case((same_day, Usage.day_files), else_=0) + new.c.more_files,
        "total_bytes": Usage.total_bytes + new.c.more_bytes,
        "total_files": Usage.total_files + new.c.more_files,
    }
    within = [func.coalesce(value <= new.c[f"{name}_limit"], True) for name, value in counted.items()]
    statement = update(Usage).where(Usage.owner == new.c.owner, *within).values(day=_TODAY, **counted)
    done = statement.returning(Usage.owner).execution_options(synchronize_session=False)
    return {one.caller.owner for one in limited} - set(await session.scalars(done))


async def give_back(session: AsyncSession, media: Media) -> None:
    """A media is erased: what is left in all rises; the day's count stays."""
    await session.execute(
        update(Usage)
        .where(Usage.owner == media.owner)
        .values(
            total_bytes=func.greatest(0, Usage.total_bytes - (media.file_size or 0)),
            total_files=func.greatest(0, Usage.total_files - 1),
        )
    )


_COLUMNS = ["owner", "day", "day_bytes", "day_files", "total_bytes", "total_files"]


def _counted_row(owner: str) -> Select[*tuple[Any, ...]]:
    same_day = Usage.day == _TODAY
    return select(
        case((same_day, Usage.day_bytes), else_=0).label("day_bytes"),
        case((same_day, Usage.day_files), else_=0).label("day_files"),
        Usage.total_bytes,
        Usage.total_files,
    ).where(Usage.owner == owner)


def _from_media(owner: str, *, besides: int = 0) -> Select[*tuple[Any, ...]]:
    today, kept = Media.uploaded_at >= _TODAY, Media.status != MediaStatus.DELETED
    size = func.coalesce(Media.file_size, 0)
    return select(
        literal(owner).label("owner"),
        _TODAY.label("day"),
        func.coalesce(func.sum(size).filter(today), 0).label("day_bytes"),
        func.count().filter(today).label("day_files"),
        func.coalesce(func.sum(size).filter(kept), 0).label("total_bytes"),
        func.count().filter(kept).label("total_files"),
    ).where(Media.owner == owner, Media.id != besides)


def _count_up(owner: str, size: int) -> Any:
    same_day = Usage.day == _TODAY
    return (
        update(Usage)
        .where(Usage.owner == owner)
        .values(
            day=_TODAY,
            day_bytes=case((same_day, Usage.day_bytes), else_=0) + size,
            day_files=case((same_day, Usage.day_files), else_=0) + 1,
            total_bytes=Usage.total_bytes + size,
            total_files=Usage.total_files + 1,
        )
        .returning(Usage.day_bytes, Usage.day_files, Usage.total_bytes, Usage.total_files)
    )


def _used(row: Mapping[Any, Any]) -> Used:
    return Used(**{name: int(row[name]) for name in _COLUMNS[2:]})


def _require(quota: Quota, after: Used, *, before: Used) -> None:
    for unit in ("files", "bytes"):
        limit = getattr(quota, f"total_{unit}")
        if limit is not None and getattr(after, f"total_{unit}") > limit:
            raise QuotaUsedUp(unit=unit, period="total", limit=limit, used=getattr(before, f"total_{unit}"))
        limit = getattr(quota, f"day_{unit}")
        if limit is not None and getattr(after, f"day_{unit}") > limit:
            used = getattr(before, f"day_{unit}")
            raise QuotaExceeded(unit=unit, period="day", limit=limit, used=used, retry_after=seconds_of_day_left())


def seconds_of_day_left() -> int:
    """Until the day's quotas begin anew, at least one."""
    now = datetime.now(UTC)
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(1, round((tomorrow - now).total_seconds()))
