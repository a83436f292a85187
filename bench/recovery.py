"""The machine burns: an archive of ten thousand media, restored from its backup, and then from captions alone.

``python -m bench.recovery [--media 10000]`` writes bench/RECOVERY.md. Everything is real: the whole gateway in this
process, both doors, messages in the channels of the local Telegram; DATA_DIR is removed each time.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from bench.recovery_rows import TableFigures, compare_media, compare_tables, snapshot, told_media
from bench.recovery_world import gateway_of, world
from gateway.backups import build_maker, build_since_keeper
from gateway.reading_channels import Ahead
from gateway.recovering import Named, recover
from gateway.recovery_ground import recovery_ground
from gateway.restoring import restore
from gateway.sandbox_process import CHANNELS
from gateway.settings import Settings
from storage.callers.recovery import RecoveryKeeper
from storage.clock import SystemClock
from storage.recovery.errors import WrongPassphrase
from storage.recovery.indexes import BackupIndex

_AFTER = 20
"""One in so many media comes after the backup."""

_RATE = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Seconds, counts, and what came of the comparisons: pairs are (of so many, so many the same)."""

    media: int
    made_in: float
    backup_bytes: int
    backup_pieces: int
    backed_up_in: float
    restored_in: float
    read_since: int
    tables: list[TableFigures]
    restored: dict[str, tuple[int, int]]
    deleted_since: int
    changed_since: int
    recovered_in: float
    looked_at: int
    placeholders: int
    recovered: dict[str, tuple[int, int]]
    again: int


class Quiet:
    """Nobody is at the terminal."""

    def __init__(self, passphrase: str) -> None:
        self._passphrase = passphrase
        self.ids = 0

    def passphrase(self, *, wrong: bool) -> str:
        if wrong:
            raise WrongPassphrase
        return self._passphrase

    def ahead(self, ahead: Ahead) -> None:
        self.ids = ahead.ids

    def searching(self, chat_id: int, messages: int) -> None:
        """Not said."""

    def unusable(self, message_id: int, reason: str) -> None:
        """Not said."""

    def found(self, index: BackupIndex) -> None:
        """Not said."""

    def fetched(self, done: int, total: int) -> None:
        """Not said."""

    def restored(self) -> None:
        """Not said."""

    def read(self, done: int, left: int) -> None:
        """Not said."""


