"""Groups the bot is in, and the one of them whose members are staff.

Which group that is says the setting ``STAFF_CHAT``, else the row that an admin marked.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.callers.moving_groups import move_rows
from storage.database import Sessions
from storage.domain import Role, WaitingState
from storage.tables import Group, Membership, Person, StaffCard
from storage.tables.many import among
from storage.wakeups import wake_staff_card

OUT = ("left", "kicked")
"""The bot's status in chats that it is not in."""

_ADMINS = ("administrator", "creator")
_QUIET = timedelta(hours=1)
"""Between two answers to anonymous admins of a group."""

_REFUSED_FOR = timedelta(days=1)
"""How long a refused reaction is not tried again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupView:
    """A group as the bot last found it. ``present``: the bot is in it."""

    chat_id: int
    title: str
    present: bool
    is_admin: bool
    sees_all: bool
    language: str | None
    age: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known of a person and the staff chat: ``inside`` null: nothing. ``told``: the bot is an admin there, so
    Telegram tells it who comes and goes.
    """

    chat_id: int
    inside: bool | None
    age: timedelta
    told: bool


async def get_staff_chat(session: AsyncSession) -> int | None:
    """The chat that an admin marked in a chat; the setting is not asked."""
    return await session.scalar(select(Group.chat_id).where(Group.staff_chat))


async def set_staff_chat(session: AsyncSession, chat_id: int | None, *, by: int, title: str = "") -> None:
    """Make this group the staff chat in place of another; null: none. The one who does it is ``by``.

    What is still open is asked there anew.
    """
    await session.execute(update(Group).where(Group.staff_chat).values(staff_chat=False))
    if chat_id is not None:
        row = insert(Group).values(chat_id=chat_id, title=title, status="member", sees_all=False, staff_chat=True)
        await session.execute(row.on_conflict_do_update(index_elements=[Group.chat_id], set_={"staff_chat": True}))
    record(session, f"telegram:{by}", "staff_chat_set", detail={"chat": chat_id})
    await _ask_again(session)


async def group_language(session: AsyncSession, chat_id: int) -> str | None:
    """What a group speaks: what was chosen, or what whoever let the bot in speaks; else most of its members whom we
    know do, or the first admin. None: nobody chose anything.
    """
    chosen = await session.scalar(select(Group.language).where(Group.chat_id == chat_id))
    if chosen is not None:
        return chosen
    inside = exists().where(
        Membership.chat_id == chat_id, Membership.person_id == Person.telegram_id, Membership.inside
    )
    most = select(Person.language).where(Person.language.is_not(None), inside).group_by(Person.language)
    found = await session.scalar(most.order_by(func.count().desc(), Person.language).limit(1))
    if found is not None:
        return found
    admin = select(Person.language).where(Person.language.is_not(None), Person.role == Role.ADMIN)
    return await session.scalar(admin.order_by(Person.created_at).limit(1))


async def _say_again(session: AsyncSession) -> None:
    """Have open cards that are shown put into other words."""
    shown = (StaffCard.state == WaitingState.OPEN) & ~StaffCard.collapsed
    changed = update(StaffCard).where(shown).values(wanted=StaffCard.wanted + 1).returning(StaffCard.id)
    for row_id in sorted((await session.scalars(changed)).all()):
        await wake_staff_card(session, row_id)


async def _ask_again(session: AsyncSession) -> None:
    """Have what is still open shown where the staff chat is now; what is there already costs nothing."""
    changed = {"wanted": StaffCard.wanted + 1, "changed_at": func.clock_timestamp(), "collapsed": False}
    still_open = update(StaffCard).where(StaffCard.state == WaitingState.OPEN)
    for row_id in sorted((await session.scalars(still_open.values(changed).returning(StaffCard.id))).all()):
        await wake_staff_card(session, row_id)


