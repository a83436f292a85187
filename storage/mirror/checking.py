"""Checking the mirror's files, as part of checking the archive."""

from storage.clock import Clock
from storage.database import Sessions
from storage.mirror.keeping import Mirror
from storage.mirror.troubles import FileWrong, MirrorTrouble
from storage.tables import MirrorFile


class MirrorChecker:
    """Looks at files that the index says are there; what is wrong with one is noted, and it is written again."""

    def __init__(self, *, sessions: Sessions, mirror: Mirror, clock: Clock) -> None:
        self._sessions = sessions
        self._mirror = mirror
        self._clock = clock

    async def check(self, sha256: bytes, *, deep: bool) -> str | None:
        """``sound``, or what is wrong: ``missing``, ``size``, ``broken``, ``digest``. None where that is not known."""
        async with self._sessions.begin() as session:
            row = await session.get(MirrorFile, sha256)
        if row is None or row.leaving:
            return None
        try:
            await self._look(sha256, row.size, deep=deep)
        except FileWrong as error:
            await self._mirror.note_wrong(sha256, error.problem)
            return error.problem
        except MirrorTrouble:
            return None
        if deep:
            async with self._sessions.begin() as session:
                found = await session.get(MirrorFile, sha256)
                if found is not None:
                    found.checked_at, found.problem = self._clock.now(), None
        return "sound"

    async def _look(self, sha256: bytes, size: int, *, deep: bool) -> None:
        file = await self._mirror.run(self._mirror.directory.open, sha256, size)
        try:
            if deep:
                await self._mirror.run(file.check, sha256, seconds=30 + size / (1024 * 1024))
        finally:
            file.close()
