"""What admins should know of the archive itself: damaged files, and a mirror that cannot be used."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import func, select

from storage.auditing.alerts import Alerts
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import PartState
from storage.mirror.troubles import Trouble
from storage.tables import MirrorNode, Part

_SILENT = timedelta(hours=1)
"""A node that has not looked for so long has no mirror any more, or is none."""

_KINDS = {
    Trouble.MISSING.value: "mirror_missing",
    Trouble.FOREIGN.value: "mirror_missing",
    Trouble.NOT_EMPTY.value: "mirror_missing",
    Trouble.WRONG_KEY.value: "mirror_missing",
    Trouble.FULL.value: "mirror_full",
}
"""Alerts by what is wrong; all else is ``mirror_failed``."""


class ArchiveWatch:
    """Opens and ends alerts as the rows are."""

    def __init__(self, *, sessions: Sessions, alerts: Alerts, clock: Clock) -> None:
        self._sessions = sessions
        self._alerts = alerts
        self._clock = clock

    async def look(self, admins: Collection[int]) -> None:
        """May be done twice."""
        await self._damage(admins)
        await self._mirror(admins)

    async def _damage(self, admins: Collection[int]) -> None:
        damaged = Part.state == PartState.DAMAGED
        async with self._sessions.begin() as session:
            query = select(func.count(), func.count(Part.media_id.distinct())).where(damaged)
            parts, media = (await session.execute(query)).one()
        if parts:
            await self._alerts.open("damaged", {"count": media}, admins)
        else:
            await self._alerts.end("damaged", anywhere=True)

    async def _mirror(self, admins: Collection[int]) -> None:
        lately = MirrorNode.seen_at > self._clock.now() - _SILENT
        async with self._sessions.begin() as session:
            rows = (await session.scalars(select(MirrorNode).where(MirrorNode.trouble.is_not(None), lately))).all()
        wrong = {(_KINDS.get(row.trouble or "", "mirror_failed"), row.node): row.since for row in rows}
        told = [one for one in await self._alerts.current() if one.kind.startswith("mirror_")]
        for kind, node in {(one.kind, str(one.fields["node"])) for one in told} - wrong.keys():
            await self._alerts.end(kind, subject=node, anywhere=True)
        for (kind, node), since in wrong.items():
            await self._alerts.open(kind, {"node": node}, admins, subject=node, since=since)
