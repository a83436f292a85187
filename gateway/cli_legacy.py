"""`mediagate import-legacy`: the predecessor's index becomes ours."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

_INCOMPLETE = 3
"""The exit code where some rows could not be taken over, or sit in channels that nobody of ours can read."""

_Url = Annotated[
    str,
    typer.Argument(
        metavar="DATABASE_URL",
        envvar="MEDIAGATE_LEGACY_DATABASE_URL",
        help="the predecessor's PostgreSQL; it is only read. Set the variable to keep its password out of sight",
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="print JSON instead of words")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="say what would happen, and change nothing")]
_Bot = Annotated[
    int | None,
    typer.Option("--bot", help="the predecessor's bot, the number before its token's colon; default: our first"),
]
_Owners = Annotated[str, typer.Option("--owners", help="what uploaded_by_user_id counts: user or telegram")]
_Retention = Annotated[bool, typer.Option("--retention", help="files end when their channel's retention_days are over")]
_Bind = Annotated[bool, typer.Option("--bind/--no-bind", help="let its channels serve their purposes here")]
_Offline = Annotated[bool, typer.Option("--offline", help="do not ask Telegram about the channels")]
_Room = Annotated[int, typer.Option("--room", min=0, help="ids left free for what the predecessor still takes in")]
_List = Annotated[Path | None, typer.Option("--list", help="write every row to look at here, one JSON line each")]


def import_legacy(
    database_url: _Url,
    *,
    as_json: _Json = False,
    dry_run: _DryRun = False,
    bot: _Bot = None,
    owners: _Owners = "user",
    retention: _Retention = False,
    bind: _Bind = True,
    offline: _Offline = False,
    room: _Room = 10_000,
    listing: _List = None,
) -> None:
    """Take over the predecessor's files with their ids, again and again: what is here already is left alone."""
    if owners not in ("user", "telegram"):
        raise typer.BadParameter("use user or telegram", param_hint="--owners")
    wish = _Wish(bot=bot, owners=owners, retention=retention, bind=bind and not dry_run, offline=offline)
    show = _nothing if as_json else _show
    report = asyncio.run(_import(database_url, wish, dry_run=dry_run, room=room, listing=listing, show=show))
    typer.echo(json.dumps(report.as_json(), ensure_ascii=False) if as_json else "\n".join(_words(report)))
    if not report.complete:
        raise typer.Exit(_INCOMPLETE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wish:
    """What the operator asked for besides the import itself."""

    bot: int | None
    owners: str
    retention: bool
    bind: bool
    offline: bool


async def _import(
    url: str, wish: _Wish, *, dry_run: bool, room: int, listing: Path | None, show: Callable[[Any], None]
) -> Any:
    from gateway.cli_ground import ACTOR, channel_book, command_bot, command_ground  # noqa: PLC0415
    from gateway.data_dir import node_name  # noqa: PLC0415
    from gateway.settings import SettingsError, load_settings  # noqa: PLC0415
    from storage.clock import SystemClock  # noqa: PLC0415
    from storage.intake.part_sizes import CLOUD_FETCH_LIMIT  # noqa: PLC0415
    from storage.legacy.channels import look_at  # noqa: PLC0415
    from storage.legacy.importing import Importing, Options  # noqa: PLC0415
    from storage.legacy.mapping import Rules  # noqa: PLC0415
    from storage.legacy.source import LegacyUnreadable, open_source  # noqa: PLC0415
    from storage.legacy.writing import Writer  # noqa: PLC0415

    settings, clock = load_settings(), SystemClock()
    try:
        async with AsyncExitStack() as stack:
            source = await stack.enter_async_context(open_source(url))
            ground = await stack.enter_async_context(command_ground(settings))
            asked = await stack.enter_async_context(command_bot(settings))
            channels = await source.channels()
            rules = Rules(
                now=clock.now(),
                fetch_limit=None if settings.telegram_local else CLOUD_FETCH_LIMIT,
                bot_id=_known_bot(settings, asked.id, wish.bot),
                owners=wish.owners,
                retention={
                    one.chat_id: one.retention_days for one in channels if one.retention_days and wish.retention
                },
            )
            importing = Importing(
                sessions=ground.sessions,
                clock=clock,
                rules=rules,
                writer=Writer(node=node_name(settings), bot_id=rules.bot_id, actor=ACTOR),
                actor=ACTOR,
                on_batch=show,
                listing=stack.enter_context(_listing(listing)),
            )
            report = await importing.run(source, Options(dry_run=dry_run, room=room))
            book = None if wish.offline else channel_book(ground, asked)
            report.channels = await look_at(channels, book, bind=wish.bind, actor=ACTOR)
            return report
    except LegacyUnreadable as error:
        raise SettingsError(str(error)) from error


def _known_bot(settings: Any, first: int, given: int | None) -> int | None:
    """The predecessor's bot, where its token is one of ours."""
    ours = {int(token.get_secret_value().partition(":")[0]) for token in settings.bot_tokens} | {first}
    wanted = first if given is None else given
    return wanted if wanted in ours else None


def _nothing(_report: Any) -> None:
    pass


def _show(report: Any) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{report.read} of {report.total}", nl=False, err=True)


@contextmanager
def _listing(path: Path | None) -> Iterator[Any]:
    if path is None:
        yield lambda _: None
        return
    with path.open("w", encoding="utf-8") as file:

        def write(found: Sequence[Any]) -> None:
            file.writelines(json.dumps(one.as_json(), ensure_ascii=False) + "\n" for one in found)

        yield write


_NOTES = {
    "category_unknown": "with a category we do not know: kept as a tag",
    "date_unknown": "without a believable date",
    "request_number_invalid": "with what is no request number: kept in the description",
    "same_message": "that share a message with another: each gets its own",
    "size_unknown": "of unknown size: only Telegram delivers them until somebody looked",
    "status_unknown": "with a status we do not know: taken for active",
    "tags_cut": "with more tags than fit",
    "tags_mended": "whose tags were no JSON: taken for words",
    "telegram_only": "larger than bots may fetch: only Telegram delivers them",
    "text_cut": "with texts that were cut to 2000 characters",
    "type_unknown": "of a kind we do not know",
}
_REASONS = {
    "bad_id": "its id cannot be kept",
    "changed_here": "it was changed here and there: ours stays",
    "id_taken": "another file has this id here",
    "no_place": "it names neither a message nor a usable file id",
    "unreadable": "the old database cannot give it",
}


def _words(report: Any) -> Iterator[str]:
    from storage.legacy.planning import Fate  # noqa: PLC0415

    told = "Would be " if report.dry_run else ""
    counts = ", ".join(f"{report.fates[fate]} {fate.value}" for fate in Fate)
    yield f"{told}{counts} of {report.read} files in {report.seconds:.1f} s."
    for code, count in sorted(report.notes.items()):
        if code in _NOTES:
            yield f"  {count} {_NOTES[code]}"
    if report.public:
        yield f"  {report.public} were public there: here nothing is, make links for those that others need"
    if report.vanished:
        yield f"  {report.vanished} that were taken over are no longer there: they stay here"
    if report.unfinished:
        yield f"  {report.unfinished} uploads were never finished: their senders have to send them again"
    yield from _listed(report)
    yield from _channels(report)


def _listed(report: Any) -> Iterator[str]:
    for one in report.listed:
        if one.what != "vanished":
            why = "; ".join(_REASONS.get(note.code, note.code) for note in one.notes)
            yield f"{'NOT TAKEN' if one.what == 'refused' else 'LEFT'} {one.id}: {why}"
    if report.left_off:
        yield f"… and {report.left_off} more: --list FILE has all of them"


def _channels(report: Any) -> Iterator[str]:
    for one in report.channels:
        name = f"{one.chat_id} {one.name or ''}".strip()
        if one.problems is None:
            yield f"channel {name}: {one.files} files, not looked at"
        elif not one.readable:
            yield f"NOT READABLE channel {name}: {one.files} files: make the bot an administrator, allow saving content"
        else:
            serves = f", serves {one.purpose} here" if one.bound in ("bound", "same") else ""
            yield f"channel {name}: {one.files} files{serves}" + "".join(f", {problem}" for problem in one.problems)
