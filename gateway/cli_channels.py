"""`mediagate channels`: what `/channels` does in the bot's chat, on the command line."""

import asyncio
import json
from typing import Annotated, Any

import typer

from gateway.cli_refill import refill

app = typer.Typer(no_args_is_help=True, help="List, bind, unbind and refill the channels that files are kept in")
app.command()(refill)

_Json = Annotated[bool, typer.Option("--json", help="print JSON instead of words")]
_Purpose = Annotated[str, typer.Argument(help="requests, reports, archive, backup or access")]
_Channel = Annotated[int, typer.Argument(metavar="CHAT_ID", help="such as -1001234567890; after -- on the line")]

_MENDS = {
    "gone": "the bot is not in it: make it an administrator",
    "not_a_channel": "it is no channel",
    "no_admin": "make the bot an administrator",
    "no_post": "give the bot the right to post messages",
    "no_edit": "give the bot the right to edit messages",
    "no_delete": "give the bot the right to delete messages",
    "public": "make it private: anybody can read it now",
    "linked": "unlink its discussion group: it sees every file",
    "protected": "allow saving content: the bot cannot fetch anything now",
}


@app.command(name="list")
def show(*, as_json: _Json = False) -> None:
    """List the channels with what they serve, their rights and counts, as last examined."""
    channels = asyncio.run(_list())
    if as_json:
        typer.echo(json.dumps(channels))
        return
    if not channels:
        typer.echo("No channel is bound. Bind one: mediagate channels bind requests -- -1001234567890")
    for one in channels:
        purposes = ",".join(one["purposes"]) or "-"
        members = "?" if one["members"] is None else one["members"]
        typer.echo(f"{one['chat_id']}  {purposes}  {one['title']}  {one['parts']} parts  {members} members")
        for problem in one["problems"]:
            typer.echo(f"    BAD {_MENDS[problem]}")


@app.command()
def bind(
    purpose: _Purpose,
    chat_id: _Channel,
    *,
    add: Annotated[bool, typer.Option("--add", help="beside the channels it has, not instead of them")] = False,
) -> None:
    """Keep what comes for a purpose in this channel from now on."""
    outcome, problems = asyncio.run(_bind(_purpose(purpose), chat_id, add=add))
    if outcome == "fixed":
        typer.echo(f"mediagate: MEDIAGATE_CHANNELS names the channels for {purpose}: change it there", err=True)
        raise typer.Exit(1)
    if outcome == "unfit":
        typer.echo("mediagate: the channel cannot be used like this:", err=True)
        for problem in problems:
            typer.echo(f"  {_MENDS[problem]}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{chat_id} serves {purpose}" + (" already." if outcome == "same" else " now."))


@app.command()
def unbind(chat_id: _Channel, *, purpose: Annotated[str | None, typer.Option(help="default: all")] = None) -> None:
    """Keep nothing new in this channel. What is there stays, and is still found."""
    gone = asyncio.run(_unbind(chat_id, None if purpose is None else _purpose(purpose)))
    if not gone:
        typer.echo("mediagate: it serves nothing that can be taken back here", err=True)
        raise typer.Exit(1)
    typer.echo(f"{chat_id} serves no more: {', '.join(gone)}.")


def _purpose(text: str) -> Any:
    from storage.domain import Purpose  # noqa: PLC0415

    if text not in set(Purpose):
        raise typer.BadParameter(f"there is no purpose {text!r}: use one of {', '.join(Purpose)}")
    return Purpose(text)


async def _list() -> list[dict[str, Any]]:
    from gateway.cli_ground import channel_book, command_bot, command_ground  # noqa: PLC0415
    from gateway.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    async with command_ground(settings) as ground, command_bot(settings) as bot:
        return [
            {
                "chat_id": one.state.chat_id,
                "title": one.state.title,
                "purposes": [purpose.value for purpose in one.state.purposes],
                "parts": one.state.parts,
                "members": one.members,
                "problems": [problem.value for problem in one.problems],
                "checked_at": None if one.checked_at is None else one.checked_at.isoformat(),
            }
            for one in await channel_book(ground, bot).list()
        ]


async def _bind(purpose: Any, chat_id: int, *, add: bool) -> tuple[str, list[str]]:
    from gateway.cli_ground import ACTOR, channel_book, command_bot, command_ground  # noqa: PLC0415
    from gateway.settings import SettingsError, load_settings  # noqa: PLC0415
    from storage.errors import ArchiveError  # noqa: PLC0415

    settings = load_settings()
    async with command_ground(settings) as ground, command_bot(settings) as bot:
        try:
            bound = await channel_book(ground, bot).bind(purpose, chat_id, by=ACTOR, add=add)
        except ArchiveError as error:
            raise SettingsError(f"Telegram does not let us look at the channel: {error.code}") from error
    problems = [] if bound.examined is None else [problem.value for problem in bound.examined.problems]
    return bound.outcome.value, problems


async def _unbind(chat_id: int, purpose: Any) -> list[str]:
    from gateway.cli_ground import ACTOR, channel_book, command_bot, command_ground  # noqa: PLC0415
    from gateway.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    async with command_ground(settings) as ground, command_bot(settings) as bot:
        return [one.value for one in await channel_book(ground, bot).unbind(chat_id, by=ACTOR, purpose=purpose)]
