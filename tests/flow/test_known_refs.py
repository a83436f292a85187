"""File ids are read for many parts at once, and remembered no longer than they may be taken for true."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, event, update

from storage.database import Sessions
from storage.delivery.known_refs import KnownRefs
from storage.domain import PartState, Purpose
from storage.tables import FileRef, Part

_BOT, _OTHER, _CHAT = 7, 8, -1001


@pytest.fixture
async def parts(sessions: Sessions) -> list[Part]:
    """Three stored parts of one media, each with the file id of one bot."""
    key = uuid4()
    rows = [
        Part(
            media_key=key, index=index, offset=index * 10, size=10, sha256=b"", state=PartState.STORED, origin="spool",
            node="test", purpose=Purpose.REQUESTS, chat_id=_CHAT, message_id=index + 1,
        )
        for index in range(3)
    ]  # fmt: skip
    async with sessions.begin() as session:
        session.add_all(rows)
        await session.flush()
        session.add_all(_ref(row, _BOT, f"first-{row.index}") for row in rows)
    return rows


def _ref(part: Part, bot_id: int, file_id: str) -> FileRef:
    return FileRef(part_id=part.id, bot_id=bot_id, file_id=file_id, file_unique_id="")


async def _set(sessions: Sessions, part: Part, file_id: str) -> None:
    async with sessions.begin() as session:
        await session.execute(update(FileRef).where(FileRef.part_id == part.id).values(file_id=file_id))


@contextmanager
def statements(sessions: Sessions) -> Iterator[list[str]]:
    """Those that are executed meanwhile."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        said.append(statement)

    engine = sessions.kw["bind"].sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_all_parts_of_a_media_cost_one_statement(sessions: Sessions, parts: list[Part]) -> None:
    known = KnownRefs(sessions)
    with statements(sessions) as said:
        for _ in range(2):
            assert [await known.of(part) for part in parts] == [{_BOT: f"first-{index}"} for index in range(3)]
    assert len(said) == 1


async def test_every_bots_file_id_is_known(sessions: Sessions, parts: list[Part]) -> None:
    async with sessions.begin() as session:
        session.add(_ref(parts[1], _OTHER, "other"))
    assert await KnownRefs(sessions).of(parts[1]) == {_BOT: "first-1", _OTHER: "other"}


async def test_what_did_not_do_is_read_anew(sessions: Sessions, parts: list[Part]) -> None:
    known = KnownRefs(sessions)
    await known.of(parts[0])
    await _set(sessions, parts[0], "second")
    assert await known.of(parts[0]) == {_BOT: "first-0"}
    known.forget(parts[0].id)
    assert await known.of(parts[0]) == {_BOT: "second"}


async def test_a_part_that_was_moved_is_read_anew(sessions: Sessions, parts: list[Part]) -> None:
    known = KnownRefs(sessions)
    await known.of(parts[0])
    await _set(sessions, parts[0], "second")
    parts[0].message_id = 100
    assert await known.of(parts[0]) == {_BOT: "second"}


@pytest.mark.parametrize("state", [PartState.DAMAGED, PartState.SHIPPING])
async def test_memory_is_asked_for_stored_parts_alone(sessions: Sessions, parts: list[Part], state: PartState) -> None:
    known = KnownRefs(sessions)
    await known.of(parts[0])
    await _set(sessions, parts[0], "second")
    parts[0].__dict__["state"] = state
    assert await known.of(parts[0]) == {_BOT: "second"}


async def test_a_while_later_it_is_read_anew(
    sessions: Sessions, parts: list[Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KnownRefs(sessions)
    await known.of(parts[0])
    await _set(sessions, parts[0], "second")
    monkeypatch.setattr("storage.delivery.known_refs.FRESH", -1.0)
    assert await known.of(parts[0]) == {_BOT: "second"}


async def test_a_part_without_file_ids_has_none(sessions: Sessions, parts: list[Part]) -> None:
    known = KnownRefs(sessions)
    await known.of(parts[2])
    async with sessions.begin() as session:
        await session.execute(delete(FileRef).where(FileRef.part_id == parts[2].id))
    known.forget(parts[2].id)
    assert await known.of(parts[2]) == {}
