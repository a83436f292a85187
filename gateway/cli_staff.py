"""`mediagate staff`: what `/staff` does in the bot's chat, on the command line."""

import asyncio
import json
from datetime import timedelta
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="List, add, remove and invite the people who are staff or admins")

_Json = Annotated[bool, typer.Option("--json", help="print JSON instead of words")]
_Id = Annotated[int, typer.Argument(metavar="TELEGRAM_ID", min=1)]
_Admin = Annotated[bool, typer.Option("--admin", help="as an admin")]

_SAID = {
    "done": "done",
    "same": "it was so already",
    "fixed": "their role stands in the settings: change MEDIAGATE_ADMIN_IDS or MEDIAGATE_STAFF_IDS",
    "last_admin": "this is the only admin: make somebody else one first",
    "unknown": "the bot has not met them",
}
_WELL = ("done", "same")


@app.command(name="list")
def show(*, as_json: _Json = False) -> None:
    """List staff and admins."""
    people = asyncio.run(_list())
    if as_json:
        typer.echo(json.dumps(people))
        return
    for one in people:
        username = f"@{one['username']}" if one["username"] else "-"
        note = "  by the settings" if one["fixed"] else "  blocked" if one["blocked"] else ""
        typer.echo(f"{one['id']:>12}  {one['role']:<5}  {one['name']}  {username}{note}")


@app.command()
def add(
    telegram_id: _Id,
    *,
    name: Annotated[str, typer.Option(help="until they write to the bot")] = "?",
    admin: _Admin = False,
) -> None:
    """Make somebody staff, or an admin. The bot need not have met them."""
    _say(asyncio.run(_set(telegram_id, "admin" if admin else "staff", name)))


@app.command()
def remove(telegram_id: _Id) -> None:
    """Take a role away; they stay let in."""
    _say(asyncio.run(_set(telegram_id, "user", None)))


@app.command()
def invite(
    *,
    admin: _Admin = False,
    user: Annotated[bool, typer.Option("--user", help="let them in without a role")] = False,
    uses: Annotated[int, typer.Option(min=1, max=500, help="how many people may open it")] = 1,
    expires: Annotated[str, typer.Option(metavar="DURATION", help="at most 30d")] = "3d",
) -> None:
    """Print a link that gives whoever opens it a role."""
    from gateway import values  # noqa: PLC0415

    try:
        expires_in = values.duration(expires)
    except ValueError as error:
        raise typer.BadParameter(f"--expires {error}") from error
    role = "admin" if admin else "user" if user else "staff"
    typer.echo(asyncio.run(_invite(role, uses, expires_in)))


def _say(change: str) -> None:
    if change not in _WELL:
        typer.echo(f"mediagate: {_SAID[change]}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{_SAID[change]}.")


async def _list() -> list[dict[str, Any]]:
    from gateway.cli_ground import command_ground  # noqa: PLC0415
    from gateway.settings import load_settings  # noqa: PLC0415

    async with command_ground(load_settings()) as ground:
        return [
            {
                "id": one.telegram_id,
                "name": one.name,
                "username": one.username,
                "role": one.role.value,
                "fixed": one.fixed,
                "blocked": one.blocked,
            }
            for one in await ground.roster.staff()
        ]


async def _set(telegram_id: int, role: str, name: str | None) -> str:
    from gateway.cli_ground import ACTOR, command_ground  # noqa: PLC0415
    from gateway.settings import load_settings  # noqa: PLC0415
    from storage.domain import Role  # noqa: PLC0415

    async with command_ground(load_settings()) as ground:
        change = await ground.roster.set_role(telegram_id, Role(role), by=ACTOR, name=name)
    return change.value


async def _invite(role: str, uses: int, expires_in: timedelta) -> str:
    from gateway.cli_ground import ACTOR, command_ground  # noqa: PLC0415
    from gateway.settings import load_settings  # noqa: PLC0415
    from gateway.setup import username_of  # noqa: PLC0415
    from storage.domain import Role  # noqa: PLC0415

    settings = load_settings()
    username = await username_of(settings)
    async with command_ground(settings) as ground:
        parameter = await ground.links.create(Role(role), by=ACTOR, expires_in=expires_in, most_uses=uses)
    return f"https://t.me/{username}?start={parameter}"