class Groups:
    """The rows of groups. ``staff_chat`` is the setting, which wins over what was marked in a chat."""

    def __init__(self, sessions: Sessions, *, staff_chat: int | None = None) -> None:
        self._sessions = sessions
        self._fixed = staff_chat

    async def staff_chat(self) -> int | None:
        """Where staff are asked; None where there is no such chat."""
        async with self._sessions.begin() as session:
            return await self.staff_chat_in(session)

    async def staff_chat_in(self, session: AsyncSession) -> int | None:
        """The same inside a transaction. A chat that the bot was removed from is none."""
        chat_id = self._fixed if self._fixed is not None else await get_staff_chat(session)
        group = None if chat_id is None else await session.get(Group, chat_id)
        if group is not None and group.moved_to is not None:
            group = await session.get(Group, group.moved_to)
        if group is None:
            return chat_id
        return group.chat_id if group.left_at is None else None

    async def member(self, person_id: int) -> Known | None:
        """Whether somebody is in the staff chat, as far as it is known; None where there is no such chat."""
        async with self._sessions.begin() as session:
            known = await self.members(session, [person_id])
        return None if known is None else known[person_id]

    async def members(self, session: AsyncSession, person_ids: Collection[int]) -> dict[int, Known] | None:
        """The same of several inside a transaction."""
        chat_id = await self.staff_chat_in(session)
        if chat_id is None:
            return None
        group = await session.get(Group, chat_id)
        query = select(Membership, func.clock_timestamp() - Membership.checked_at)
        here = query.where(Membership.chat_id == chat_id, among(Membership.person_id, person_ids))
        rows = {row.person_id: (row.inside, age) for row, age in await session.execute(here)}
        told = group is not None and group.status in _ADMINS
        nothing = (None, timedelta(0))
        return {
            person_id: Known(chat_id=chat_id, inside=inside, age=age, told=told)
            for person_id in person_ids
            for inside, age in [rows.get(person_id, nothing)]
        }

    async def note_member(self, chat_id: int, person_id: int, *, inside: bool) -> None:
        """What Telegram says now of somebody and a chat."""
        row = insert(Membership).values(chat_id=chat_id, person_id=person_id, inside=inside)
        found = {"inside": inside, "checked_at": func.clock_timestamp()}
        async with self._sessions.begin() as session:
            keys = [Membership.chat_id, Membership.person_id]
            await session.execute(row.on_conflict_do_update(index_elements=keys, set_=found))

    async def bind_staff_chat(self, chat_id: int | None, *, by: int, title: str = "") -> None:
        """`set_staff_chat` in a transaction of its own."""
        async with self._sessions.begin() as session:
            await set_staff_chat(session, chat_id, by=by, title=title)

    async def get(self, chat_id: int) -> GroupView | None:
        """The group as it was last found; None where the bot never was."""
        async with self._sessions.begin() as session:
            group = await session.get(Group, chat_id)
            now = await session.scalar(select(func.clock_timestamp()))
            return None if group is None or now is None else _view(group, now - group.checked_at)

    async def found(
        self, chat_id: int, *, title: str, status: str, sees_all: bool, language: str | None = None
    ) -> bool:
        """Note how the bot stands in a group. True where it was in it before, and is not any more.

        ``language`` is that of whoever let the bot in; the first one counts.
        """
        out = status in OUT
        values = {"title": title, "status": status, "sees_all": sees_all, "checked_at": func.clock_timestamp()}
        row = insert(Group).values(
            chat_id=chat_id, language=language, left_at=func.clock_timestamp() if out else None, **values
        )
        async with self._sessions.begin() as session:
            before = await session.scalar(
                select(Group.left_at.is_(None)).where(Group.chat_id == chat_id).with_for_update()
            )
            kept = {
                **values,
                "language": func.coalesce(Group.language, row.excluded.language),
                "left_at": func.coalesce(Group.left_at, row.excluded.left_at) if out else None,
            }
            await session.execute(row.on_conflict_do_update(index_elements=[Group.chat_id], set_=kept))
            if not out and before is not True and chat_id == await self.staff_chat_in(session):
                await _ask_again(session)
        return out and before is True

    async def lost(self, chat_id: int) -> None:
        """A call was refused because the bot is not in the chat any more."""
        async with self._sessions.begin() as session:
            out = {"status": OUT[1], "left_at": func.clock_timestamp()}
            await session.execute(update(Group).where(Group.chat_id == chat_id, Group.left_at.is_(None)).values(**out))

    async def language(self, chat_id: int) -> str | None:
        """`group_language` in a transaction of its own."""
        async with self._sessions.begin() as session:
            return await group_language(session, chat_id)

    async def speak(self, chat_id: int, language: str, *, by: int) -> None:
        """Staff chose a language for the group. What is open in the staff chat is said anew."""
        async with self._sessions.begin() as session:
            row = insert(Group).values(chat_id=chat_id, title="", status="member", sees_all=False, language=language)
            await session.execute(
                row.on_conflict_do_update(index_elements=[Group.chat_id], set_={"language": language})
            )
            record(session, f"telegram:{by}", "group_language_set", detail={"chat": chat_id, "language": language})
            if chat_id == await self.staff_chat_in(session):
                await _say_again(session)

    async def may_tell_cure(self, chat_id: int) -> bool:
        """Whether the group still has to hear what the bot cannot see; true once per group."""
        return await self._first(chat_id, Group.cure_told_at.is_(None), cure_told_at=func.now())

    async def may_answer_anonymous(self, chat_id: int) -> bool:
        """Whether it is time to tell the group's anonymous admins that nobody sees who they are."""
        told = Group.anonymous_told_at
        return await self._first(chat_id, told.is_(None) | (told < func.now() - _QUIET), anonymous_told_at=func.now())

    async def reacts(self, chat_id: int) -> bool:
        """Whether reactions are not known to be forbidden."""
        refused = exists().where(Group.chat_id == chat_id, Group.reactions_refused_at > func.now() - _REFUSED_FOR)
        async with self._sessions.begin() as session:
            return not await session.scalar(select(refused))

    async def reactions_refused(self, chat_id: int) -> None:
        async with self._sessions.begin() as session:
            refused = update(Group).where(Group.chat_id == chat_id)
            await session.execute(refused.values(reactions_refused_at=func.now()))

    async def move(self, old: int, new: int) -> None:
        """A group became a supergroup. May be done again."""
        async with self._sessions.begin() as session:
            await move_rows(session, old, new)
            if new == await self.staff_chat_in(session):
                await _ask_again(session)

    async def _first(self, chat_id: int, condition: ColumnElement[bool], **values: object) -> bool:
        async with self._sessions.begin() as session:
            found = await session.scalar(
                update(Group).where(Group.chat_id == chat_id, condition).values(**values).returning(Group.chat_id)
            )
        return found is not None


def _view(group: Group, age: timedelta) -> GroupView:
    return GroupView(
        chat_id=group.chat_id,
        title=group.title,
        present=group.left_at is None,
        is_admin=group.status in _ADMINS,
        sees_all=group.sees_all,
        language=group.language,
        age=age,
    )
