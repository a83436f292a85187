"""`mediagate verify` on the terminal.

One process serves one DATA_DIR, and a lane's budget has one owner. So the command looks at nothing itself: it writes
down that a pass is wanted, and watches the gateway's jobs work it off. Where no gateway runs it runs one without doors.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gateway.settings import Settings
    from storage.database import Sessions
    from storage.engine.verify_runs import FoundDamaged, RunView, VerifyRuns

DAMAGED, UNCHECKED = 1, 3
"""Exit codes: something is damaged and was not repaired; nothing is known to be, but some could not be checked."""

_LOOK_EVERY = 0.5
_LONGEST_REPAIR = 300.0
"""Seconds for one part: a channel whose flood limits are used up, or which no bot reaches, may take longer."""
_REASONS = {
    "message_missing": "its message was deleted",
    "no_file": "its message has no file",
    "other_part": "its message holds another file",
    "size": "its file has another size",
    "digest": "its bytes are others",
}
_WAITS = {
    "flood_wait": "Telegram's limits",
    "unreachable": "Telegram, which does not answer",
    "second_look": "the second look",
}


def verify(
    *,
    deep: Annotated[bool, typer.Option("--deep", help="also fetch every file and compare its SHA-256")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="wait until what is damaged is put right again")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of words")] = False,
) -> None:
    """Check that everything is where the index says. Status 1: damaged, 3: some could not be checked.

    It goes on where an interrupted one stopped. Nothing is deleted, and only what is found wrong twice is damaged.
    """
    from gateway.settings import load_settings  # noqa: PLC0415

    run, damaged = asyncio.run(_verify(load_settings(), deep=deep, repair=repair, quiet=as_json))
    if as_json:
        typer.echo(json.dumps({**run.as_json(), "parts_damaged": [_as_json(one) for one in damaged]}))
    else:
        _tell(run, damaged)
    if any(not one.repaired for one in damaged) or run.counts.mirror_wrong:
        raise typer.Exit(DAMAGED)
    if run.counts.unknown:
        raise typer.Exit(UNCHECKED)


async def _verify(
    settings: "Settings", *, deep: bool, repair: bool, quiet: bool
) -> tuple["RunView", "list[FoundDamaged]"]:
    from gateway.cli_ground import ACTOR  # noqa: PLC0415
    from storage.clock import SystemClock  # noqa: PLC0415
    from storage.engine.verify_runs import VerifyRuns  # noqa: PLC0415

    async with _ground(settings) as (sessions, elsewhere):
        runs = VerifyRuns(sessions=sessions, clock=SystemClock())
        run_id, resumed = await runs.begin(deep=deep, repair=repair, by=ACTOR)
        if not quiet:
            channels = await runs.per_channel(run_id)
            typer.echo(_announced(channels, settings, deep=deep, resumed=resumed, elsewhere=elsewhere), err=True)
        await _watch(runs, run_id, quiet=quiet)
        if repair:
            await _repaired(runs, run_id)
        return await runs.view(run_id), [*await runs.damaged(run_id)]


@asynccontextmanager
async def _ground(settings: "Settings") -> AsyncIterator[tuple["Sessions", bool]]:
    """The database, and whether a gateway is at work on it."""
    from gateway.cli_ground import command_ground  # noqa: PLC0415
    from gateway.headless import headless  # noqa: PLC0415
    from gateway.process_lock import DataDirInUse  # noqa: PLC0415

    alone = headless(settings)
    try:
        sessions = await alone.__aenter__()
    except DataDirInUse:
        async with command_ground(settings) as ground:
            yield ground.sessions, True
        return
    try:
        yield sessions, False
    finally:
        await alone.__aexit__(None, None, None)


async def _watch(runs: "VerifyRuns", run_id: int, *, quiet: bool) -> None:
    """Show how far it is until it is done."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as progress:
        task = progress.add_task("parts", total=None)
        while (run := await runs.view(run_id)).finished_at is None:
            waits = f", waiting for {_WAITS.get(run.waiting, run.waiting)}" if run.waiting else ""
            text = f"{run.counts.damaged} damaged, {run.counts.unknown} not checked{waits}"
            progress.update(task, completed=run.counts.checked, total=run.total, description=text)
            await asyncio.sleep(_LOOK_EVERY)


async def _repaired(runs: "VerifyRuns", run_id: int) -> None:
    """Wait until all that was damaged has a message again, or its repair was tried in vain, or nothing moves on."""
    looks, before = 0, -1
    while (left := await runs.repairs_open(run_id)) and looks * _LOOK_EVERY < _LONGEST_REPAIR:
        looks, before = (looks + 1 if left == before else 0), left
        await asyncio.sleep(_LOOK_EVERY)


def _announced(channels: dict[int, int], settings: "Settings", *, deep: bool, resumed: bool, elsewhere: bool) -> str:
    messages = sum(channels.values())
    rate = settings.lane_rate * max(1, len(settings.bot_tokens))
    minutes = max(channels.values(), default=0) / rate if rate else 0.0
    how = f"at {rate} messages a minute and channel about {_time(minutes)}" if rate else "as fast as Telegram lets"
    lines = [
        f"{'Going on: ' if resumed else ''}{messages} messages in {len(channels)} channel(s), {how}"
        + (", and what fetching every file takes." if deep else "."),
        "The gateway does it: Ctrl-C leaves it at work, `mediagate verify` shows it again."
        if elsewhere
        else "Ctrl-C stops it; the next `mediagate verify`, or the gateway, goes on from there.",
    ]
    return "\n".join(lines)


def _time(minutes: float) -> str:
    hours = round(minutes) // 60
    return f"{hours} h {round(minutes) % 60} min" if hours else f"{max(1, round(minutes))} min"


def _tell(run: "RunView", damaged: "list[FoundDamaged]") -> None:
    counts = run.counts
    typer.echo(f"{counts.checked} parts checked: {counts.sound} sound, {counts.damaged} damaged.")
    extras = [
        (counts.unknown, "could not be checked (Telegram away, rights missing): nothing is known of them"),
        (counts.restored, "were thought damaged and are sound"),
        (counts.too_big, "are too large to be fetched: only looked at"),
        (counts.hashed, "have a SHA-256 from now on"),
        (counts.copies, "copies looked at"),
        (counts.copies_damaged, "copies damaged: they are made again"),
        (counts.mirrored, "files of the mirror looked at"),
        (counts.mirror_wrong, "files of the mirror wrong: they are written again"),
    ]
    for number, text in extras:
        if number:
            typer.echo(f"  {number} {text}")
    for one in damaged:
        state = "repaired" if one.repaired else "DAMAGED"
        why = _REASONS.get(one.reason or "", one.reason)
        typer.echo(f"  {state}: media {one.media_id}, part {one.part}: {why}")


def _as_json(one: "FoundDamaged") -> dict[str, Any]:
    return {"media_id": one.media_id, "part": one.part, "reason": one.reason, "repaired": one.repaired}
