"""`mediagate channels refill`: put what lies out of reach into the channels that are bound now."""

import asyncio
import json
from typing import Annotated, Any

import typer

_Json = Annotated[bool, typer.Option("--json", help="print JSON instead of words")]


def refill(
    *,
    purpose: Annotated[
        list[str] | None, typer.Option(help="only what belongs into these channels; may be given again; default: all")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="only say what it would do")] = False,
    as_json: _Json = False,
) -> None:
    """Put files whose channel no bot reaches any more into the channels bound now.

    They come from backup channels, from what bots know of the files, or from the mirror. The running gateway does it
    in the background; it may be asked for again at any time, and says then what is left.
    """
    done = asyncio.run(_refill(_purposes(purpose or []), plan=plan))
    if as_json:
        typer.echo(json.dumps(done))
        return
    for line in _lines(done, plan=plan):
        typer.echo(line)


def _purposes(names: list[str]) -> list[Any]:
    from storage.domain import Purpose  # noqa: PLC0415

    for name in names:
        if name not in set(Purpose):
            raise typer.BadParameter(f"there is no purpose {name!r}: use one of {', '.join(Purpose)}")
    return [Purpose(name) for name in names] or list(Purpose)


def _lines(done: dict[str, Any], *, plan: bool) -> list[str]:
    lines = [
        f"{one['chat_id']}  {one['title'] or '?'}  {one['parts']} parts of {one['purpose']}: no bot reaches it"
        for one in done["out_of_reach"]
    ]
    if not lines:
        lines = ["Every part is in a channel that a bot reaches."]
    if not plan and done["wanted"]:
        lines.append(f"{done['wanted']} parts are to be put into channels again.")
    for one in done["left"]:
        lines.append(f"{one['purpose']}: {one['parts']} parts to go, {_how_long(one)}.")
    if done["without_source"]:
        lines.append(f"{done['without_source']} of them have no copy that was found yet: is a mirror missing?")
    if done["left"] and not plan:
        lines.append("The running gateway does it. Run this again to see what is left.")
    return lines


def _how_long(one: dict[str, Any]) -> str:
    if not one["lanes"]:
        return "but no bot may post in a channel of that purpose: bind one, and make the bots administrators"
    if one["minutes"] is None:
        return "without a flood limit"
    return f"about {one['minutes']} minutes by the flood limits of {one['lanes']} lanes"


async def _refill(purposes: list[Any], *, plan: bool) -> dict[str, Any]:
    from gateway.cli_ground import command_bot, command_ground  # noqa: PLC0415
    from gateway.engine import other_bots  # noqa: PLC0415
    from gateway.settings import SettingsError, load_settings  # noqa: PLC0415
    from storage.engine.refilling import Refiller  # noqa: PLC0415
    from storage.errors import ArchiveError  # noqa: PLC0415
    from storage.telegram.memberships import Memberships  # noqa: PLC0415

    settings = load_settings()
    async with command_ground(settings) as ground, command_bot(settings) as bot:
        members = Memberships([bot, *other_bots(settings, bot)])
        refiller = Refiller(sessions=ground.sessions, members=members, assumed_rate=settings.lane_rate)
        try:
            return await refill_now(refiller, purposes, plan=plan)
        except ArchiveError as error:
            raise SettingsError(f"Telegram does not say which channels the bots are in: {error.code}") from error


async def refill_now(refiller: Any, purposes: list[Any], *, plan: bool) -> dict[str, Any]:
    """Plan the refill, have it done unless only the ``plan`` is wanted, and say what is left, as plain values."""
    channels = await refiller.out_of_reach(purposes)
    wanted = 0 if plan else await refiller.want(channels)
    left = await refiller.planned(channels) if plan else await refiller.left()
    return {
        "out_of_reach": [
            {"chat_id": one.chat_id, "title": one.title, "purpose": one.purpose.value, "parts": one.parts}
            for one in channels
        ],
        "wanted": wanted,
        "left": [
            {"purpose": one.purpose.value, "parts": one.parts, "lanes": one.lanes, "minutes": one.minutes}
            for one in left
        ],
        "without_source": await refiller.without_source(),
    }
