"""What makes copying hard, one trouble at a time: rights, protection, moves, deletions, wrong messages."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from sqlalchemy import delete, select, update

from gateway.copying import copies_line
from sandbox.client import SandboxClient
from storage.clock import SystemClock
from storage.database import Sessions
from storage.domain import CopyRole, CopyState, PartState, Purpose
from storage.engine.copies import give_up_copies
from storage.engine.copy_sources import source_back
from storage.engine.events import EventKind, note_event
from storage.engine.refilling import Refiller
from storage.engine.replacing import move_parts
from storage.errors import FloodWait, Unreachable
from storage.jobs import Later
from storage.mirror.rows import note_kept
from storage.ports import Copy, LaneKey, PartSender, Sent, Shipment
from storage.tables import EngineEvent, FileRef, Part, PartCopy, StrayMessage
from storage.telegram.binding import Binder
from storage.wakeups import REPLACEMENTS
from tests.flow.archives import REPORTS, REQUESTS, some_bytes
from tests.flow.faulty import SECOND, Killed, Points
from tests.flow.faulty_copies import CopyGround, copy_ground, soon
from tests.flow.test_faults import _quick

__all__ = ["_quick"]

_ARCHIVE = -1_001_000_000_003


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)


@pytest.fixture
async def copying(sessions: Sessions, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[CopyGround]:
    async with copy_ground(sessions, sandbox, tmp_path) as made:
        yield made


async def copies(copying: CopyGround) -> Sequence[PartCopy]:
    async with copying.ground.sessions.begin() as session:
        return (await session.scalars(select(PartCopy).order_by(PartCopy.id))).all()


async def part(copying: CopyGround, part_id: int) -> Part:
    async with copying.ground.sessions.begin() as session:
        return await session.get_one(Part, part_id)


async def copy_once(copying: CopyGround, points: Points | None = None) -> None:
    """What the sweep and one job do."""
    await copying.ground.engine().copying.sweep.sweep()
    with suppress(Later, Killed):
        await copying.ground.engine(points).copying.copier.handle({"chat": copying.backup})


async def test_a_channel_that_restricts_saving_is_copied_by_file_id(copying: CopyGround) -> None:
    """Nothing is taken for gone there, and a part is not damaged by it."""
    part_id, key = await copying.stored(some_bytes(3_000))
    for chat_id in (REQUESTS, REPORTS):
        await copying.ground.sandbox.change_chat(chat_id, protected=True)
    await copy_once(copying)
    assert not await copying.broken(key)
    assert (await part(copying, part_id)).state is PartState.STORED


async def test_a_backup_that_restricts_saving_is_no_verified_copy(copying: CopyGround) -> None:
    _, key = await copying.stored(some_bytes(3_000))
    await copying.ground.sandbox.change_chat(copying.backup, protected=True)
    await copy_once(copying)
    [copy] = await copies(copying)
    assert (copy.state, copy.problem) == (CopyState.COPIED, "message_locked")
    await copying.ground.sandbox.change_chat(copying.backup, protected=False)
    async with copying.ground.sessions.begin() as session:
        await session.execute(update(PartCopy).values(next_attempt_at=copy.created_at))
    await copy_once(copying)
    assert not await copying.broken(key)


async def test_bots_without_rights_copy_nothing_and_lose_nothing(copying: CopyGround) -> None:
    part_id, key = await copying.stored(some_bytes(3_000))
    sandbox, first = copying.ground.sandbox, copying.ground.bot.id
    await sandbox.member(copying.backup, first, "administrator", {"can_post_messages": False})
    await sandbox.member(copying.backup, SECOND, "kicked")
    await copy_once(copying)
    assert [copy.state for copy in await copies(copying)] == [CopyState.WAITING]
    assert (await part(copying, part_id)).state is PartState.STORED
    await sandbox.member(copying.backup, SECOND, "administrator")
    for chat_id in (REQUESTS, REPORTS):
        await sandbox.member(chat_id, first, "kicked")
    await copying.ground.settle()
    assert not await copying.broken(key)


async def test_a_copy_under_way_goes_with_its_media(copying: CopyGround) -> None:
    """It lands after the delete, or the process dies in between: the message is removed all the same."""
    for at in range(3, 15, 3):
        part_id, key = await copying.stored(some_bytes(3_000, seed=at))
        await copy_once(copying, Points(at))
        async with copying.ground.sessions.begin() as session:
            row = await session.get_one(Part, part_id)
            await session.delete(row)
            await session.flush()
            await give_up_copies(session, key)
        await copying.ground.settle()
        left = await copying._messages(key)
        assert [place for place in left if place[0] == copying.backup] == []
        assert await copies(copying) == []


async def test_a_part_moves_and_its_copy_stays(copying: CopyGround) -> None:
    part_id, key = await copying.stored(some_bytes(3_000))
    await copy_once(copying)
    [before] = await copies(copying)
    await _archive(copying, part_id)
    await copying.ground.settle()
    [after] = await copies(copying)
    assert (after.id, after.message_id) == (before.id, before.message_id)
    assert {chat_id for chat_id, _ in await copying._messages(key)} == {copying.backup}


async def test_a_part_whose_message_went_while_it_moved_comes_from_its_copy(copying: CopyGround) -> None:
    part_id, key = await copying.stored(some_bytes(3_000))
    await copy_once(copying)
    row = await part(copying, part_id)
    assert row.chat_id is not None
    assert row.message_id is not None
    async with copying.ground.sessions.begin() as session:
        await session.execute(delete(FileRef))
    await _archive(copying, part_id)
    await copying.ground.sandbox.delete(row.chat_id, row.message_id)
    async with copying.ground.sessions.begin() as session:
        moved = (await session.scalars(select(Part).where(Part.media_key == key))).one()
        moved.attempt = 3
    await copying.ground.engine().copying.sweep.sweep()
    await copying.ground.settle()
    await copy_once(copying)
    assert [copy.state for copy in await copies(copying)] == [CopyState.VERIFIED]
    async with copying.ground.sessions.begin() as session:
        moved = (await session.scalars(select(Part).where(Part.media_key == key))).one()
    assert (moved.state, moved.chat_id) == (PartState.STORED, _ARCHIVE)


async def test_a_move_that_is_refused_gives_no_message_up(copying: CopyGround) -> None:
    """That it failed does not say that the message is gone: it is removed when the part has arrived, not before."""
    part_id, key = await copying.stored(some_bytes(3_000))
    await copy_once(copying)
    row = await part(copying, part_id)
    assert row.chat_id is not None
    await _archive(copying, part_id)
    async with copying.ground.sessions.begin() as session:
        await session.execute(update(Part).values(attempt=3))
    await copying.ground.engine().copying.sweep.sweep()
    async with copying.ground.sessions.begin() as session:
        assert await session.scalar(select(StrayMessage.message_id)) is None
    assert {chat_id for chat_id, _ in await copying._messages(key)} == {row.chat_id, copying.backup}
    await copying.ground.settle()
    await copy_once(copying)
    await copying.ground.settle()
    assert {chat_id for chat_id, _ in await copying._messages(key)} == {copying.backup}
    assert [(copy.chat_id, copy.state) for copy in await copies(copying)] == [(copying.backup, CopyState.VERIFIED)]


async def _archive(copying: CopyGround, part_id: int) -> None:
    for bot_id in (copying.ground.bot.id, SECOND):
        await copying.ground.sandbox.member(_ARCHIVE, bot_id, "administrator")
    binder = Binder(sessions=copying.ground.sessions, bot=copying.ground.bot)
    await binder.bind({Purpose.ARCHIVE: (_ARCHIVE,)})
    row = await part(copying, part_id)
    async with copying.ground.sessions.begin() as session:
        await move_parts(session, row.media_key, Purpose.ARCHIVE)


class _Waiting:
    """A source that is away, as a mirror whose disk is not mounted."""

    async def open(self, *_of: object) -> AsyncIterator[bytes]:
        raise Unreachable(retry_after=3600.0)


async def test_a_part_whose_bytes_cannot_be_had_now_holds_up_no_other_copy(copying: CopyGround) -> None:
    first, _ = await copying.stored(some_bytes(3_000))
    await copying.damaged(first)
    _, key = await copying.stored(some_bytes(4_000))
    engine = copying.ground.engine()
    await engine.copying.sweep.sweep()
    engine.copying.copier._sources = _Waiting()
    with suppress(Later):
        await engine.copying.copier.handle({"chat": copying.backup})
    there = {copy.media_key for copy in await copies(copying) if copy.state is CopyState.VERIFIED}
    assert there == {key}


async def test_a_message_that_says_something_else_is_no_copy(copying: CopyGround) -> None:
    """Somebody changed it before it was looked at: it is removed, and the copy made again."""
    _, key = await copying.stored(some_bytes(3_000))
    engine = copying.ground.engine()
    await engine.copying.sweep.sweep()
    points = Points()
    with suppress(Later):
        await copying.ground.engine(points).copying.copier.handle({"chat": copying.backup})
    [copy] = await copies(copying)
    assert copy.message_id is not None
    async with copying.ground.sessions.begin() as session:
        await session.execute(update(PartCopy).values(state=CopyState.COPIED))
    await engine.store.caption(copying.backup, copy.message_id, "holiday")
    await copying.ground.settle()
    [again] = await copies(copying)
    assert again.message_id != copy.message_id
    assert not await copying.broken(key)


async def test_a_full_backup_gets_no_more_while_another_has_room(copying: CopyGround) -> None:
    ground = copying.ground
    other = (await ground.sandbox.channel("Other", creator=1003, bots=(ground.bot.id, SECOND)))["id"]
    await Binder(sessions=ground.sessions, bot=ground.bot).bind({Purpose.BACKUP: (copying.backup, other)})
    await copying.stored(some_bytes(3_000))
    await ground.engine().copying.sweep.sweep()
    await ground.settle()
    sweep = ground.engine().copying.sweep
    sweep._channel_most = 1
    await copying.stored(some_bytes(3_000, seed=2))
    await sweep.sweep()
    assert sorted(copy.chat_id or 0 for copy in await copies(copying)) == sorted([copying.backup, other, other])


async def test_a_file_that_a_bot_still_knows_is_sent_by_its_id(copying: CopyGround) -> None:
    """A replacement of a part whose message is gone, from what a bot still knows of its file."""
    part_id, key = await copying.stored(some_bytes(3_000))
    async with copying.ground.sessions.begin() as session:
        refs = [(ref.bot_id, ref.file_id, ref.file_unique_id) for ref in await session.scalars(select(FileRef))]
    await copying.damaged(part_id)
    async with copying.ground.sessions.begin() as session:
        for bot_id, file_id, unique_id in refs:
            session.add(FileRef(part_id=part_id, bot_id=bot_id, file_id=file_id, file_unique_id=unique_id))
    await copying.ground.engine().copying.copier.handle({"chat": REPLACEMENTS})
    await copy_once(copying)
    await copying.ground.settle()
    assert not await copying.broken(key)


async def lose_everything(copying: CopyGround) -> int:
    """A part whose message is gone before it was copied anywhere; its id."""
    part_id, _ = await copying.stored(some_bytes(3_000))
    await copying.damaged(part_id)
    return part_id


async def told(copying: CopyGround) -> int:
    async with copying.ground.sessions.begin() as session:
        kinds = [event.kind for event in await session.scalars(select(EngineEvent))]
    return kinds.count(EventKind.PART_WITHOUT_SOURCE)


async def delays(copying: CopyGround) -> list[float]:
    """Seconds for which each copy is put off, from its last attempt on."""
    return [round((copy.next_attempt_at - SystemClock().now()).total_seconds()) for copy in await copies(copying)]


async def test_what_nothing_has_the_bytes_of_is_said_once_and_tried_ever_more_rarely(
    copying: CopyGround, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.engine.copy_sources._DELAYS", (1_000.0, 10_000.0, 100_000.0))
    await lose_everything(copying)
    engine = copying.ground.engine()
    waited = []
    for _ in range(4):
        await engine.copying.sweep.sweep()
        async with copying.ground.sessions.begin() as session:
            await session.execute(update(PartCopy).values(next_attempt_at=SystemClock().now()))
        for chat_id in (copying.backup, REPLACEMENTS):
            await engine.copying.copier.handle({"chat": chat_id})
        waited += [min(await delays(copying))]
    assert [len(str(round(seconds + 500))) for seconds in waited] == [4, 5, 6, 6]
    assert {copy.problem for copy in await copies(copying)} == {"no_source"}
    assert len(await copies(copying)) == 2
    assert await told(copying) == 1
    [line] = await copies_line(copying.ground.sessions)
    assert "1 parts cannot be copied" in line.detail


@pytest.mark.parametrize("way", ["mirror", "sound", "bot", "asked"])
async def test_a_source_that_comes_back_is_used_at_once(
    copying: CopyGround, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr("storage.engine.copy_sources._DELAYS", (86_400.0,))
    part_id = await lose_everything(copying)
    sessions, engine = copying.ground.sessions, copying.ground.engine()
    await engine.copying.sweep.sweep()
    for chat_id in (copying.backup, REPLACEMENTS):
        await engine.copying.copier.handle({"chat": chat_id})
    await engine.copying.sweep.sweep()
    assert min(await delays(copying)) > 80_000
    row = await part(copying, part_id)
    assert row.sha256 is not None
    async with sessions.begin() as session:
        if way == "mirror":
            await note_kept(session, row.sha256, 3_000, SystemClock().now())
        elif way == "sound":
            await source_back(session, row)
        elif way == "bot":
            note_event(session, EventKind.LANE_BACK, bot_id=SECOND, chat_id=REQUESTS)
    if way == "asked":
        await Refiller(sessions=sessions, members=engine.copying.members, assumed_rate=0).want([])
    await engine.copying.sweep.sweep()
    assert max(await delays(copying)) <= 0


async def test_copies_whose_part_was_forgotten_are_dropped_slice_by_slice(
    copying: CopyGround, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them, and none whose part is there; each statement looks at a slice."""
    monkeypatch.setattr("storage.engine.copy_sweep._SLICE", 2)
    monkeypatch.setattr("storage.engine.copy_sweep._SLICES", 2)
    _, key = await copying.stored(some_bytes(3_000))
    async with copying.ground.sessions.begin() as session:
        for number in range(1, 7):
            place = {"chat_id": copying.backup, "message_id": 1_000 + number}
            session.add(
                PartCopy(media_key=uuid4(), part_index=0, role=CopyRole.BACKUP, state=CopyState.VERIFIED, **place)
            )
    sweep = copying.ground.engine().copying.sweep
    left = []
    for _ in range(3):
        await sweep.sweep()
        left.append(len([copy for copy in await copies(copying) if copy.media_key != key]))
    assert left == [3, 0, 0]
    assert [copy.media_key for copy in await copies(copying)] == [key]
    async with copying.ground.sessions.begin() as session:
        strays = (await session.scalars(select(StrayMessage.message_id).order_by(StrayMessage.message_id))).all()
    assert strays == [1_001, 1_002, 1_003, 1_004, 1_005, 1_006]


