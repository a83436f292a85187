"""`mediagate setup` on the terminal."""

import asyncio
import os
from typing import Annotated, Any

import typer

_TOKEN_ENV = "MEDIAGATE_BOT_TOKENS"  # noqa: S105  the name of a variable, not a token


def setup(
    *,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="set up the local Telegram, which needs no token")] = False,
    new_passphrase: Annotated[
        bool, typer.Option("--new-passphrase", help="only make another recovery passphrase, and show it")
    ] = False,
) -> None:
    """Ask for the bot's token, check it, keep it in .env, and print a link that makes you the administrator."""
    from gateway.setup import set_up  # noqa: PLC0415

    if new_passphrase:
        _print_passphrase()
        return
    done = asyncio.run(set_up(_ask, sandbox=sandbox))
    typer.echo(f"The bot is @{done.username}.")
    if done.wrote_token:
        typer.echo(f"Its token is in .env ({_TOKEN_ENV}), which only you can read.")
    typer.echo("")
    typer.echo("Open this link in Telegram within an hour. Whoever opens it first is the administrator:")
    typer.echo(f"  {done.link}")
    typer.echo("")
    if sandbox or not (done.wrote_token or os.environ.get(_TOKEN_ENV)):
        typer.echo("In the local Telegram write to the bot:")
        typer.echo(f"  /start {done.link.partition('start=')[2]}")
        typer.echo("")
    typer.echo("The bot leads on from there. If it does not run yet: mediagate run")


def _ask() -> str:
    typer.echo("Make a bot: write /newbot to @BotFather in Telegram; it answers with a token.")
    token: str = typer.prompt("Token (it is not shown)", hide_input=True)
    return token


def _print_passphrase() -> None:
    from gateway.settings import load_settings  # noqa: PLC0415
    from gateway.setup import new_passphrase  # noqa: PLC0415

    passphrase: Any = asyncio.run(new_passphrase(load_settings()))
    typer.echo("Your recovery passphrase; what was backed up before opens with the earlier one. Write it down:")
    typer.echo(f"  {passphrase}")
