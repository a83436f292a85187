"""Any interleaving of calls, cuts and restarts equals a model that is a dictionary of bytes."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import make_url

from sandbox.client import SandboxClient
from sandbox.config import SandboxConfig
from sandbox.server import running
from storage.domain import PartState
from storage.resumable.expiring import expire
from storage.tables import Media, Part, ResumableUpload, Upload
from tests.flow.archives import eventually, running_archive
from tests.flow.http_door import Door, open_door
from tests.flow.tus import UPLOADS, Tus, checksum, metadata, text

T = TypeVar("T")
SIZES = st.integers(1, 9000)
PART = "2KiB"


@dataclass
class Modelled:
    """What an upload should be. ``data`` is all of its bytes, of which ``offset`` have come."""

    url: str
    data: bytes
    partial: bool
    deferred: bool
    offset: int = 0
    ended: bool = False
    media_id: int | None = None

    @property
    def alive(self) -> bool:
        return not self.ended

    @property
    def open(self) -> bool:
        return self.alive and self.media_id is None and self.offset < len(self.data)


class World:
    """A running archive behind its door, which can be restarted."""

    def __init__(self, database_url: str, sandbox: SandboxClient, place: Path) -> None:
        self._given = database_url, sandbox, place
        self._stack = AsyncExitStack()
        self.door: Door
        self.tus: Tus

    async def start(self) -> None:
        opened = await self._stack.enter_async_context(running_archive(*self._given, part_size=PART))
        self.door = await self._stack.enter_async_context(open_door(opened))
        self.tus = Tus(self.door)

    async def stop(self) -> None:
        await self._stack.aclose()

    async def restart(self) -> None:
        await self.stop()
        await self.start()


class Uploads(RuleBasedStateMachine):
    """Bound to a world by `test_any_interleaving_equals_the_model`."""

    world: World
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.uploads: list[Modelled] = []
        self.seed = 0

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(step)

    @property
    def tus(self) -> Tus:
        return self.world.tus

    def pick(self, choice: int, *, only_open: bool = False) -> Modelled | None:
        among = [upload for upload in self.uploads if upload.open or not only_open]
        return among[choice % len(among)] if among else None

    def fresh(self, size: int) -> bytes:
        self.seed += 1
        return text(size, self.seed)

    @initialize(size=SIZES)
    def begin(self, size: int) -> None:
        self.create(size=size, partial=False, deferred=False, first=0)

    @rule(size=SIZES, partial=st.booleans(), deferred=st.booleans(), first=st.integers(0, 9000))
    def create(self, size: int, *, partial: bool, deferred: bool, first: int) -> None:
        data = self.fresh(size)
        body = data[:first] or None
        kind: dict[str, str] = {"Upload-Concat": "partial"} if partial else {}
        answer = self.run(self.tus.create(None if deferred else size, body, **kind))
        assert answer.status == 201
        upload = Modelled(answer.headers["Location"], data, partial, deferred, offset=len(body or b""))
        assert answer.offset == upload.offset
        self.uploads.append(upload)
        self.note(upload, answer.media_id)

    @rule(choice=st.integers(0, 99), size=SIZES, summed=st.sampled_from(["", "right", "wrong"]))
    def patch(self, choice: int, size: int, summed: str) -> None:
        if (upload := self.pick(choice, only_open=True)) is None:
            return
        chunk = upload.data[upload.offset : upload.offset + size]
        told = {"": {}, "right": {"Upload-Checksum": checksum(chunk)}, "wrong": {"Upload-Checksum": checksum(b"x")}}
        headers = told[summed]
        if upload.deferred and upload.offset + len(chunk) == len(upload.data):
            headers = {**headers, "Upload-Length": str(len(upload.data))}
        answer = self.run(self.tus.patch(upload.url, upload.offset, chunk, **headers))
        if summed == "wrong":
            assert answer.status == 460
            upload.deferred = upload.deferred and "Upload-Length" not in headers
            return
        assert (answer.status, answer.offset) == (204, upload.offset + len(chunk))
        upload.deferred = upload.deferred and "Upload-Length" not in headers
        upload.offset += len(chunk)
        self.note(upload, answer.media_id)

    @rule(choice=st.integers(0, 99), offset=st.integers(0, 9000))
    def patch_elsewhere(self, choice: int, offset: int) -> None:
        upload = self.pick(choice)
        if upload is None or offset == upload.offset:
            return
        answer = self.run(self.tus.patch(upload.url, offset, b"x"))
        assert answer.status == (409 if upload.alive else 410)

    @rule(choice=st.integers(0, 99), size=SIZES, cut=st.integers(1, 9000), summed=st.booleans())
    def cut(self, choice: int, size: int, cut: int, *, summed: bool) -> None:
        if (upload := self.pick(choice, only_open=True)) is None:
            return
        chunk = upload.data[upload.offset : upload.offset + size]
        sent = chunk[: min(cut, len(chunk) - 1)]
        if not sent:
            return
        headers = {"Upload-Checksum": checksum(chunk)} if summed else {}
        self.run(self.tus.cut(upload.url, upload.offset, sent, len(chunk), **headers))
        upload.offset += 0 if summed else len(sent)

    @rule(choice=st.integers(0, 99))
    def terminate(self, choice: int) -> None:
        if (upload := self.pick(choice)) is None:
            return
        assert self.run(self.tus.delete(upload.url)).status == (204 if upload.alive else 410)
        upload.ended = True

    @rule(choice=st.integers(0, 99))
    def expire(self, choice: int) -> None:
        if (upload := self.pick(choice, only_open=True)) is None:
            return
        self.run(self._expire(upload))
        upload.ended = True

    @rule(first=st.integers(0, 99), second=st.integers(0, 99))
    def join(self, first: int, second: int) -> None:
        runs = [upload for upload in self.uploads if upload.partial and upload.alive]
        if not runs:
            return
        chosen = list(dict.fromkeys(id(runs[index % len(runs)]) for index in (first, second)))
        picked = [next(upload for upload in runs if id(upload) == each) for each in chosen]
        concat = f"final;{' '.join(upload.url for upload in picked)}"
        said = metadata(filename="notes.txt", category="other")
        answer = self.run(self.tus.call("POST", UPLOADS, Upload_Concat=concat, Upload_Metadata=said))
        if any(upload.offset < len(upload.data) or upload.deferred for upload in picked):
            assert answer.status == 409
            return
        assert answer.status == 201
        whole = b"".join(upload.data for upload in picked)
        final = Modelled(answer.headers["Location"], whole, partial=False, deferred=False, offset=len(whole))
        for upload in picked:
            upload.ended = True
        self.uploads.append(final)
        self.note(final, answer.media_id)

    @rule()
    def restart(self) -> None:
        self.run(self.world.restart())

    @invariant()
    def every_offset_is_that_of_the_model(self) -> None:
        for upload in self.uploads:
            answer = self.run(self.tus.head(upload.url))
            assert answer.status == (200 if upload.alive else 410)
            if upload.alive:
                assert (answer.offset, answer.media_id) == (upload.offset, upload.media_id)

    def note(self, upload: Modelled, media_id: int | None) -> None:
        """A whole upload whose length is known is a media with its last byte, and before it is none."""
        complete = upload.offset == len(upload.data) and not upload.partial and not upload.deferred
        assert (media_id is not None) == complete
        upload.media_id = media_id
        if media_id is not None:
            assert self.run(self.tus.bytes_of(media_id)) == upload.data

    def teardown(self) -> None:
        for upload in self.uploads:
            if upload.alive and upload.media_id is None:
                assert self.run(self.tus.delete(upload.url)).status == 204
        self.run(self._nothing_is_left())

    async def _expire(self, upload: Modelled) -> None:
        archive = self.world.door.running.archive
        mine = ResumableUpload.id == upload.url.rpartition("/")[2]
        async with archive.sessions.begin() as session:
            await session.execute(update(ResumableUpload).where(mine).values(expires_at=ResumableUpload.created_at))
        await expire(archive.use_cases.resumable)

    async def _nothing_is_left(self) -> None:
        """Everything that was kept gets to Telegram; of all else there are neither files nor rows."""
        running = self.world.door.running
        await eventually(self._is_stored)
        await eventually(self._is_spool_empty)
        async with running.archive.sessions.begin() as session:
            kept = await session.scalar(select(func.count()).select_from(Upload).where(Upload.media_id.is_(None)))
            ownerless = await session.scalar(select(func.count()).select_from(Part).where(Part.media_id.is_(None)))
            still_open = await session.scalar(select(func.count()).where(ResumableUpload.outcome.is_(None)))
            await session.execute(delete(ResumableUpload))
        assert (kept, ownerless, still_open) == (0, 0, 0)

    async def _is_spool_empty(self) -> bool:
        running = self.world.door.running
        return not running.spooled_files() and running.archive.spool.used_bytes == 0

    async def _is_stored(self) -> bool:
        async with self.world.door.running.archive.sessions.begin() as session:
            unstored = select(func.count()).select_from(Part).join(Media).where(Part.state != PartState.STORED)
            return not await session.scalar(unstored)


async def _database(server: str) -> str:
    """A migrated database on the server; it goes with the server."""
    url = make_url(server).set(database="tus_model")
    connection = await asyncpg.connect(
        make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
    )
    await connection.execute("CREATE DATABASE tus_model TEMPLATE mediagate_template")
    await connection.close()
    return url.render_as_string(hide_password=False)


@asynccontextmanager
async def _sandbox_at(place: Path) -> AsyncIterator[SandboxClient]:
    config = SandboxConfig(data_dir=place / "sandbox", flood=False)
    async with running(config) as server, SandboxClient(server.url) as client:
        yield client


def test_any_interleaving_equals_the_model(postgres: str, tmp_path: Path) -> None:
    """At the end the spool and the tables hold nothing but what was kept."""
    with asyncio.Runner() as runner:
        database_url = runner.run(_database(postgres))
        sandbox = _sandbox_at(tmp_path)
        world = World(database_url, runner.run(sandbox.__aenter__()), tmp_path)
        runner.run(world.start())
        Uploads.world, Uploads.runner = world, runner
        bounded = settings(
            max_examples=12, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
        )
        try:
            run_state_machine_as_test(Uploads, settings=bounded)
        finally:
            runner.run(world.stop())
            runner.run(sandbox.__aexit__(None, None, None))
