"""`mediagate mirror` on the terminal."""

import asyncio
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="The directory that keeps the bytes outside Telegram too")


@app.command()
def status() -> None:
    """Say whether the directory is the mirror, what it has and what it lacks. Status 1: it cannot be used."""
    line = asyncio.run(_status())
    if line is None:
        typer.echo("There is no mirror: set MEDIAGATE_MIRROR to a directory.")
        return
    typer.echo(f"{'ok  ' if line.ok else 'BAD '} {line.detail}")
    if not line.ok:
        raise typer.Exit(1)


@app.command()
def init(
    *, yes: Annotated[bool, typer.Option("--yes", help="do not ask, also where another mirror is known")] = False
) -> None:
    """Take the directory of MEDIAGATE_MIRROR as the mirror from now on, empty or filled before.

    For a new disk in the place of another one. What it lacks is written in the background; nothing is deleted.
    """
    if not yes:
        typer.confirm(
            "From now on the directory of MEDIAGATE_MIRROR is the mirror, instead of any other. Go on?", abort=True
        )
    typer.echo(asyncio.run(_init()))


async def _status() -> Any:
    from gateway.cli_ground import command_ground  # noqa: PLC0415
    from gateway.mirror import mirror_line  # noqa: PLC0415
    from gateway.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    async with command_ground(settings) as ground:
        return next(iter(await mirror_line(settings, ground.sessions)), None)


async def _init() -> str:
    from gateway.cli_ground import command_ground  # noqa: PLC0415
    from gateway.mirror import mirror_directory  # noqa: PLC0415
    from gateway.settings import SettingsError, load_settings  # noqa: PLC0415
    from storage.mirror.rows import begin_anew  # noqa: PLC0415
    from storage.mirror.troubles import HELP, MirrorTrouble  # noqa: PLC0415

    settings = load_settings()
    directory = mirror_directory(settings)
    if directory is None:
        raise SettingsError("MEDIAGATE_MIRROR is empty: set it to a directory. Example: MEDIAGATE_MIRROR=/mnt/mirror")
    async with command_ground(settings) as ground:
        try:
            mirror_id = await asyncio.to_thread(directory.begin, None)
        except MirrorTrouble as error:
            raise SettingsError(f"MEDIAGATE_MIRROR {directory.root}: {HELP[error.trouble]}") from error
        async with ground.sessions.begin() as session:
            await begin_anew(session, mirror_id)
    return f"{directory.root} is the mirror now. A gateway that runs notices within a minute."
