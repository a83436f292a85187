"""Names of those who act, for people to read: a person's first name, a service's own."""

from collections.abc import Iterable

from sqlalchemy import select

from storage.database import Sessions
from storage.tables import Person


class Names:
    """The query."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def of(self, owners: Iterable[str]) -> dict[str, str | None]:
        """By owner or actor of the audit (``telegram:1001``, ``service:crm``); None: nobody with a name."""
        known = {owner: _split(owner) for owner in set(owners)}
        ids = {int(name) for kind, name in known.values() if kind == "telegram" and name.lstrip("-").isdecimal()}
        people: dict[int, str] = {}
        if ids:
            async with self._sessions.begin() as session:
                found = await session.scalars(select(Person).where(Person.telegram_id.in_(ids)))
                people = {person.telegram_id: person.first_name for person in found}
        return {owner: _name(kind, name, people) for owner, (kind, name) in known.items()}


def _split(owner: str) -> tuple[str, str]:
    kind, _, name = owner.partition(":")
    return kind, name


def _name(kind: str, name: str, people: dict[int, str]) -> str | None:
    match kind:
        case "telegram":
            return people.get(int(name)) if name.lstrip("-").isdecimal() else None
        case "service" | "user":
            return name or None
        case _:
            return None
