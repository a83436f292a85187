"""`mediagate keys`: made, listed and revoked on the database, whether or not the process runs."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke the keys of services")

_Json = Annotated[bool, typer.Option("--json", help="print JSON instead of words")]
_Size = Annotated[str | None, typer.Option(metavar="SIZE", help="such as 10GiB")]
_Files = Annotated[int | None, typer.Option(min=0)]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="of the service; it may have several keys")],
    *,
    scope: Annotated[list[str], typer.Option(help="such as media:read; may be given several times")],
    expires: Annotated[str | None, typer.Option(metavar="DURATION", help="such as 90d; default never")] = None,
    rate: Annotated[int | None, typer.Option(min=0, help="requests a minute; 0: no limit")] = None,
    day_bytes: _Size = None,
    day_files: _Files = None,
    total_bytes: _Size = None,
    total_files: _Files = None,
    as_json: _Json = False,
) -> None:
    """Make a key. Its secret is shown this once."""
    from gateway import values  # noqa: PLC0415
    from storage.domain import Quota  # noqa: PLC0415

    try:
        terms = _terms(
            name,
            scope,
            expires_at=None if expires is None else datetime.now(UTC) + values.duration(expires),
            rate=rate,
            quota=Quota(
                day_bytes=None if day_bytes is None else values.size(day_bytes),
                day_files=day_files,
                total_bytes=None if total_bytes is None else values.size(total_bytes),
                total_files=total_files,
            ),
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    key, secret = asyncio.run(_create(terms))
    if as_json:
        typer.echo(json.dumps({**key, "secret": secret}))
    else:
        typer.echo(f"Key {key['id']} of {name}, shown this once:\n{secret}")


@app.command(name="list")
def show(*, as_json: _Json = False) -> None:
    """List the keys, newest first, without their secrets."""
    keys = asyncio.run(_list())
    if as_json:
        typer.echo(json.dumps(keys))
        return
    for key in keys:
        state = "revoked" if key["revoked_at"] else f"until {key['expires_at']}" if key["expires_at"] else "valid"
        used = key["last_used_at"] or "never used"
        typer.echo(f"{key['id']:>5}  {key['prefix']}…  {key['name']}  {'+'.join(key['scopes'])}  {state}  {used}")


@app.command()
def revoke(key_id: Annotated[int, typer.Argument(metavar="ID", min=1)]) -> None:
    """End a key's life. A running process knows it within 30 seconds."""
    from storage.errors import KeyNotFound  # noqa: PLC0415

    try:
        asyncio.run(_revoke(key_id))
    except KeyNotFound as error:
        raise typer.BadParameter(f"there is no key {key_id}") from error
    typer.echo(f"Key {key_id} is revoked.")


def _terms(name: str, scopes: list[str], *, expires_at: datetime | None, rate: int | None, quota: Any) -> Any:
    from gateway.values import KEY_NAME  # noqa: PLC0415
    from storage.callers.keys import KeyTerms  # noqa: PLC0415
    from storage.domain import Scope  # noqa: PLC0415

    if not KEY_NAME.fullmatch(name):
        raise ValueError("a name has 1 to 64 letters, digits, dots, dashes and underscores")
    unknown = [scope for scope in scopes if scope not in set(Scope)]
    if unknown:
        raise ValueError(f"unknown scope {unknown[0]!r}; scopes are {', '.join(Scope)}")
    known = frozenset(Scope(scope) for scope in scopes)
    return KeyTerms(name=name, scopes=known, expires_at=expires_at, rate_per_minute=rate, quota=quota)


async def _create(terms: Any) -> tuple[dict[str, Any], str]:
    from web.routes.admin_keys import key_json  # noqa: PLC0415

    async with _keys() as keys:
        key, secret = await keys.create(terms, by="cli")
        return key_json(key), secret


async def _list() -> list[dict[str, Any]]:
    from web.routes.admin_keys import key_json  # noqa: PLC0415

    async with _keys() as keys:
        return [key_json(key) for key in await keys.list()]


async def _revoke(key_id: int) -> None:
    async with _keys() as keys:
        await keys.revoke(key_id, by="cli")


@asynccontextmanager
async def _keys() -> AsyncIterator[Any]:
    """The keys on the database of the settings, which is brought to the newest migration where nothing runs on it."""
    from gateway.data_dir import claim_data_dir, secret_key  # noqa: PLC0415
    from gateway.logging import configure_logging  # noqa: PLC0415
    from gateway.postgres import embedded_postgres  # noqa: PLC0415
    from gateway.settings import load_settings  # noqa: PLC0415
    from storage.callers.keys import Keys  # noqa: PLC0415
    from storage.clock import SystemClock  # noqa: PLC0415
    from storage.database import open_database, session_factory  # noqa: PLC0415
    from storage.schema import migrate  # noqa: PLC0415

    settings = load_settings()
    configure_logging(settings.log_format, "warning", settings.secrets)
    claim_data_dir(settings)
    async with AsyncExitStack() as stack:
        if settings.database_url is None:
            dsn = await stack.enter_async_context(embedded_postgres(settings.data_dir))
        else:
            dsn = settings.database_url.get_secret_value()
        engine = await stack.enter_async_context(open_database(dsn))
        await migrate(engine)
        yield Keys(sessions=session_factory(engine), secret_key=secret_key(settings).decode(), clock=SystemClock())