async def measure(directory: Path, media: int) -> Figures:
    """Make, back up, go on, burn, restore, burn, recover. ``directory`` is empty, and open to other users."""
    async with world(directory) as on:
        first = on.settings("machine")
        began = time.monotonic()
        async with gateway_of(first) as gateway:
            await on.live(gateway, media - media // _AFTER)
            at_backup = await snapshot(gateway.archive.sessions)
            passphrase, size, pieces, backed_up_in = await _back_up(first)
            await on.live(gateway, media // _AFTER)
            await on.change_old(gateway)
            at_loss = await snapshot(gateway.archive.sessions)
            told = await told_media(gateway.archive.sessions)
            made_in = time.monotonic() - began - backed_up_in
            await _note_changes(first)
        await asyncio.to_thread(shutil.rmtree, first.data_dir)

        second, quiet = on.settings("second"), Quiet(passphrase)
        began = time.monotonic()
        async with recovery_ground(second, alone=True) as ground:
            done = await restore(ground, [CHANNELS_ARCHIVE], quiet)
            restored_in = time.monotonic() - began
            now = await snapshot(ground.sessions)
            restored = compare_media(told, await told_media(ground.sessions))
        await asyncio.to_thread(shutil.rmtree, second.data_dir)

        third, silent = on.settings("third"), Quiet("")
        channels = [Named(chat_id=ids[0], purpose=purpose) for purpose, ids in CHANNELS.items()]
        began = time.monotonic()
        async with recovery_ground(third, alone=True) as ground:
            again = await recover(ground, channels, silent)
            recovered_in = time.monotonic() - began
            recovered = compare_media(told, await told_media(ground.sessions))
            once_more = await recover(ground, channels, Quiet(""))
        return Figures(
            media=media,
            made_in=made_in,
            backup_bytes=size,
            backup_pieces=pieces,
            backed_up_in=backed_up_in,
            restored_in=restored_in,
            read_since=quiet.ids,
            tables=compare_tables(at_backup, at_loss, now),
            restored=restored,
            deleted_since=done.rebuilt.deleted,
            changed_since=done.rebuilt.changed,
            recovered_in=recovered_in,
            looked_at=silent.ids,
            placeholders=again.placeholders,
            recovered=recovered,
            again=once_more.rebuilt.built.media + once_more.rebuilt.built.parts,
        )


CHANNELS_ARCHIVE = next(ids[0] for purpose, ids in CHANNELS.items() if purpose.value == "archive")
"""Where backups go while no channel is bound for them."""


async def _back_up(settings: Settings) -> tuple[str, int, int, float]:
    """Beside the running gateway, as the command does."""
    async with recovery_ground(settings) as ground:
        passphrase = await RecoveryKeeper(sessions=ground.sessions, clock=SystemClock()).make(by="bench")
        assert passphrase is not None
        maker = build_maker(settings=settings, engine=ground.engine, database=ground.database, bot=ground.bot)
        began = time.monotonic()
        made = await maker.make(by="bench")
        return passphrase, made.size, made.pieces, time.monotonic() - began


async def _note_changes(settings: Settings) -> None:
    """What the running gateway does within five minutes."""
    async with recovery_ground(settings) as ground:
        async with ground.sessions.begin() as session:
            await session.execute(text("UPDATE backups SET seen_at = seen_at - interval '1 hour'"))
        await build_since_keeper(ground.engine, ground.bot, every=timedelta(0)).look()


def report(figures: Figures) -> str:
    """As Markdown."""
    hours = figures.looked_at / _RATE / 60
    size = f"{figures.backup_bytes / 1e6:.1f} MB in {figures.backup_pieces} part(s)"
    tables = "\n".join(f"| `{one.name}` | {one.untouched:,} | {one.same:,} |" for one in figures.tables)
    return f"""# When the machine burns

`python -m bench.recovery`: {figures.media:,} media, sent by both doors of the whole gateway (most of them small: it
is the index that is lost, not the bytes), one in {_AFTER} of them after the backup; some split into parts, edited,
archived, deleted, some of them when they were older than 48 hours. Then DATA_DIR is removed, and nothing is left but
the channels. Two busy cores; the local Telegram without flood limits; parts of 20 kB, so that much is split.

| | |
| --- | ---: |
| making the archive | {figures.made_in:,.0f} s |
| `mediagate backup`: encrypted, in its channel | {figures.backed_up_in:.1f} s, {size} |
| **`mediagate restore`**, from an empty machine | **{figures.restored_in:.1f} s** |
| message ids read that came after the backup | {figures.read_since:,} |
| the same with Telegram's limits, one bot, all in one channel | {figures.read_since / _RATE:,.0f} minutes more |
| media of the backup that were deleted after it, and are again | {figures.deleted_since:,} |
| media of the backup that were changed after it, and are again | {figures.changed_since:,} |
| **`mediagate recover`**, from captions alone | **{figures.recovered_in:.0f} s** |
| message ids it looked at | {figures.looked_at:,} |
| the same with Telegram's limits, one bot, all in one channel | {hours:.1f} hours |
| placeholders it found | {figures.placeholders:,} |
| what it built when it ran again | {figures.again} |

## After the restore, row by row

Rows that nobody touched after the backup, by primary key and every column but those that the sweep derives.

| table | rows | the same |
| --- | ---: | ---: |
{tables}

Media as they were when the machine burnt, those after the backup included:

{_table(figures.restored)}

## After the recovery from captions

{_table(figures.recovered)}
"""


def _table(figures: dict[str, tuple[int, int]]) -> str:
    lines = ["| | of | the same |", "| --- | ---: | ---: |"]
    return "\n".join([*lines, *(f"| {name} | {total:,} | {same:,} |" for name, (total, same) in figures.items())])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=int, default=10_000)
    media = parser.parse_args().media
    # Not the system's own directory: the embedded server may run as another user.
    with tempfile.TemporaryDirectory(prefix="mediagate-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o711)
        figures = asyncio.run(measure(Path(place), media))
    for one in figures.tables:
        for before, now in one.differing:
            sys.stderr.write(f"{one.name}\n  {before}\n  {now}\n")
    (Path(__file__).parent / "RECOVERY.md").write_text(report(figures))


if __name__ == "__main__":
    main()
