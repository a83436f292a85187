"""What `mediagate put` and `mediagate get` show a person while they work."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from gateway.http_client import Progress as OnProgress
from gateway.http_client import Server
from gateway.transfer import get, put


async def put_files(
    server: Server,
    files: Sequence[Path],
    *,
    tags: Sequence[str],
    as_json: bool,
    request_number: str | None,
    category: str | None,
    description: str | None,
) -> None:
    """Upload one file after the other; the first that fails ends it."""
    for path in files:
        with _bar(path.name, hidden=as_json) as on_progress:
            answer = await put(
                server,
                path,
                request_number=request_number,
                category=category,
                description=description,
                tags=tags,
                on_progress=on_progress,
            )
        media = answer["media"]
        where = "stored" if media["stored"] else "accepted, on its way to Telegram"
        typer.echo(json.dumps(answer) if as_json else f"{path.name}: media {media['id']}, {where}")


async def get_file(server: Server, media_id: int, output: Path | None, *, as_json: bool) -> None:
    """Fetch one media."""
    with _bar(f"media {media_id}", hidden=as_json) as on_progress:
        fetched = await get(server, media_id, output, on_progress=on_progress)
    if as_json:
        typer.echo(json.dumps({"path": str(fetched.path), "size": fetched.size, "verified": fetched.verified}))
    else:
        checked = "SHA-256 is right" if fetched.verified else "no SHA-256 is known to check it by"
        typer.echo(f"{fetched.path}: {fetched.size} bytes, {checked}")


@contextmanager
def _bar(name: str, *, hidden: bool) -> Iterator[OnProgress]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=hidden, transient=True) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
