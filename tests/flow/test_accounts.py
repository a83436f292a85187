"""One person in the chat and by token: proved by a code, with the same rights and media, and ended at once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from storage.callers.people import ROLE_KEPT, Access, People
from storage.clock import SystemClock
from storage.database import Sessions
from storage.domain import Caller, Role, Scope
from storage.errors import AccountNotLinked, InvalidToken, Refused
from storage.tables import AccountLink, LinkCode, Person
from storage.users.accounts import Accounts
from web.auth.claims import caller_from
from web.auth.rights import Rights, RightsTable, rights_line

ANNA, BOB = 1001, 1002
SCOPES = frozenset({Scope.MEDIA_READ, Scope.MEDIA_WRITE})


class Somebody:
    first_name, username, language_code = "Anna", None, "en"

    def __init__(self, telegram_id: int) -> None:
        self.id = telegram_id


@pytest.fixture
def accounts(sessions: Sessions) -> Accounts:
    return Accounts(sessions=sessions, clock=SystemClock())


@pytest.fixture
def people(sessions: Sessions) -> People:
    return People(sessions, access=Access.INVITE)


async def linked(accounts: Accounts, caller: Caller, telegram_id: int = ANNA) -> None:
    offer = await accounts.offer(caller)
    assert await accounts.link(offer.code, telegram_id) is not None


async def test_a_linked_person_owns_both_and_has_the_higher_role(accounts: Accounts, people: People) -> None:
    await people.meet(Somebody(ANNA))
    token = Caller.user("42", SCOPES, Role.STAFF)
    assert await accounts.current(token, people.role_of) is token
    await linked(accounts, token)
    met = await people.meet(Somebody(ANNA))
    assert (met.user_id, met.role, met.caller.owners) == ("42", Role.STAFF, ("telegram:1001", "user:42"))
    now = await accounts.current(token, people.role_of)
    assert (now.role, now.owners, now.scopes) == (Role.STAFF, ("user:42", "telegram:1001"), SCOPES)


async def test_rights_of_the_chat_count_by_token(accounts: Accounts, sessions: Sessions) -> None:
    people = People(sessions, access=Access.INVITE, admins=[ANNA])
    await people.meet(Somebody(ANNA))
    token = Caller.user("42", SCOPES)
    await linked(accounts, token)
    assert (await accounts.current(token, people.role_of)).role is Role.ADMIN


async def test_what_a_newer_token_says_counts_in_the_chat_and_not_for_ever(
    accounts: Accounts, people: People, sessions: Sessions
) -> None:
    await people.meet(Somebody(ANNA))
    await linked(accounts, Caller.user("42", SCOPES, Role.ADMIN))
    assert await people.role_of(ANNA) is Role.ADMIN
    await accounts.current(Caller.user("42", SCOPES, Role.STAFF), people.role_of)
    assert await people.role_of(ANNA) is Role.STAFF
    async with sessions.begin() as session:
        await session.execute(update(AccountLink).values(role_at=datetime.now(UTC) - ROLE_KEPT))
    assert await people.role_of(ANNA) is Role.USER


@pytest.mark.parametrize("side", ["chat", "token"])
async def test_unlinking_takes_effect_at_once_from_either_side(accounts: Accounts, people: People, side: str) -> None:
    await people.meet(Somebody(ANNA))
    token = Caller.user("42", SCOPES, Role.STAFF)
    await linked(accounts, token)
    if side == "chat":
        assert await accounts.unlink_telegram(ANNA)
        assert not await accounts.unlink_telegram(ANNA)
    else:
        await accounts.unlink_user(token)
        await accounts.unlink_user(token)
    assert await accounts.current(token, people.role_of) is token
    assert await people.role_of(ANNA) is Role.USER
    assert (await people.meet(Somebody(ANNA))).caller.owners == ("telegram:1001",)
    with pytest.raises(AccountNotLinked):
        await accounts.of_user(token)


async def test_a_code_is_for_one_use_and_a_quarter_of_an_hour(accounts: Accounts, sessions: Sessions) -> None:
    token = Caller.user("42", SCOPES)
    first = await accounts.offer(token)
    second = await accounts.offer(token)
    assert await accounts.claim(first.code) is None
    assert await accounts.link(second.code, ANNA) is not None
    assert await accounts.link(second.code, BOB) is None
    third = await accounts.offer(token)
    async with sessions.begin() as session:
        await session.execute(update(LinkCode).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    for code in (third.code, "u_", "u_" + "x" * 100, "i_abc", "u_é"):
        assert await accounts.claim(code) is None
    assert (await accounts.of_user(token)).telegram_id == ANNA


async def test_an_account_and_a_user_have_one_link_each(accounts: Accounts) -> None:
    anna, bob = Caller.user("42", SCOPES), Caller.user("43", SCOPES)
    await linked(accounts, anna, ANNA)
    await linked(accounts, bob, ANNA)
    with pytest.raises(AccountNotLinked):
        await accounts.of_user(anna)
    await linked(accounts, bob, BOB)
    assert (await accounts.of_user(bob)).telegram_id == BOB
    for caller in (Caller.service("crm", SCOPES), Caller.person(ANNA, Role.ADMIN)):
        with pytest.raises(Refused):
            await accounts.offer(caller)
        assert await accounts.current(caller, lambda _id: pytest.fail("nobody is asked")) is caller


async def test_who_is_blocked_in_the_chat_brings_nothing_from_there(
    accounts: Accounts, people: People, sessions: Sessions
) -> None:
    await people.meet(Somebody(ANNA))
    await linked(accounts, Caller.user("42", SCOPES, Role.ADMIN))
    async with sessions.begin() as session:
        await session.execute(update(Person).values(blocked_at=datetime.now(UTC)))
    assert await people.role_of(ANNA) is Role.USER
    assert not (await people.meet(Somebody(ANNA))).admitted


def test_roles_and_scopes_map_by_the_table() -> None:
    table = RightsTable(
        {"dispatcher": rights_line(["staff"]), "up": rights_line(["media:write"]), "boss": rights_line(["admin"])}
    )
    assert table.of({"scope": "media:read unknown"}) == Rights(scopes=frozenset({Scope.MEDIA_READ}))
    staff = table.of({"roles": ["dispatcher", 7], "scp": ["up"]})
    assert (staff.role, Scope.REQUESTS_WRITE in staff.scopes, Scope.ADMIN in staff.scopes) == (Role.STAFF, True, False)
    assert table.of({"realm_access": {"roles": ["boss"]}}).role is Role.ADMIN
    assert table.of({"realm_access": "boss", "groups": None, "role": {"a": 1}}) == Rights()
    person = caller_from({"sub": "42", "role": "dispatcher"}, table)
    assert (person.owner, person.role) == ("user:42", Role.STAFF)
    service = caller_from({"client_id": "crm", "roles": ["boss"]}, table)
    assert (service.owner, service.role, Scope.ADMIN in service.scopes) == ("service:crm", None, True)
    with pytest.raises(InvalidToken):
        caller_from({"roles": ["boss"]}, table)
