"""Who may call: keys from the settings and from the table."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select

from storage.callers.keys import Keys, KeyTerms
from storage.domain import Scope
from storage.errors import KeyNotFound, Unauthenticated
from storage.tables import ApiKey, Audit
from tests.flow.conftest import RunningArchive
from tests.flow.http_door import UPLOAD, Door, open_door

CRM = KeyTerms(name="crm", scopes=frozenset({Scope.MEDIA_READ}))


class MovingClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 9, 26, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


async def test_a_key_is_shown_once_and_kept_as_a_hash(door: Door) -> None:
    _, secret = await door.deps.keys.create(CRM, by="cli")
    status, _ = await door.get("/api/v1/media/request/250926-001", X_API_Key=secret)
    assert status == 200
    assert (await door.get(f"{UPLOAD}/limits", X_API_Key=secret))[0] == 403
    async with door.running.archive.sessions.begin() as session:
        row = (await session.scalars(select(ApiKey))).one()
        assert secret.encode() not in row.key_hash
        assert secret.startswith(row.prefix)
        assert row.last_used_at is not None
        assert [audit.action for audit in await session.scalars(select(Audit))] == ["key_created"]


async def test_a_revoked_key_opens_nothing(door: Door) -> None:
    key, secret = await door.deps.keys.create(CRM, by="cli")
    assert (await door.get("/api/v1/media/request/250926-001", X_API_Key=secret))[0] == 200
    await door.deps.keys.revoke(key.id, by="cli")
    assert (await door.get("/api/v1/media/request/250926-001", X_API_Key=secret))[0] == 401
    await door.deps.keys.revoke(key.id, by="cli")
    with pytest.raises(KeyNotFound):
        await door.deps.keys.revoke(key.id + 1, by="cli")


async def test_a_key_expires(archive: RunningArchive) -> None:
    clock = MovingClock()
    keys = Keys(sessions=archive.archive.sessions, secret_key="x", clock=clock)
    terms = replace(CRM, expires_at=clock.time + timedelta(seconds=0.2))
    _, secret = await keys.create(terms, by="cli")
    assert (await keys.caller(secret)).owner == "service:crm"
    clock.time += timedelta(seconds=1)
    await asyncio.sleep(0.25)
    with pytest.raises(Unauthenticated):
        await keys.caller(secret)


async def test_a_known_key_costs_no_statement(archive: RunningArchive) -> None:
    sessions = archive.archive.sessions
    keys = Keys(sessions=sessions, secret_key="x", clock=MovingClock())
    _, secret = await keys.create(CRM, by="cli")
    await keys.caller(secret)
    statements: list[str] = []
    engine = sessions.kw["bind"].sync_engine

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "api_keys" in statement:
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    for _ in range(10):
        await keys.caller(secret)
    event.remove(engine, "before_cursor_execute", count)
    assert statements == []


async def test_a_key_of_another_secret_key_is_unknown(archive: RunningArchive) -> None:
    sessions = archive.archive.sessions
    _, secret = await Keys(sessions=sessions, secret_key="x", clock=MovingClock()).create(CRM, by="cli")
    with pytest.raises(Unauthenticated):
        await Keys(sessions=sessions, secret_key="y", clock=MovingClock()).caller(secret)


@pytest.mark.parametrize("secret", ["", "x", "x" * 10_000, "\udcff"])
async def test_secrets_that_cannot_be(archive: RunningArchive, secret: str) -> None:
    with pytest.raises(Unauthenticated):
        await Keys(sessions=archive.archive.sessions, secret_key="x", clock=MovingClock()).caller(secret)
