"""The command line. Imports of weight are inside the commands: worker processes import this module too."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from gateway import cli_backup, cli_channels, cli_legacy, cli_mirror, cli_setup, cli_staff, cli_verify, keys_cli

T = TypeVar("T")
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Mediagate")
app.add_typer(keys_cli.app, name="keys")
app.add_typer(cli_channels.app, name="channels")
app.add_typer(cli_staff.app, name="staff")
app.add_typer(cli_mirror.app, name="mirror")
app.command()(cli_setup.setup)

_Url = Annotated[str | None, typer.Option(help="where Mediagate is; default MEDIAGATE_PUBLIC_URL")]
_Key = Annotated[str | None, typer.Option("--key", help="API key; default the first of MEDIAGATE_API_KEYS")]
_Json = Annotated[bool, typer.Option("--json", help="print JSON instead of words")]


def main() -> None:
    """The entry point. Errors meant for people end with status 1 and one line."""
    try:
        app()
    except Exception as error:
        if not _is_for_people(error):
            raise
        _fail(str(error))


@app.command()
def run() -> None:
    """Run the gateway until Ctrl-C or SIGTERM."""
    from gateway.lean_models import import_aiogram  # noqa: PLC0415

    import_aiogram()
    from gateway.running import run_until_told  # noqa: PLC0415

    sys.exit(_run(run_until_told(_settings())))


@app.command()
def migrate() -> None:
    """Bring the database to the newest migration."""
    from gateway.data_dir import claim_data_dir  # noqa: PLC0415
    from gateway.running import migrate_database  # noqa: PLC0415

    settings = _settings()
    claim_data_dir(settings)
    _run(migrate_database(settings))
    typer.echo("The database is at the newest migration.")


@app.command()
def doctor(*, as_json: _Json = False) -> None:
    """Check settings, database, spool, token and channels, and say how to mend what is wrong."""
    from gateway.doctor import examine  # noqa: PLC0415

    lines = _run(examine(_settings()))
    if as_json:
        typer.echo(json.dumps([{"name": line.name, "ok": line.ok, "detail": line.detail} for line in lines]))
    else:
        for line in lines:
            typer.echo(f"{'ok  ' if line.ok else 'BAD '} {line.name}: {line.detail}")
    if not all(line.ok for line in lines):
        raise typer.Exit(1)


@app.command()
def put(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    *,
    request: Annotated[str | None, typer.Option(help="request number, such as 250926-001")] = None,
    category: Annotated[str | None, typer.Option(help="such as report_photo")] = None,
    description: Annotated[str | None, typer.Option()] = None,
    tag: Annotated[list[str] | None, typer.Option(help="may be given several times")] = None,
    url: _Url = None,
    key: _Key = None,
    as_json: _Json = False,
) -> None:
    """Upload files, each streamed in constant memory."""
    from gateway.commands import put_files  # noqa: PLC0415

    server = _server(url, key)
    fields: dict[str, Any] = {"request_number": request, "category": category, "description": description}
    _run(put_files(server, files, tags=tag or [], as_json=as_json, **fields))


@app.command()
def get(
    media_id: Annotated[int, typer.Argument(metavar="ID", min=1)],
    *,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="file or directory")] = None,
    url: _Url = None,
    key: _Key = None,
    as_json: _Json = False,
) -> None:
    """Fetch a media; an interrupted one goes on where it stopped, and the digest is checked."""
    from gateway.commands import get_file  # noqa: PLC0415

    _run(get_file(_server(url, key), media_id, output, as_json=as_json))


app.command()(cli_verify.verify)
app.command()(cli_backup.backup)
app.command()(cli_backup.restore)
app.command()(cli_backup.recover)
app.command("import-legacy")(cli_legacy.import_legacy)


def _run(work: Coroutine[Any, Any, T]) -> T:
    import uvloop  # noqa: PLC0415

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _settings() -> Any:
    from gateway.logging import configure_logging  # noqa: PLC0415
    from gateway.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    configure_logging(settings.log_format, settings.log_level, settings.secrets)
    return settings


def _server(url: str | None, key: str | None) -> Any:
    from gateway.http_client import Server  # noqa: PLC0415
    from gateway.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    known = settings.api_keys[0].secret.get_secret_value() if settings.api_keys else None
    chosen = key or known
    if chosen is None:
        _fail("no API key: give --key, or set MEDIAGATE_API_KEYS")
    return Server(url=url or settings.public_url, api_key=chosen)


def _is_for_people(error: Exception) -> bool:
    from gateway.http_client import TransferError  # noqa: PLC0415
    from gateway.postgres_cluster import PostgresError  # noqa: PLC0415
    from gateway.process_lock import DataDirInUse  # noqa: PLC0415
    from gateway.settings import SettingsError  # noqa: PLC0415
    from storage.recovery.errors import RecoveryError  # noqa: PLC0415

    return isinstance(error, (DataDirInUse, PostgresError, RecoveryError, SettingsError, TransferError))


def _fail(text: str) -> NoReturn:
    typer.echo(f"mediagate: {text}", err=True)
    sys.exit(1)
