"""Who may see what, as a matrix: every kind of caller, every call, media of everybody."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest

from storage.catalog.attachments import Attaching
from storage.catalog.deleting import Deleting
from storage.catalog.reading import Reading
from storage.clock import SystemClock
from storage.database import Sessions
from storage.domain import (
    Caller,
    Category,
    FileType,
    Inspection,
    MediaId,
    MediaStatus,
    Purpose,
    Role,
    Scope,
)
from storage.errors import MediaNotFound, MissingScope
from storage.request_numbers import RequestNumber
from storage.tables import Media

NUMBER, OTHER_NUMBER = RequestNumber("250926-001"), RequestNumber("250926-002")
EVERY = frozenset(Scope)
NOT_ADMIN = EVERY - {Scope.ADMIN}

CALLERS = {
    "user": Caller.person(1, Role.USER),
    "staff": Caller.person(2, Role.STAFF),
    "admin": Caller.person(3, Role.ADMIN),
    "token": Caller.user("anna", NOT_ADMIN),
    "token of the same id": Caller.user("1", NOT_ADMIN),
    "token admin": Caller.user("root", EVERY),
    "service": Caller.service("crm", NOT_ADMIN),
    "service with the person's name": Caller.service("anna", NOT_ADMIN),
}
OWNERS = {name: caller.owner for name, caller in CALLERS.items()} | {"nobody here": "telegram:99"}
KINDS = ("plain", "attached", "waiting")
ALL_SEEING = {"admin", "token admin", "service", "service with the person's name"}
DELETES_ALL = ALL_SEEING

Ids = dict[tuple[str, str], MediaId]


@dataclass(frozen=True)
class Cases:
    reading: Reading
    attaching: Attaching
    deleting: Deleting


@pytest.fixture
def cases(sessions: Sessions) -> Cases:
    deleting = Deleting(sessions=sessions, clock=SystemClock(), grace=60)
    return Cases(Reading(sessions), Attaching(sessions), deleting)


@pytest.fixture
async def media(sessions: Sessions, cases: Cases) -> Ids:
    """One media of each owner and kind: attached to a request, waiting for one, or neither."""
    ids = Ids()
    async with sessions.begin() as session:
        for owner_name, owner in OWNERS.items():
            for kind in KINDS:
                row = Media(
                    key=uuid4(),
                    owner=owner,
                    source="http",
                    filename=f"{owner_name} {kind}",
                    content_type="text/plain",
                    file_type=FileType.DOCUMENT,
                    category=Category.OTHER,
                    purpose=Purpose.REQUESTS,
                    status=MediaStatus.ACTIVE,
                    inspection=Inspection.DONE,
                    verified=True,
                    awaits_request=kind == "waiting",
                )
                session.add(row)
                await session.flush()
                ids[owner_name, kind] = MediaId(row.id)
    admin = CALLERS["admin"]
    attached = [media_id for (_, kind), media_id in ids.items() if kind == "attached"]
    await cases.attaching.attach(admin, NUMBER, attached)
    return ids


def may_see(caller: str, owner: str, kind: str) -> bool:
    return caller == owner or caller in ALL_SEEING or (caller == "staff" and kind != "plain")


def may_attach(caller: str, owner: str, kind: str) -> bool:
    return may_see(caller, owner, kind)


def may_delete(caller: str, owner: str, _kind: str) -> bool:
    return caller == owner or caller in DELETES_ALL


Call = Callable[[Cases, Caller, MediaId], Awaitable[object]]
CALLS: dict[str, tuple[Call, Callable[[str, str, str], bool]]] = {
    "read": (lambda use, caller, media_id: use.reading.media(caller, media_id), may_see),
    "attach": (lambda use, caller, media_id: use.attaching.attach(caller, OTHER_NUMBER, [media_id]), may_attach),
    "detach": (lambda use, caller, media_id: use.attaching.detach(caller, OTHER_NUMBER, media_id), may_attach),
    "delete": (lambda use, caller, media_id: use.deleting.delete(caller, media_id), may_delete),
    "restore": (lambda use, caller, media_id: use.deleting.restore(caller, media_id), may_delete),
}


@pytest.mark.parametrize("caller", CALLERS)
async def test_one_media(cases: Cases, media: Ids, caller: str) -> None:
    """In the order in which the table names them: a delete is taken back, so that all find what they need."""
    for (owner, kind), media_id in media.items():
        for name, (call, allowed) in CALLS.items():
            case = f"{caller} {name} {owner} {kind}"
            if allowed(caller, owner, kind):
                await call(cases, CALLERS[caller], media_id)
            else:
                with pytest.raises(MediaNotFound) as caught:
                    pytest.fail(f"{case}: {await call(cases, CALLERS[caller], media_id)!r}")
                assert caught.value.fields == {"media_id": media_id}, case  # as for one that does not exist


@pytest.mark.parametrize("caller", CALLERS)
async def test_lists(cases: Cases, media: Ids, caller: str) -> None:
    reading, who = cases.reading, CALLERS[caller]
    seen = {view.id for view in await reading.several(who, list(media.values()))}
    assert seen == {media_id for (owner, kind), media_id in media.items() if may_see(caller, owner, kind)}
    own, total = await reading.own(who, limit=50, offset=0)
    assert {view.id for view in own} == {media[caller, kind] for kind in KINDS}
    assert total == len(KINDS)


@pytest.mark.parametrize("caller", CALLERS)
async def test_reading_by_number(cases: Cases, media: Ids, caller: str) -> None:
    reading, who = cases.reading, CALLERS[caller]
    if caller in ALL_SEEING or caller == "staff":
        found = {view.id for view in await reading.of_request(who, NUMBER)}
        assert found == {media_id for (_, kind), media_id in media.items() if kind == "attached"}
        return
    with pytest.raises(MissingScope) as caught:
        await reading.of_request(who, NUMBER)
    assert caught.value.fields == {"scope": "staff" if caller == "user" else "admin"}
