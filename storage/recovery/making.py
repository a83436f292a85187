"""Making a backup: dump, encrypt, cut, send, list, pin, and give up the ones that are old.

::

    running ──every piece and their list are in the channel──▶ stored ──newer ones──▶ gone
       └──an error, or a kill (seen by the next one)──▶ failed
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pyrage
import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.callers.recovery import RecoveryKeeper
from storage.clock import Clock
from storage.database import Sessions
from storage.delivery.part_reading import read_file
from storage.domain import Purpose
from storage.engine.channels import open_channels
from storage.errors import ArchiveError, MediagateError
from storage.intake.part_sizes import part_sizes
from storage.ports import Shipment
from storage.recovery import ledger
from storage.recovery.dumping import Dumped, PieceFile, dump_encrypted
from storage.recovery.errors import NoPassphrase, RecoveryError
from storage.recovery.indexes import BackupIndex, sealed
from storage.recovery.manifests import PieceManifest, piece_caption, piece_filename
from storage.recovery.passphrases import BackupKey
from storage.recovery.postgres_tools import PostgresTools
from storage.recovery.sending import PieceSender
from storage.recovery.workplace import workplace
from storage.tables import Backup, ChannelBinding
from storage.telegram.pinning import Pins

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A backup that is whole. ``size`` counts the encrypted bytes, ``pinned``: its list is at the channel's top."""

    key: UUID
    chat_id: int
    message_id: int
    pieces: int
    size: int
    pinned: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupPlan:
    """How: files under ``place`` meanwhile, messages of at most ``piece_size`` bytes, the last ``kept`` stay.

    ``secrets`` are what has to come back beside the database, by name; None: there is none.
    """

    place: Path
    piece_size: int
    kept: int
    channel_most: int
    secrets: Mapping[str, str | None]


