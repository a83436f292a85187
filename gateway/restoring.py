"""`mediagate restore`: from an empty machine to the archive as it was, step by step.

::

    find the newest backup ─▶ open it ─▶ fetch its parts ─▶ database, all or nothing ─▶ put right what was the old
    machine's ─▶ read the messages since

What was fetched is kept until the end, and so is the backup's list: it says that a restore is under way. Whatever
interrupts it, the same command goes on.
"""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import pyrage
import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from gateway.backups import postgres_tools
from gateway.data_dir import write_once
from gateway.engine import other_bots
from gateway.reading_channels import Ahead, ChannelReading, Rebuilt
from gateway.recovery_ground import RecoveryGround
from gateway.settings import Settings
from storage.engine.verify_runs import VerifyRuns
from storage.errors import ArchiveError, Postponed
from storage.recovery.channel_reading import ReadSoFar
from storage.recovery.coming_back import RESTORED, come_back
from storage.recovery.errors import BackupDamaged, NoBackup, NotEmpty, TelegramAway, WrongPassphrase
from storage.recovery.finding import Candidate, Finder, FinderBot
from storage.recovery.indexes import BackupIndex
from storage.recovery.passphrases import open_identity
from storage.recovery.restoring import earlier_ended, open_secrets, require_empty, require_known, restore_dump
from storage.schema import migrate
from storage.tables import Audit, Channel
from storage.telegram.parts import BotPartStore
from storage.telegram.pinning import BotPins
from storage.telegram.probing import greatest_id

log = structlog.get_logger(__name__)

_MINUTE = 60.0
_READ_FROM_ITS_FILE = "secret_key"
_SECRETS = (_READ_FROM_ITS_FILE, "mirror_key")
"""By their names as settings, and as files in DATA_DIR."""


class Telling(Protocol):
    """What the person at the terminal is told and asked."""

    def searching(self, chat_id: int, messages: int) -> None:
        """No backup is pinned: so many messages may have to be looked at."""
        ...

    def unusable(self, message_id: int, reason: str) -> None:
        """It is damaged: the one before it is tried."""
        ...

    def found(self, index: BackupIndex) -> None: ...

    def passphrase(self, *, wrong: bool) -> str:
        """Ask for it, and again where the last was ``wrong``. Raises `WrongPassphrase` to give up."""
        ...

    def fetched(self, done: int, total: int) -> None: ...

    def restored(self) -> None: ...

    def ahead(self, ahead: Ahead) -> None: ...

    def read(self, done: int, left: int) -> None: ...


class Under(BaseModel):
    """The restore that is under way: its backup, and where the list of that is."""

    index: BackupIndex
    chat_id: int
    message_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """``secrets`` names those that the settings say otherwise than the backup.

    ``finished``: Telegram answered to the end. If not, the next restore reads what is left.
    """

    under: Under
    rebuilt: Rebuilt
    ahead: Ahead
    secrets: Sequence[str]
    finished: bool


def restore_place(settings: Settings) -> Path:
    return settings.data_dir / "restore"


def is_restoring(settings: Settings) -> bool:
    """Whether a restore was begun and has not ended: until then nothing else may work with the database."""
    return _under_path(restore_place(settings)).exists()


async def restore(ground: RecoveryGround, channels: Sequence[int], telling: Telling) -> Restored:
    """Restore, or go on with it. Raises `RecoveryError`s; `TelegramAway` where it does not answer."""
    place = restore_place(ground.settings)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    under = _read_under(place)
    await earlier_ended(ground.database)
    if under is None or not await _is_in(ground):
        under = await _bring_in(ground, channels, telling, place)
    await migrate(ground.database)
    if not await _came_back(ground, under):
        async with ground.sessions.begin() as session:
            on = ground.engine.on
            list_at = (under.chat_id, under.message_id)
            await come_back(session, under.index, list_at, node=on.node, now=on.clock.now())
    telling.restored()
    reading = ChannelReading(ground)
    async with ground.sessions.begin() as session:
        known = (await session.scalars(select(Channel.chat_id).order_by(Channel.id))).all()
    ahead = await reading.look_ahead(known)
    telling.ahead(ahead)
    rebuilt = await reading.go(ahead, partial(told, telling), under.index.since)
    finished = not any(one.passing for one in rebuilt.read)
    if finished:
        checks = VerifyRuns(sessions=ground.sessions, clock=ground.engine.on.clock)
        await checks.begin(deep=False, repair=False, by="restore")
        shutil.rmtree(place, ignore_errors=True)
    secrets = _said_otherwise(ground.settings)
    return Restored(under=under, rebuilt=rebuilt, ahead=ahead, secrets=secrets, finished=finished)


