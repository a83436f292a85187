"""What `restore` and `recover` say on the terminal, before, while and after."""

import sys
import time
from collections.abc import Sequence

import typer

from gateway.reading_channels import Ahead, Rebuilt
from storage.recovery.building import Incomplete
from storage.recovery.channel_reading import ReadSoFar
from storage.recovery.errors import WrongPassphrase
from storage.recovery.indexes import BackupIndex

_EVERY = 5.0
_MOST_LISTED = 50
_MINUTE = 60.0
_UNKNOWN = (
    "roles, invitations, links and keys of people and services (make them again: `mediagate staff`, `mediagate keys`)",
    "who attached a file to a request, when, and with which note; the requests are those of the captions",
    "exact tags where they had other characters than letters, digits and _; what is longer than a caption has room for",
    "labels, external ids, expiry dates, quotas, the history and the audit; ids of media are new ones",
    "files whose parts were not all in Telegram yet",
)


class Words:
    """A terminal. ``given`` is the passphrase where it came by stdin."""

    def __init__(self, given: str | None = None) -> None:
        self._given = given
        self._left = 3
        self._spoke = 0.0

    def searching(self, chat_id: int, messages: int) -> None:
        typer.echo(f"No backup is pinned in {chat_id}: looking through its messages, {messages} at most …")

    def unusable(self, message_id: int, reason: str) -> None:
        typer.echo(f"Message {message_id}: {reason}. Trying the backup before it …", err=True)

    def found(self, index: BackupIndex) -> None:
        counted = ", ".join(f"{count} {name}" for name, count in index.counted.items())
        size = f"{index.size / 1e6:.1f} MB in {len(index.pieces)} part(s)"
        typer.echo(f"The newest backup is of {index.made_at:%Y-%m-%d %H:%M} UTC: {counted}; {size}.")
        typer.echo(f"Fetching and restoring it takes about {_about(20 + index.size / 200_000)}.")

    def passphrase(self, *, wrong: bool) -> str:
        self._left -= 1
        if wrong and (self._given is not None or self._left < 0):
            raise WrongPassphrase
        if self._given is not None:
            return self._given
        if wrong:
            typer.echo("That is not it.", err=True)
        asked: str = typer.prompt("Recovery passphrase (it is not shown)", hide_input=True)
        return asked

    def fetched(self, done: int, total: int) -> None:
        self._now_and_then(f"Fetched {done / 1e6:.1f} of {total / 1e6:.1f} MB", last=done == total)

    def restored(self) -> None:
        typer.echo("The database is back. Reading what has come since …")

    def ahead(self, ahead: Ahead) -> None:
        for chat_id, reason in ahead.refused.items():
            typer.echo(f"Channel {chat_id} cannot be read ({reason}): {_read_later(chat_id)}", err=True)
        how_long = "as fast as Telegram lets us" if not ahead.seconds else f"about {_about(ahead.seconds)}"
        typer.echo(f"{ahead.ids} message ids in {len(ahead.heads)} channel(s) are to be looked at: {how_long}.")
        if ahead.seconds > _MINUTE:
            typer.echo("Each costs a forward, of which a channel takes 20 a minute per bot: more bots are faster.")
            typer.echo("It may be interrupted at any time, and goes on where it stopped.")

    def read(self, done: int, left: int) -> None:
        self._now_and_then(f"Looked at {done}, {left} left", last=False)

    def _now_and_then(self, text: str, *, last: bool) -> None:
        now = time.monotonic()
        if last or now - self._spoke > _EVERY:
            self._spoke = now
            typer.echo(text)
            sys.stdout.flush()


def say_rebuilt(rebuilt: Rebuilt) -> None:
    """What came of reading."""
    built = rebuilt.built
    typer.echo(f"{built.media} media were rebuilt, {built.parts} parts, {built.copies} copies, {rebuilt.moved} moved.")
    if rebuilt.deleted or rebuilt.changed:
        typer.echo(f"{rebuilt.deleted} media had been deleted since, {rebuilt.changed} changed: that is done again.")
    if built.cut:
        typer.echo(f"{built.cut} captions had been cut for room, so something of them is missing.")
    _say_incomplete([*built.incomplete.values()])
    for one in rebuilt.read:
        _say_channel(one)


def say_unknown() -> None:
    """What no caption says."""
    typer.echo("What captions do not say, and is not there:")
    for line in _UNKNOWN:
        typer.echo(f"  - {line}")


def _say_channel(one: ReadSoFar) -> None:
    line = f"Channel {one.chat_id}: {one.looked} ids, {one.parts} parts, {one.placeholders} placeholders"
    typer.echo(f"{line}, {one.others} other messages.")
    if one.passing:
        typer.echo(f"  It was not read to its end ({one.problem}): run the same command again.", err=True)
    elif one.problem:
        typer.echo(f"  It was not read to its end ({one.problem}): {_read_later(one.chat_id)}", err=True)


def _read_later(chat_id: int) -> str:
    return f"mend that, and then run `mediagate recover --channel {chat_id}`."


def _say_incomplete(incomplete: Sequence[Incomplete]) -> None:
    if incomplete:
        typer.echo(f"{len(incomplete)} files cannot be put together, for parts of them were not found:")
    for one in incomplete[:_MOST_LISTED]:
        missing = ", ".join(map(str, one.missing)) or "-"
        tail = ", and the last" if one.tail else ""
        typer.echo(f"  - {one.filename} of {one.owner}: missing part {missing}{tail}")
    if len(incomplete) > _MOST_LISTED:
        typer.echo(f"  … and {len(incomplete) - _MOST_LISTED} more")


def _about(seconds: float) -> str:
    if seconds < 90:  # noqa: PLR2004 -- as people say it
        return f"{max(round(seconds), 1)} seconds"
    minutes = seconds / _MINUTE
    return f"{round(minutes)} minutes" if minutes < 90 else f"{minutes / _MINUTE:.1f} hours"  # noqa: PLR2004
