"""Names of those who act, for people to read: what the User Service calls them, else a person's first name in
Telegram, or a service's own.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.tables import AccountLink, Person
from storage.users.profiles import names_of


class Names:
    """The query."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def of(self, owners: Iterable[str]) -> dict[str, str | None]:
        """By owner or actor of the audit (``telegram:1001``, ``service:crm``); None: nobody with a name."""
        known = {owner: _split(owner) for owner in set(owners)}
        ids = {int(name) for kind, name in known.values() if kind == "telegram" and name.lstrip("-").isdecimal()}
        user_ids = {name for kind, name in known.values() if kind == "user" and name}
        people: dict[int, str] = {}
        users: dict[str, str] = {}
        if ids or user_ids:
            async with self._sessions.begin() as session:
                people = await called(session, ids)
                users = await names_of(session, user_ids)
        return {owner: _name(kind, name, people, users) for owner, (kind, name) in known.items()}


async def called(session: AsyncSession, telegram_ids: Collection[int]) -> dict[int, str]:
    """What people are called: who is known at the company by its name for them, all others as in Telegram."""
    user_id = func.coalesce(AccountLink.user_id, Person.user_id)
    query = select(Person.telegram_id, Person.first_name, user_id)
    query = query.outerjoin(AccountLink, AccountLink.telegram_id == Person.telegram_id)
    rows = (await session.execute(query.where(Person.telegram_id.in_(telegram_ids)))).all()
    names = await names_of(session, {user for _, _, user in rows if user})
    return {telegram_id: names.get(user or "", first) for telegram_id, first, user in rows}


def _split(owner: str) -> tuple[str, str]:
    kind, _, name = owner.partition(":")
    return kind, name


def _name(kind: str, name: str, people: dict[int, str], users: dict[str, str]) -> str | None:
    match kind:
        case "telegram":
            return people.get(int(name)) if name.lstrip("-").isdecimal() else None
        case "user":
            return users.get(name) or name or None
        case "service":
            return name or None
        case _:
            return None