async def test_a_copy_that_has_to_wait_holds_up_no_other_of_its_channel(copying: CopyGround) -> None:
    """One lane is asked to wait: what others can carry goes on."""
    keys = [(await copying.stored(some_bytes(3_000, seed=number)))[1] for number in range(2)]
    engine = copying.ground.engine()
    await engine.copying.sweep.sweep()
    send, asked = engine.store.send, []

    async def flooded_once(lane: LaneKey, what: Shipment | Copy) -> Sent:
        asked.append(lane)
        if len(asked) == 1:
            raise FloodWait(retry_after=3600.0)
        return await send(lane, what)

    engine.copying.copier._sender = cast("PartSender", _Flooded(engine.store, flooded_once))
    with pytest.raises(Later) as put_off:
        await engine.copying.copier.handle({"chat": copying.backup})
    assert put_off.value.delay <= 60
    there = {copy.media_key: copy.state for copy in await copies(copying)}
    assert there == {keys[0]: CopyState.WAITING, keys[1]: CopyState.VERIFIED}


class _Flooded:
    """A sender, and what its sends do."""

    def __init__(self, inner: PartSender, send: Callable[[LaneKey, Shipment | Copy], Awaitable[Sent]]) -> None:
        self.reserve, self.unused, self.send = inner.reserve, inner.unused, send
