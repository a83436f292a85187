"""Finding a backup and fetching it, by nothing but bots and a channel: there is no database yet."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from storage.errors import ArchiveError, MessageMissing, OutcomeUnknown, Postponed
from storage.ports import Seen
from storage.recovery.errors import BackupDamaged, DiskFull, RecoveryError, TelegramAway, channel_error
from storage.recovery.indexes import BackupIndex, Piece
from storage.recovery.manifests import PieceManifest, parse_piece
from storage.spool import is_full
from storage.telegram.parts import BotPartStore
from storage.telegram.pinning import Pins

log = structlog.get_logger(__name__)

_LARGEST_INDEX = 16 << 20
_TRIES = 5
_PAUSE = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class FinderBot:
    """One bot, as far as it is needed before there is a database."""

    store: BotPartStore
    pins: Pins
    greatest_id: Callable[[int], Awaitable[int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """The list of a backup, not fetched yet. ``bot`` is whose ``file_id`` it is."""

    chat_id: int
    message_id: int
    manifest: PieceManifest
    file_id: str
    store: BotPartStore


class Finder:
    """Looks with the first bot that can; ``spacing`` are seconds between two looks, for the sake of flood limits."""

    def __init__(self, bots: Sequence[FinderBot], *, spacing: float) -> None:
        self._bots = bots
        self._spacing = spacing

    async def candidates(
        self, chat_id: int, *, on_search: Callable[[int], None] | None = None
    ) -> AsyncIterator[Candidate]:
        """Lists of backups in a channel: the pinned one, and then the others, the newest first.

        ``on_search`` is told how many messages there are at most to look at, once a search has to begin.
        Raises `ChannelUnusable` and `TelegramAway`.
        """
        pinned = await self._pinned(chat_id)
        if pinned is not None:
            yield pinned
        head = await self._head(chat_id)
        if on_search is not None:
            on_search(head - 1)
        for message_id in range(head - 1, 0, -1):
            found = await self._at(chat_id, message_id)
            if found is not None and (pinned is None or found.message_id != pinned.message_id):
                yield found

    async def index(self, candidate: Candidate) -> BackupIndex:
        """Fetch and check the list. Raises `BackupDamaged`, and `ArchiveError`s where Telegram is away."""
        manifest = candidate.manifest
        if manifest.size > _LARGEST_INDEX:
            raise BackupDamaged("its list of parts is too large")
        async with candidate.store.fetch(candidate.file_id, 0, manifest.size) as chunks:
            data = b"".join([chunk async for chunk in chunks])
        if hashlib.sha256(data).digest() != manifest.sha256:
            raise BackupDamaged("its list of parts is not what it was")
        index = BackupIndex.from_bytes(data)
        if index.key != manifest.key:
            raise BackupDamaged("its list of parts is another one's")
        return index

    async def fetch(self, index: BackupIndex, place: Path, on_piece: Callable[[Piece], None]) -> None:
        """Bring every piece into ``place``, checked; what is there already from an interrupted run is kept.

        Raises `BackupDamaged` where one is missing or is not what it was, `TelegramAway` and `DiskFull`.
        """
        for piece in index.pieces:
            path = piece_path(place, piece)
            if not await asyncio.to_thread(_is_right, path, piece):
                try:
                    await self._fetch(piece, path)
                except OSError as error:
                    if not is_full(error):
                        raise
                    path.unlink(missing_ok=True)
                    raise DiskFull(str(place), index.size - piece.offset) from error
            on_piece(piece)

    async def _fetch(self, piece: Piece, path: Path) -> None:
        last: Exception | None = None
        for attempt in range(_TRIES):
            for bot in self._bots:
                try:
                    file_id = piece.file_id if attempt == 0 and piece.bot == bot.store.bot_id else None
                    if file_id is None:
                        file_id = (await bot.store.look(piece.chat, piece.message)).file_id
                    if file_id is None:
                        raise BackupDamaged(f"part {piece.index + 1} has no file any more")
                    await _download(bot.store, file_id, piece, path)
                    if await asyncio.to_thread(_is_right, path, piece):
                        return
                    last = BackupDamaged(f"part {piece.index + 1} is not what it was")
                except Postponed as wait:
                    last = wait
                    await asyncio.sleep(min(wait.retry_after, 60.0))
                except MessageMissing as error:
                    raise BackupDamaged(f"part {piece.index + 1} is missing from its channel") from error
                except ArchiveError as error:
                    log.info("piece_not_fetched", index=piece.index, error=str(error))
                    last = error
        raise _not_fetched(piece, last)

    async def _pinned(self, chat_id: int) -> Candidate | None:
        refusals: list[ArchiveError] = []
        for bot in self._bots:
            try:
                pinned = await bot.pins.pinned(chat_id)
            except ArchiveError as error:
                refusals.append(error)
                continue
            manifest = None if pinned is None else parse_piece(pinned.caption)
            if pinned is None or manifest is None or manifest.count is None or pinned.file_id is None:
                return None
            return Candidate(
                chat_id=chat_id,
                message_id=pinned.message_id,
                manifest=manifest,
                file_id=pinned.file_id,
                store=bot.store,
            )
        raise channel_error(chat_id, refusals[0]) from refusals[0]

    async def _head(self, chat_id: int) -> int:
        refusal: ArchiveError | None = None
        for bot in self._bots:
            try:
                return await bot.greatest_id(chat_id)
            except ArchiveError as error:
                refusal = refusal or error
        assert refusal is not None
        raise channel_error(chat_id, refusal) from refusal

    async def _at(self, chat_id: int, message_id: int) -> Candidate | None:
        seen, store = await self._look(chat_id, message_id)
        manifest = None if seen is None or seen.forwarded else parse_piece(seen.caption)
        if seen is None or seen.file_id is None or manifest is None or manifest.count is None:
            return None
        return Candidate(chat_id=chat_id, message_id=message_id, manifest=manifest, file_id=seen.file_id, store=store)

    async def _look(self, chat_id: int, message_id: int) -> tuple[Seen | None, BotPartStore]:
        refusal: ArchiveError | None = None
        for _ in range(_TRIES):
            for bot in self._bots:
                try:
                    await asyncio.sleep(self._spacing / len(self._bots))
                    return await bot.store.look(chat_id, message_id), bot.store
                except MessageMissing:
                    return None, bot.store
                except Postponed as wait:
                    refusal = wait
                    await asyncio.sleep(wait.retry_after)
                except OutcomeUnknown as error:
                    refusal = error
                    await asyncio.sleep(_PAUSE)
                except ArchiveError as error:
                    refusal = error
        assert refusal is not None
        raise channel_error(chat_id, refusal) from refusal


def piece_path(place: Path, piece: Piece) -> Path:
    return place / f"{piece.index:04d}.age"


def _not_fetched(piece: Piece, last: Exception | None) -> RecoveryError:
    if isinstance(last, BackupDamaged):
        return last
    if isinstance(last, Postponed):  # an answer that is too short may be a file that is not what it was
        return TelegramAway(last.code)
    return BackupDamaged(f"part {piece.index + 1} cannot be fetched: {last}")


async def _download(store: BotPartStore, file_id: str, piece: Piece, path: Path) -> None:
    async with store.fetch(file_id, 0, piece.size) as chunks:
        with path.open("wb") as file:
            async for chunk in chunks:
                await asyncio.to_thread(file.write, chunk)


def _is_right(path: Path, piece: Piece) -> bool:
    if not path.exists() or path.stat().st_size != piece.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == piece.sha256
