"""Signed events of other services: what is believed, what is taken once, and what is passed over."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import SystemClock
from storage.database import Sessions
from storage.errors import HookNotFound, InvalidFields, InvalidSignature, MalformedBody
from storage.events.hooks import KEPT, HookEvent, HookOutcome, Hooks
from storage.tables import HookEvent as Row
from tests.peers.signing import OTHER_SECRET, SECRET, Signed, signed


@pytest.fixture
def heard() -> list[HookEvent]:
    return []


@pytest.fixture
def hooks(sessions: Sessions, heard: list[HookEvent]) -> Hooks:
    """Takes `users`; an event with `fail` in its data fails the first time."""
    made = Hooks(sessions=sessions, clock=SystemClock(), secrets={"users": [SECRET, OTHER_SECRET]})
    failed: set[str] = set()

    async def note(session: AsyncSession, event: HookEvent) -> None:
        if event.data.get("fail") and event.id not in failed:
            failed.add(event.id)
            raise InvalidFields(("data", "fails once"))
        heard.append(event)

    made.handle("users", "user.updated", note)
    return made


async def take(hooks: Hooks, event: Signed) -> HookOutcome:
    return await hooks.take("users", event.headers, event.body)


async def refusal(hooks: Hooks, event: Signed) -> object:
    with pytest.raises(InvalidSignature) as caught:
        await take(hooks, event)
    return caught.value.fields["reason"]


async def test_an_event_is_handled_once_however_often_it_comes(hooks: Hooks, heard: list[HookEvent]) -> None:
    happened = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    event = signed("user.updated", {"user_id": "42"}, at=happened)
    again = signed("user.updated", {"user_id": "42"}, at=happened, event_id=event.headers["webhook-id"])
    outcomes = await asyncio.gather(*(take(hooks, one) for one in (event, event, again)))
    assert sorted(outcomes) == [HookOutcome.DUPLICATE, HookOutcome.DUPLICATE, HookOutcome.HANDLED]
    assert [(one.type, one.at, dict(one.data)) for one in heard] == [("user.updated", happened, {"user_id": "42"})]


async def test_an_event_whose_handling_failed_may_come_again(hooks: Hooks, heard: list[HookEvent]) -> None:
    event = signed("user.updated", {"fail": True})
    with pytest.raises(InvalidFields):
        await take(hooks, event)
    assert await take(hooks, event) is HookOutcome.HANDLED
    assert len(heard) == 1


async def test_types_nobody_knows_are_taken_and_ignored(hooks: Hooks, heard: list[HookEvent]) -> None:
    assert await take(hooks, signed("user.promoted", {})) is HookOutcome.IGNORED
    assert heard == []


async def test_only_what_is_signed_now_and_by_a_known_secret_is_believed(hooks: Hooks) -> None:
    event = signed("user.updated", {"user_id": "42"})
    forged = Signed(headers=event.headers, body=event.body.replace(b"42", b"43"))
    assert await refusal(hooks, forged) == "signature"
    taken_over = Signed(headers={**event.headers, "webhook-id": "evt_other"}, body=event.body)
    assert await refusal(hooks, taken_over) == "signature"
    assert await refusal(hooks, signed("user.updated", {}, secret="whsec_" + "QUFB" * 8)) == "signature"
    for broken in ("v1", "v1,!!", "v2," + event.headers["webhook-signature"][3:], "é"):
        assert await refusal(hooks, Signed(headers={**event.headers, "webhook-signature": broken}, body=event.body))
    assert await refusal(hooks, Signed(headers={}, body=event.body)) == "headers"
    assert await take(hooks, signed("user.updated", {}, secret=OTHER_SECRET)) is HookOutcome.HANDLED
    with pytest.raises(HookNotFound):
        await hooks.take("requests", event.headers, event.body)


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_replayed_signature_and_a_clock_ten_minutes_off_are_refused(hooks: Hooks, minutes: int) -> None:
    assert await refusal(hooks, signed("user.updated", {}, clock_off=timedelta(minutes=minutes))) == "timestamp"
    nearly = signed("user.updated", {}, clock_off=timedelta(minutes=minutes / 4))
    assert await take(hooks, nearly) is HookOutcome.HANDLED


async def test_what_is_signed_and_no_event_is_named(hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidFields, match="type"):
        await take(hooks, signed("", {}))
    with pytest.raises(InvalidFields, match="webhook-id"):
        await take(hooks, signed("user.updated", {}, event_id="x" * 300))
    for body in (b"[]", b"{", b"[" * 5000):
        monkeypatch.setattr("json.dumps", lambda _event, said=body: said.decode())
        with pytest.raises(MalformedBody):
            await take(hooks, signed("user.updated", {}))
        monkeypatch.undo()


async def test_ids_are_forgotten_after_their_time(hooks: Hooks, sessions: Sessions) -> None:
    event = signed("user.updated", {})
    await take(hooks, event)
    await hooks.forget()
    assert await take(hooks, event) is HookOutcome.DUPLICATE
    async with sessions.begin() as session:
        await session.execute(update(Row).values(received_at=datetime.now(UTC) - KEPT - timedelta(seconds=1)))
    await hooks.forget()
    assert await take(hooks, event) is HookOutcome.HANDLED
