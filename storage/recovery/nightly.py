"""The nightly backup: due once a day, made up for where a night was missed, and told of where it does not succeed."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, time, timedelta, tzinfo

import structlog
from sqlalchemy import func, select

from storage.auditing.alerts import Alerts, Fields
from storage.clock import Clock
from storage.database import Sessions
from storage.errors import MediagateError
from storage.jobs import BULK, enqueue
from storage.recovery.errors import BackupRunning, NoPassphrase, RecoveryError
from storage.recovery.making import BackupMaker
from storage.tables import Backup, Channel

log = structlog.get_logger(__name__)

BACKUP_JOB = "backup"
FAILED, NO_PASSPHRASE = "backup_failed", "backup_passphrase"
"""The kinds of alerts."""

_AGAIN_AFTER = timedelta(hours=1)
_SYSTEM = "system"


class Nightly:
    """``at`` in ``timezone``. ``admins`` says whom to tell."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        maker: BackupMaker,
        alerts: Alerts,
        admins: Callable[[], Awaitable[Collection[int]]],
        clock: Clock,
        at: time,
        timezone: tzinfo,
    ) -> None:
        self._sessions = sessions
        self._maker = maker
        self._alerts = alerts
        self._admins = admins
        self._clock = clock
        self._at = at
        self._timezone = timezone

    async def look(self) -> None:
        """Every minute: have one made if it is due."""
        if await self.due():
            async with self._sessions.begin() as session:
                await enqueue(session, BACKUP_JOB, {}, priority=BULK, dedupe=BACKUP_JOB)

    async def handle(self, _payload: object) -> None:
        """The job. What goes wrong becomes an alert, and is tried again within the hour."""
        if not await self.due():
            return
        try:
            await self._maker.make(by=_SYSTEM)
        except BackupRunning:
            return
        except NoPassphrase:
            await self._alerts.open(NO_PASSPHRASE, {}, await self._admins())
        except (RecoveryError, MediagateError, OSError) as error:
            reason = getattr(error, "code", type(error).__name__)
            fields: Fields = {"reason": str(reason)}
            await self._alerts.open(FAILED, fields, await self._admins())
        else:
            await self._alerts.end(FAILED, anywhere=True)
            await self._alerts.end(NO_PASSPHRASE, anywhere=True)

    async def due(self) -> bool:
        """Whether the last night has no backup yet, and none was tried just now.

        An archive that began after that night owes none for it.
        """
        now = self._clock.now()
        night = self._last_night(now)
        async with self._sessions.begin() as session:
            first = await session.scalar(select(func.min(Channel.bound_at)))
            stored = Backup.state.in_(("stored", "gone"))
            last = await session.scalar(select(func.max(Backup.started_at)).where(stored))
            tried = await session.scalar(select(func.max(Backup.started_at)))
        if first is None or first > night or (last is not None and last >= night):
            return False
        return tried is None or tried < night or tried < now - _AGAIN_AFTER

    def _last_night(self, now: datetime) -> datetime:
        here = now.astimezone(self._timezone)
        today = datetime.combine(here.date(), self._at, self._timezone)
        return today if today <= here else datetime.combine(here.date() - timedelta(days=1), self._at, self._timezone)
