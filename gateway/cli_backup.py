"""`mediagate backup`, `restore` and `recover` on the terminal."""

import asyncio
import json
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
    from gateway.settings import SettingsError, load_settings  # noqa: PLC0415
    from storage.errors import MediagateError  # noqa: PLC0415
    from storage.schema import migrate  # noqa: PLC0415

    async with recovery_ground(load_settings()) as ground:
        await migrate(ground.database)
        maker = build_maker(settings=ground.settings, engine=ground.engine, database=ground.database, bot=ground.bot)
        try:
            made = await maker.make(by=ACTOR)
        except MediagateError as error:
            raise SettingsError(f"the backup did not get into its channel: {error.code}") from error
    return {
        "key": made.key.hex,
        "channel": made.chat_id,
        "message": made.message_id,
        "pieces": made.pieces,
        "size": made.size,
        "pinned": made.pinned,
    }