class BackupMaker:
    """The use case, for the night and for the command line."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        keeper: RecoveryKeeper,
        sender: PieceSender,
        pins: Pins,
        tools: PostgresTools,
        plan: BackupPlan,
        clock: Clock,
        node: str,
    ) -> None:
        self._sessions = sessions
        self._keeper = keeper
        self._sender = sender
        self._pins = pins
        self._tools = tools
        self._plan = plan
        self._clock = clock
        self._node = node

    async def make(self, *, by: str) -> Made:
        """One backup, from dump to pin.

        Raises `NoPassphrase`, `BackupRunning`, `DumpFailed`, `ChannelNotBound` and `ArchiveError`s; what had been sent
        by then is given up.
        """
        key = await self._keeper.backup_key()
        if key is None:
            raise NoPassphrase
        with workplace(self._plan.place):
            async with self._sessions.begin() as session:
                channels = await _channels(session, self._plan.channel_most)
                backup = await ledger.begin(session, by=by, node=self._node, now=self._clock.now())
            try:
                return await self._make(backup, key, channels, by=by)
            except (RecoveryError, MediagateError, OSError) as error:
                log.warning("backup_failed", error=str(error))
                async with self._sessions.begin() as session:
                    await ledger.fail(session, backup.id, str(error), self._clock.now())
                raise

    async def _make(self, backup: Backup, key: BackupKey, channels: Sequence[int], *, by: str) -> Made:
        dumped = await self._dump(key.recipient)
        async with self._sessions.begin() as session:
            values = {"size": dumped.size, "sha256": dumped.sha256, "seen_at": self._clock.now()}
            await session.execute(update(Backup).where(Backup.id == backup.id).values(**values))
            for piece in dumped.pieces:
                ledger.add_piece(session, backup.id, piece)
        for piece in dumped.pieces:
            await self._send(backup, piece, len(dumped.pieces), channels)
        listed = await self._list(backup, key, dumped)
        await self._send(backup, listed, len(dumped.pieces), channels)
        async with self._sessions.begin() as session:
            await ledger.finish(session, backup.id, by=by, kept=self._plan.kept, now=self._clock.now())
        return await self._pin(backup.id, dumped)

    async def _dump(self, recipient: str) -> Dumped:
        sizes = part_sizes(self._plan.piece_size)
        work = asyncio.ensure_future(asyncio.to_thread(dump_encrypted, self._tools, recipient, self._plan.place, sizes))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])  # it writes into files that are about to be removed
            raise

    async def _list(self, backup: Backup, key: BackupKey, dumped: Dumped) -> PieceFile:
        """The list of the pieces, as the last of them."""
        async with self._sessions.begin() as session:
            pieces = await ledger.placed_pieces(session, backup.id)
        secrets = json.dumps(dict(self._plan.secrets)).encode()
        document = BackupIndex(
            key=backup.key,
            made_at=backup.started_at,
            revision=backup.revision,
            size=dumped.size,
            sha256=dumped.sha256.hex(),
            counted=backup.counted,
            identity=key.identity,
            secrets=sealed(pyrage.encrypt(secrets, [pyrage.x25519.Recipient.from_str(key.recipient)])),
            pieces=tuple(pieces),
        ).to_bytes()
        path = self._plan.place / "index.json"
        path.write_bytes(document)
        digest = hashlib.sha256(document).digest()
        piece = PieceFile(path=path, index=len(pieces), offset=0, size=len(document), sha256=digest)
        async with self._sessions.begin() as session:
            ledger.add_piece(session, backup.id, piece)
        return piece

    async def _send(self, backup: Backup, piece: PieceFile, count: int, channels: Sequence[int]) -> None:
        manifest = PieceManifest(
            key=backup.key,
            index=piece.index,
            offset=piece.offset,
            size=piece.size,
            sha256=piece.sha256,
            count=count if piece.index == count else None,
        )
        what = Shipment(
            open_stream=lambda: read_file(str(piece.path), 0, piece.size),
            size=piece.size,
            filename=piece_filename(backup.started_at, piece.index, pieces=count),
            caption=piece_caption(manifest, backup.started_at, pieces=count),
        )
        await self._sender.send(manifest, what, channels)

    async def _pin(self, backup_id: int, dumped: Dumped) -> Made:
        """Pin its list, and let go of the one before. Without the right to do so it is found by searching."""
        async with self._sessions.begin() as session:
            backup = await session.get_one(Backup, backup_id)
            others = await ledger.pinned_elsewhere(session, backup_id)
        assert backup.index_chat_id is not None
        assert backup.index_message_id is not None
        pinned = await self._pinned(backup.index_chat_id, backup.index_message_id)
        if pinned:
            await self._note_pin(backup_id, pinned=True)
            for other, chat_id, message_id in others:
                await self._unpinned(other, chat_id, message_id)
        log.info("backup_made", size=dumped.size, pieces=len(dumped.pieces), pinned=pinned)
        return Made(
            key=backup.key,
            chat_id=backup.index_chat_id,
            message_id=backup.index_message_id,
            pieces=len(dumped.pieces),
            size=dumped.size,
            pinned=pinned,
        )

    async def _pinned(self, chat_id: int, message_id: int) -> bool:
        try:
            await self._pins.pin(chat_id, message_id)
        except ArchiveError as error:
            log.warning("backup_not_pinned", chat_id=chat_id, error=str(error))
            return False
        return True

    async def _unpinned(self, backup_id: int, chat_id: int, message_id: int) -> None:
        try:
            await self._pins.unpin(chat_id, message_id)
        except ArchiveError as error:
            log.info("backup_still_pinned", chat_id=chat_id, error=str(error))
            return
        await self._note_pin(backup_id, pinned=False)

    async def _note_pin(self, backup_id: int, *, pinned: bool) -> None:
        async with self._sessions.begin() as session:
            await session.execute(update(Backup).where(Backup.id == backup_id).values(pinned=pinned))


async def _channels(session: AsyncSession, most: int) -> Sequence[int]:
    """Those of the backups; where none is bound for them, those of the archive."""
    bound = select(ChannelBinding.channel_id).where(ChannelBinding.purpose == Purpose.BACKUP).limit(1)
    own = await session.scalar(bound) is not None
    channels = await open_channels(session, Purpose.BACKUP if own else Purpose.ARCHIVE, most)
    return [channel.chat_id for channel in channels]
