"""Backups that are damaged, interrupted or not wanted, and what restore and recover make of them."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.engine import make_url

from gateway.app import running
from gateway.backups import build_maker, build_since_keeper
from gateway.postgres_cluster import find_binaries
from gateway.reading_channels import Ahead
from gateway.recovering import Named, recover
from gateway.recovery_ground import RecoveryGround, recovery_ground
from gateway.restoring import is_restoring, restore
from gateway.sandbox_process import CHANNELS, TOKEN
from gateway.settings import Settings, SettingsError, load_settings
from sandbox.client import SandboxClient
from storage.auditing.alerts import Alerts
from storage.callers.recovery import RecoveryKeeper
from storage.clock import SystemClock
from storage.domain import MediaStatus, Purpose
from storage.recovery.dumping import dump_encrypted
from storage.recovery.errors import (
    BackupDamaged,
    BackupRunning,
    ChannelUnusable,
    DumpFailed,
    NoBackup,
    NoPassphrase,
    NotEmpty,
    WrongPassphrase,
)
from storage.recovery.indexes import BackupIndex
from storage.recovery.nightly import Nightly
from storage.recovery.passphrases import new_backup_key
from storage.recovery.postgres_tools import PostgresTools
from storage.tables import Backup, BackupPiece, Intent, Media, Part, PartCopy, Recovery, StrayMessage, VerifyRun
from storage.tables.base import Table
from storage.telegram.binding import Binder
from storage.telegram.pinning import BotPins, NewFile
from tests.flow.archives import accept, running_archive, some_bytes

ARCHIVE, REQUESTS = CHANNELS[Purpose.ARCHIVE][0], CHANNELS[Purpose.REQUESTS][0]
_names = itertools.count(1)


@dataclass
class Told:
    """What a restore said, and its answers. ``stop`` is raised once the dump is back."""

    given: str = ""
    unusable_ones: list[str] = field(default_factory=list)
    searched: int = 0
    stop: Exception | None = None

    def passphrase(self, *, wrong: bool) -> str:
        if wrong:
            raise WrongPassphrase
        return self.given

    def searching(self, chat_id: int, messages: int) -> None:
        self.searched += messages

    def unusable(self, message_id: int, reason: str) -> None:
        self.unusable_ones.append(reason)

    def found(self, index: BackupIndex) -> None:
        """Not looked at."""

    def fetched(self, done: int, total: int) -> None:
        """Not looked at."""

    def restored(self) -> None:
        if self.stop is not None:
            raise self.stop

    def ahead(self, ahead: Ahead) -> None:
        """Not looked at."""

    def read(self, done: int, left: int) -> None:
        """Not looked at."""


@pytest.fixture
async def empty_database(postgres: str) -> AsyncIterator[str]:
    """One without any table."""
    name, plain = f"empty_{next(_names)}", make_url(postgres).set(drivername="postgresql")
    connection = await asyncpg.connect(plain.render_as_string(hide_password=False))
    await connection.execute(f"CREATE DATABASE {name}")
    yield make_url(postgres).set(database=name).render_as_string(hide_password=False)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
def settings_of(sandbox: SandboxClient, tmp_path: Path) -> Callable[..., Settings]:
    def settings(database: str, machine: str = "machine", **variables: str) -> Settings:
        given = {
            "database_url": database,
            "secret_key": "a secret key for tests",
            "bot_tokens": TOKEN,
            "telegram_api_url": sandbox.base_url,
            "data_dir": str(tmp_path / machine),
            "lane_rate": "0",
            "part_size": "60000",
            **variables,
        }
        return load_settings({f"MEDIAGATE_{name.upper()}": value for name, value in given.items()}, tmp_path / "none")

    return settings


@dataclass
class Machine:
    """An archive that can be backed up."""

    ground: RecoveryGround
    passphrase: str

    async def back_up(self) -> int:
        """The message of its list."""
        ground = self.ground
        maker = build_maker(settings=ground.settings, engine=ground.engine, database=ground.database, bot=ground.bot)
        return (await maker.make(by="test")).message_id

    async def pieces(self) -> list[tuple[int, int]]:
        """Backup and message of each."""
        async with self.ground.sessions.begin() as session:
            rows = await session.execute(
                select(BackupPiece.backup_id, BackupPiece.message_id).order_by(BackupPiece.message_id)
            )
            return [(backup, message) for backup, message in rows if message is not None]

    async def count(self, table: type[Table], *conditions: Any) -> int:
        async with self.ground.sessions.begin() as session:
            return await session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


@asynccontextmanager
async def machine(settings: Settings) -> AsyncIterator[Machine]:
    async with recovery_ground(settings) as ground:
        await Binder(sessions=ground.sessions, bot=ground.bot).bind(CHANNELS)
        passphrase = await RecoveryKeeper(sessions=ground.sessions, clock=SystemClock()).make(by="test")
        yield Machine(ground, passphrase or "")


SettingsOf = Callable[..., Settings]


async def new_bot(sandbox: SandboxClient) -> str:
    """The token of another bot that may do everything in the channels."""
    bot = await sandbox.bot()
    rights = dict.fromkeys(("can_post_messages", "can_edit_messages", "can_delete_messages"), True)
    for ids in CHANNELS.values():
        await sandbox.member(ids[0], bot["id"], "administrator", rights)
    return str(bot["token"])


async def test_the_last_ones_stay_and_the_newest_is_pinned(
    database_url: str, settings_of: SettingsOf, sandbox: SandboxClient
) -> None:
    async with machine(settings_of(database_url, backups_kept="2")) as on:
        lists = [await on.back_up() for _ in range(3)]
        assert await on.count(Backup, Backup.state == "stored") == 2
        assert await on.count(Backup, Backup.state == "gone") == 1
        assert await on.count(StrayMessage, StrayMessage.chat_id == ARCHIVE) >= 2
        pinned = await BotPins(on.ground.bot).pinned(ARCHIVE)
        assert pinned is not None
        assert pinned.message_id == lists[-1]
        chats = await sandbox.messages(ARCHIVE)
        assert all("mediagate:1" not in one.get("caption", "") for one in chats)


async def test_a_damaged_backup_is_passed_over_for_the_one_before(
    database_url: str, empty_database: str, settings_of: SettingsOf, sandbox: SandboxClient
) -> None:
    """A piece was removed by hand, another one changed, and the bot is a new one, to which no file id is of use. Then
    only the oldest is whole, which is not pinned.
    """
    async with machine(settings_of(database_url)) as on:
        passphrase, (oldest, middle, _) = on.passphrase, [await on.back_up() for _ in range(3)]
        messages = [message for _, message in await on.pieces()]
        of_middle, of_newest = (min(one for one in messages if one > after) for after in (oldest, middle))
        await sandbox.delete(ARCHIVE, of_newest)
        forged = NewFile(data=b"forged", filename="x.age", caption="as it was")
        await BotPins(on.ground.bot).rewrite(ARCHIVE, of_middle, forged)
    told, token = Told(given=passphrase), await new_bot(sandbox)
    async with recovery_ground(settings_of(empty_database, "second", bot_tokens=token)) as ground:
        done = await restore(ground, [ARCHIVE], told)
        async with ground.sessions.begin() as session:
            state = await session.scalar(select(Backup.state).where(Backup.key == done.under.index.key))
    assert done.under.message_id == oldest
    assert state == "stored"
    assert ["part 1" in reason for reason in told.unusable_ones] == [True, True]
    assert told.searched > 0


async def test_what_cannot_be_restored_changes_nothing(
    database_url: str, empty_database: str, settings_of: SettingsOf, sandbox: SandboxClient
) -> None:
    async with machine(settings_of(database_url)) as on:
        await on.back_up()
        only = (await on.pieces())[0][1]
        token = await new_bot(sandbox)
        with pytest.raises(NotEmpty, match="channels"):
            await restore(on.ground, [ARCHIVE], Told(given=on.passphrase))
        passphrase = on.passphrase
    async with recovery_ground(settings_of(empty_database, "second", bot_tokens=token)) as ground:
        with pytest.raises(WrongPassphrase):
            await restore(ground, [ARCHIVE], Told(given=f"{passphrase}x"))
        with pytest.raises(NoBackup):
            await restore(ground, [REQUESTS], Told(given=passphrase))
        with pytest.raises(ChannelUnusable):
            await restore(ground, [-1009999999999], Told(given=passphrase))
        await sandbox.delete(ARCHIVE, only)
        with pytest.raises(BackupDamaged, match="part 1 is missing"):
            await restore(ground, [ARCHIVE], Told(given=passphrase))
        assert not is_restoring(ground.settings)
        with pytest.raises(ChannelUnusable):
            await recover(ground, [Named(chat_id=-1009999999999, purpose=None)], Told())


async def test_an_interrupted_restore_goes_on_and_keeps_the_gateway_from_starting(
    database_url: str, empty_database: str, settings_of: SettingsOf
) -> None:
    async with machine(settings_of(database_url)) as on:
        await on.back_up()
        passphrase = on.passphrase
    second = settings_of(empty_database, "second", secret_key="not the key of the backup")
    async with recovery_ground(second) as ground:
        with pytest.raises(ZeroDivisionError):
            await restore(ground, [ARCHIVE], Told(given=passphrase, stop=ZeroDivisionError()))
    assert is_restoring(second)
    with pytest.raises(SettingsError, match="mediagate restore"):
        async with running(second):
            pass
    async with recovery_ground(second) as ground:
        done = await restore(ground, [ARCHIVE], Told(given="nobody asks again"))
        assert done.secrets == ["secret_key"]  # the settings have another one
        async with ground.sessions.begin() as session:
            assert await session.scalar(select(func.count()).select_from(VerifyRun)) == 1
    assert not is_restoring(second)
    assert (second.data_dir / "secret_key").read_text().strip() == "a secret key for tests"


async def test_a_piece_whose_answer_was_lost_is_sent_once(
    database_url: str, settings_of: SettingsOf, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.engine.reconciling.SETTLE_SECONDS", 0.2)
    async with machine(settings_of(database_url)) as on:
        await sandbox.add_fault("answer_lost", method="sendDocument", count=1)
        await on.back_up()
        documents = [one for one in await sandbox.messages(ARCHIVE) if "document" in one]
        assert len(documents) == len(await on.pieces())
        assert await on.count(StrayMessage) == 0
        assert await on.count(Intent, Intent.running) == 0


async def test_one_backup_at_a_time_and_a_killed_one_is_given_up(database_url: str, settings_of: SettingsOf) -> None:
    async with machine(settings_of(database_url)) as on:
        await on.back_up()
        now = datetime.now(UTC)
        async with on.ground.sessions.begin() as session:
            left = update(Backup).values(state="running", node="another", seen_at=now)
            await session.execute(left)
        with pytest.raises(BackupRunning):
            await on.back_up()
        async with on.ground.sessions.begin() as session:
            await session.execute(update(Backup).values(node=on.ground.engine.on.node))
        await on.back_up()
        assert await on.count(Backup, Backup.state == "failed", Backup.error == "interrupted") == 1
        assert await on.count(StrayMessage) >= 2


async def test_without_a_passphrase_or_with_one_from_before_there_is_no_backup(
    database_url: str, settings_of: SettingsOf
) -> None:
    async with machine(settings_of(database_url)) as on:
        keeper = RecoveryKeeper(sessions=on.ground.sessions, clock=SystemClock())
        async with on.ground.sessions.begin() as session:
            await session.execute(update(Recovery).values(recipient=None, identity=None))
        with pytest.raises(NoPassphrase, match="setup"):
            await on.back_up()
        assert await keeper.made_at() is None
        assert await keeper.make(by="test") is not None
        assert await keeper.make(by="test") is None
        await on.back_up()


async def test_a_dump_that_fails_says_why_and_no_secret(
    database_url: str, settings_of: SettingsOf, tmp_path: Path
) -> None:
    recipient, sizes = new_backup_key("x").recipient, itertools.repeat(1000)
    async with machine(settings_of(database_url)) as on:
        maker_tools = PostgresTools(
            binaries=find_binaries(), dsn=make_url(database_url).set(database="no_such").render_as_string()
        )
        with pytest.raises(DumpFailed, match="no_such"):
            dump_encrypted(maker_tools, recipient, tmp_path, sizes)
        (tmp_path / "0000.age").unlink(missing_ok=True)
        (tmp_path / "0000.age").symlink_to("/dev/full")
        tools = replace(maker_tools, dsn=on.ground.database.url.render_as_string(hide_password=False))
        with pytest.raises(DumpFailed, match="No space left"):
            dump_encrypted(tools, recipient, tmp_path, sizes)


async def test_captions_alone_make_no_media_twice_and_name_what_is_incomplete(
    database_url: str, empty_database: str, settings_of: SettingsOf, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """A part that was removed by hand leaves its file incomplete; a second message with a part is a copy."""
    async with running_archive(database_url, sandbox, tmp_path, part_size="30000") as archive:
        whole = await accept(archive, some_bytes(2000), wait=True)
        await accept(archive, some_bytes(80_000, 2), wait=True)
        async with archive.archive.sessions.begin() as session:
            parts = (await session.scalars(select(Part).order_by(Part.media_id, Part.index))).all()
        await archive.bot.copy_message(REQUESTS, REQUESTS, parts[0].message_id or 0)
        await sandbox.delete(REQUESTS, parts[2].message_id or 0)
    channels = [Named(chat_id=REQUESTS, purpose=Purpose.REQUESTS)]
    async with recovery_ground(settings_of(empty_database, "third")) as ground:
        done = await recover(ground, channels, Told())
        (incomplete,) = done.rebuilt.built.incomplete.values()
        assert (incomplete.filename, incomplete.missing, incomplete.tail) == ("notes.txt", (2,), False)
        assert (done.media, done.rebuilt.built.media, done.rebuilt.built.copies) == (1, 1, 1)
        async with ground.sessions.begin() as session:
            media = (await session.scalars(select(Media))).one()
            assert await session.scalar(select(func.count()).select_from(PartCopy)) == 1
        assert (media.file_size, media.owner, media.status) == (2000, "service:test", MediaStatus.ACTIVE)
        assert media.sha256 == parts[0].sha256
        assert whole.media.id is not None
        again = (await recover(ground, channels, Told())).rebuilt
        assert (again.built.media, again.built.parts, again.built.copies) == (0, 0, 0)
        assert again.read[0].looked <= 1  # what the first run forwarded last
        assert len(again.built.incomplete) == 1


async def test_the_list_says_what_was_deleted_after_the_backup(
    database_url: str, empty_database: str, settings_of: SettingsOf, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """Also where the message that held it is the pinned one already, and nothing is written twice."""
    async with running_archive(database_url, sandbox, tmp_path) as archive:
        kept = [await accept(archive, some_bytes(500, seed), wait=True) for seed in (1, 2)]
    async with machine(settings_of(database_url)) as on:
        await on.back_up()
        async with on.ground.sessions.begin() as session:
            gone = {"status": MediaStatus.DELETED, "delete_after": datetime.now(UTC)}
            await session.execute(update(Media).where(Media.id == kept[0].media.id).values(**gone))
        keeper = build_since_keeper(on.ground.engine, on.ground.bot, every=timedelta(0))
        await keeper.look()
        calls = (await sandbox.stats())["calls"]["editMessageMedia"]
        await keeper.look()
        assert (await sandbox.stats())["calls"]["editMessageMedia"] == calls == 1
        passphrase = on.passphrase
    async with recovery_ground(settings_of(empty_database, "second")) as ground:
        done = await restore(ground, [ARCHIVE], Told(given=passphrase))
        assert done.under.index.since.deleted == (kept[0].media.id,)
        async with ground.sessions.begin() as session:
            states = (await session.scalars(select(Media.status).order_by(Media.id))).all()
    assert states == [MediaStatus.DELETING, MediaStatus.ACTIVE]


@dataclass
class FixedClock:
    """Any time."""

    at: datetime

    def now(self) -> datetime:
        return self.at


async def test_the_night_is_made_up_for_and_what_goes_wrong_is_told_once(
    database_url: str, settings_of: SettingsOf
) -> None:
    async with machine(settings_of(database_url)) as on:
        clock = FixedClock(datetime.now(UTC))
        ground = on.ground
        maker = build_maker(settings=ground.settings, engine=ground.engine, database=ground.database, bot=ground.bot)
        alerts = Alerts(sessions=ground.sessions, clock=clock, node="test")
        at = (clock.at + timedelta(hours=2)).time().replace(microsecond=0)

        async def admins() -> list[int]:
            return [1003]

        nightly = Nightly(
            sessions=ground.sessions, maker=maker, alerts=alerts, admins=admins, clock=clock,
            at=time(at.hour, at.minute), timezone=UTC,
        )  # fmt: skip
        assert not await nightly.due()  # it is younger than the last night
        clock.at += timedelta(hours=5)
        assert await nightly.due()
        async with ground.sessions.begin() as session:
            await session.execute(update(Recovery).values(recipient=None))
        await nightly.handle({})
        assert [one.kind for one in await alerts.current()] == ["backup_passphrase"]
        await RecoveryKeeper(sessions=ground.sessions, clock=clock).make(by="test")
        await nightly.handle({})
        assert await alerts.current() == []
        async with ground.sessions.begin() as session:
            await session.execute(update(Backup).values(started_at=clock.at))
        assert not await nightly.due()
        clock.at += timedelta(days=1)
        assert await nightly.due()
