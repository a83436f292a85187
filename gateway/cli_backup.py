"""`mediagate backup`, `restore` and `recover` on the terminal."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

_Json = Annotated[bool, typer.Option("--json", help="print JSON instead of words")]


def backup(*, as_json: _Json = False) -> None:
    """Back the database up into its channel now, encrypted with the recovery passphrase."""
    made = asyncio.run(_backup())
    if as_json:
        typer.echo(json.dumps(made))
        return
    typer.echo(f"Backed up: {made['size']} bytes in {made['pieces']} part(s), channel {made['channel']}.")
    if not made["pinned"]:
        typer.echo("It could not be pinned: give the bot the right to edit messages, so that it is found at once.")


async def _backup() -> dict[str, Any]:
    from gateway.backups import build_maker  # noqa: PLC0415
    from gateway.cli_ground import ACTOR  # noqa: PLC0415
    from gateway.recovery_ground import recovery_ground  # noqa: PLC0415
    from gateway.settings import load_settings  # noqa: PLC0415
    from storage.schema import migrate  # noqa: PLC0415

    async with recovery_ground(load_settings()) as ground:
        await migrate(ground.database)
        maker = build_maker(settings=ground.settings, engine=ground.engine, database=ground.database, bot=ground.bot)
        with _said():
            made = await maker.make(by=ACTOR)
    return {
        "key": made.key.hex,
        "channel": made.chat_id,
        "message": made.message_id,
        "pieces": made.pieces,
        "size": made.size,
        "pinned": made.pinned,
    }


_Channels = Annotated[
    list[str] | None,
    typer.Option("--channel", metavar="ID", help="such as -1001234567890; default: those of MEDIAGATE_CHANNELS"),
]


def restore(
    *,
    channel: _Channels = None,
    passphrase_stdin: Annotated[bool, typer.Option("--passphrase-stdin", help="read it from stdin")] = False,
) -> None:
    """Bring the newest backup back into an empty database, and read what came since. Goes on where it stopped."""
    from gateway.recovery_words import Words  # noqa: PLC0415

    given = sys.stdin.readline().strip() if passphrase_stdin else None
    asyncio.run(_restore(channel or [], Words(given)))


def recover(*, channel: _Channels = None) -> None:
    """Rebuild the index in an empty database from the captions in channels alone. Goes on where it stopped.

    A channel may be given with its purpose: --channel archive=-1001234567890.
    """
    from gateway.recovery_words import Words  # noqa: PLC0415

    asyncio.run(_recover(channel or [], Words()))


async def _restore(channels: list[str], words: Any) -> None:
    from gateway.recovery_ground import recovery_ground  # noqa: PLC0415
    from gateway.recovery_words import say_rebuilt  # noqa: PLC0415
    from gateway.restoring import restore as go  # noqa: PLC0415
    from gateway.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    named = [chat_id for chat_id, _ in _named(channels, settings, first=("backup", "archive", "requests"))]
    async with recovery_ground(settings, alone=True) as ground:
        with _said():
            done = await go(ground, named, words)
    say_rebuilt(done.rebuilt)
    for name in done.secrets:
        path, variable = settings.data_dir / name, f"MEDIAGATE_{name.upper()}"
        typer.echo(f"Set {variable} to what is in {path}: the settings have another value, or none.", err=True)
    if not done.finished:
        typer.echo("Telegram went away: `mediagate restore` again reads what is left; the gateway waits for that.")
        raise typer.Exit(1)
    typer.echo("Restored. Start the gateway with: mediagate run. It then looks at every message that should be there;")
    typer.echo("`mediagate verify` shows how far it is, and what somebody removed by hand.")


async def _recover(channels: list[str], words: Any) -> None:
    from gateway.recovering import Named  # noqa: PLC0415
    from gateway.recovering import recover as go  # noqa: PLC0415
    from gateway.recovery_ground import recovery_ground  # noqa: PLC0415
    from gateway.recovery_words import say_rebuilt, say_unknown  # noqa: PLC0415
    from gateway.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    named = [Named(chat_id=chat_id, purpose=purpose) for chat_id, purpose in _named(channels, settings)]
    async with recovery_ground(settings, alone=True) as ground:
        with _said():
            done = await go(ground, named, words)
    say_rebuilt(done.rebuilt)
    typer.echo(f"There are {done.media} media now. {done.placeholders} messages are placeholders of deleted files.")
    say_unknown()


@contextmanager
def _said() -> Iterator[None]:
    """What Telegram refuses, in one line."""
    from gateway.settings import SettingsError  # noqa: PLC0415
    from storage.errors import MediagateError  # noqa: PLC0415

    try:
        yield
    except MediagateError as error:
        reason = error.fields.get("description") or error.code
        raise SettingsError(f"Telegram does not let us: {reason}. `mediagate doctor` says what is wrong") from error


def _named(given: list[str], settings: Any, *, first: tuple[str, ...] = ()) -> list[tuple[int, Any]]:
    """Channels with their purposes, None: none was said. Without any those of the settings, ``first`` ones first."""
    from gateway.sandbox_process import CHANNELS  # noqa: PLC0415
    from storage.domain import Purpose  # noqa: PLC0415

    if not given:
        order = {name: rank for rank, name in enumerate(first)}
        samples: dict[Any, tuple[int, ...]] = {**CHANNELS} if settings.sandbox else {}
        bound = sorted((settings.channels or samples).items(), key=lambda item: order.get(item[0].value, len(order)))
        found = [(chat_id, purpose) for purpose, ids in bound for chat_id in ids]
        if not found:
            raise typer.BadParameter("name at least one: --channel -1001234567890")
        return found
    return [_one(text, Purpose) for text in given]


def _one(text: str, purposes: Any) -> tuple[int, Any]:
    purpose, _, number = text.rpartition("=")
    try:
        return int(number), purposes(purpose) if purpose else None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no channel: -1001234567890, or archive=-1001234567890") from None