async def _bring_in(ground: RecoveryGround, channels: Sequence[int], telling: Telling, place: Path) -> Under:
    await require_empty(ground.database)
    finder = _finder(ground)
    under, identity = await _newest(finder, channels, telling, place)
    _keep_secrets(ground.settings, open_secrets(under.index, identity))
    _write_under(place, under)
    await restore_dump(
        ground.database, postgres_tools(ground.database), under.index, identity, place / under.index.key.hex
    )
    return under


async def _newest(
    finder: Finder, channels: Sequence[int], telling: Telling, place: Path
) -> tuple[Under, pyrage.x25519.Identity]:
    """The newest backup that is whole and opens, with its parts in ``place``."""
    damaged: BackupDamaged | None = None
    for chat_id in channels:
        async for candidate in finder.candidates(chat_id, on_search=partial(telling.searching, chat_id)):
            try:
                return await _opened(finder, candidate, telling, place)
            except BackupDamaged as error:
                damaged = damaged or error
                telling.unusable(candidate.message_id, str(error))
    raise damaged or NoBackup(channels[0])


async def _opened(
    finder: Finder, candidate: Candidate, telling: Telling, place: Path
) -> tuple[Under, pyrage.x25519.Identity]:
    try:
        index = await finder.index(candidate)
    except Postponed as error:
        raise TelegramAway(error.code) from error
    except ArchiveError as error:
        raise BackupDamaged(f"its list of parts cannot be fetched ({error.code})") from error
    require_known(index)
    telling.found(index)
    identity = _identity(index, telling)
    pieces = place / index.key.hex
    total, done = index.size, [0]

    def fetched(size: int) -> None:
        done[0] += size
        telling.fetched(done[0], total)

    pieces.mkdir(mode=0o700, exist_ok=True)
    await finder.fetch(index, pieces, lambda piece: fetched(piece.size))
    return Under(index=index, chat_id=candidate.chat_id, message_id=candidate.message_id), identity


def _identity(index: BackupIndex, telling: Telling) -> pyrage.x25519.Identity:
    passphrase = telling.passphrase(wrong=False)
    while True:
        try:
            return open_identity(passphrase, index.identity)
        except WrongPassphrase:
            passphrase = telling.passphrase(wrong=True)


def _finder(ground: RecoveryGround) -> Finder:
    bots = [ground.bot, *other_bots(ground.settings, ground.bot)]
    readers = ground.engine.readers
    found = [
        FinderBot(store=BotPartStore(bot, readers[bot.id]), pins=BotPins(bot), greatest_id=partial(greatest_id, bot))
        for bot in bots
    ]
    rate = ground.settings.lane_rate
    return Finder(found, spacing=_MINUTE / rate if rate else 0.0)


def _keep_secrets(settings: Settings, secrets: dict[str, str]) -> None:
    """Write them down, each into a private file of DATA_DIR."""
    for name in _SECRETS:
        if name in secrets:
            path = settings.data_dir / name
            with suppress(FileNotFoundError):
                path.unlink()
            write_once(path, secrets[name])


def _said_otherwise(settings: Settings) -> list[str]:
    """The names of the secrets for which the settings have another value than the backup. One file is read as it is."""
    wrong = []
    for name in _SECRETS:
        path, given = settings.data_dir / name, getattr(settings, name)
        if not path.exists() or (given is None and name == _READ_FROM_ITS_FILE):
            continue
        if given is None or given.get_secret_value() != path.read_text().strip():
            wrong.append(name)
    return wrong


async def _is_in(ground: RecoveryGround) -> bool:
    """Whether the dump of the restore that is under way was committed."""
    try:
        await require_empty(ground.database)
    except NotEmpty:
        return True
    return False


async def _came_back(ground: RecoveryGround, under: Under) -> bool:
    done = (Audit.action == RESTORED) & (Audit.detail["backup"].astext == under.index.key.hex)
    async with ground.sessions.begin() as session:
        return await session.scalar(select(Audit.id).where(done).limit(1)) is not None


def told(telling: Telling, states: Sequence[ReadSoFar]) -> None:
    """How far the channels are, in one figure."""
    telling.read(sum(state.looked for state in states), sum(state.left for state in states))


def _under_path(place: Path) -> Path:
    return place / "restoring.json"


def _read_under(place: Path) -> Under | None:
    try:
        return Under.model_validate_json(_under_path(place).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _write_under(place: Path, under: Under) -> None:
    path = _under_path(place)
    draft = path.with_suffix(".new")
    draft.write_text(under.model_dump_json())
    draft.replace(path)
