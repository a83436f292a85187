"""Searches whose pages somebody may still turn: a button has no room for their words."""

from datetime import timedelta

from sqlalchemy import delete, func, select

from storage.database import Sessions
from storage.tables import AskedSearch

KEPT = timedelta(days=7)
_LONGEST = 500
_MAX_ID = 2**63 - 1


class Searches:
    """The table ``asked_searches``."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def ask(self, person_id: int, words: str) -> int:
        """Remember a search; returns its id."""
        row = AskedSearch(person_id=person_id, words=words[:_LONGEST])
        async with self._sessions.begin() as session:
            session.add(row)
            await session.flush()
            return row.id

    async def words(self, person_id: int, search_id: int) -> str | None:
        """The words of one of the person's own searches."""
        if not 0 < search_id <= _MAX_ID:
            return None
        query = select(AskedSearch.words).where(AskedSearch.id == search_id, AskedSearch.person_id == person_id)
        async with self._sessions.begin() as session:
            return await session.scalar(query)

    async def forget(self, person_id: int | None = None) -> None:
        """Drop the old ones, or all of a person."""
        which = AskedSearch.asked_at < func.now() - KEPT
        if person_id is not None:
            which = AskedSearch.person_id == person_id
        async with self._sessions.begin() as session:
            await session.execute(delete(AskedSearch).where(which))
