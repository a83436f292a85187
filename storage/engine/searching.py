"""Looking through the messages of a channel that nothing owns, by forwarding each and deleting the forward."""

from dataclasses import dataclass

from sqlalchemy import select

from storage.database import Sessions
from storage.engine.captions import Manifest, parse_manifest
from storage.errors import MessageMissing
from storage.ports import PartStore, Seen
from storage.recovery.manifests import PieceManifest, parse_piece
from storage.tables import BackupPiece, Channel, Part, PartCopy, StrayMessage


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A message that nothing owns: one with a manifest, or a forward that an interrupted search left (no manifest).

    ``piece``: it is, or was, of a backup.
    """

    message_id: int
    manifest: Manifest | None
    seen: Seen
    piece: PieceManifest | None = None

    @property
    def leftover(self) -> bool:
        return self.seen.forwarded and self.seen.from_here


class ChannelSearch:
    """Searches channels; remembers which ids turned out to be nobody's, so that each is looked at once."""

    def __init__(self, *, sessions: Sessions, store: PartStore) -> None:
        self._sessions = sessions
        self._store = store
        self._settled: dict[int, set[int]] = {}

    async def unowned(self, chat_id: int, after: int) -> tuple[list[Found], int]:
        """What in (``after``, head] is ours and nothing owns, and the head. Raises `ArchiveError`s."""
        async with self._sessions.begin() as session:
            anchor = await session.scalar(select(Channel.anchor_message_id).where(Channel.chat_id == chat_id))
        assert anchor is not None
        head = (await self._store.look(chat_id, anchor)).forward_message_id
        settled = self._settled.setdefault(chat_id, set())
        settled.add(head)
        known = await self._owned(chat_id, after) | settled
        candidates = [message_id for message_id in range(after + 1, head) if message_id not in known]
        looked = [await self._look(chat_id, message_id, settled) for message_id in candidates]
        return [message for message in looked if message is not None], head

    async def _look(self, chat_id: int, message_id: int, settled: set[int]) -> Found | None:
        try:
            seen = await self._store.look(chat_id, message_id)
        except MessageMissing:
            settled.add(message_id)
            return None
        settled.add(seen.forward_message_id)
        manifest, piece = parse_manifest(seen.caption), parse_piece(seen.caption)
        message = Found(message_id=message_id, manifest=manifest, seen=seen, piece=piece)
        if message.leftover or ((manifest or piece) is not None and not seen.forwarded):
            return message
        settled.add(message_id)
        return None

    async def _owned(self, chat_id: int, after: int) -> set[int]:
        async with self._sessions.begin() as session:
            parts = select(Part.message_id).where(Part.chat_id == chat_id, Part.message_id > after)
            copies = select(PartCopy.message_id).where(PartCopy.chat_id == chat_id, PartCopy.message_id > after)
            moving = select(Part.source_message_id).where(
                Part.source_chat_id == chat_id, Part.source_message_id > after, Part.message_id.is_(None)
            )
            strays = select(StrayMessage.message_id).where(
                StrayMessage.chat_id == chat_id, StrayMessage.message_id > after
            )
            pieces = select(BackupPiece.message_id).where(
                BackupPiece.chat_id == chat_id, BackupPiece.message_id > after
            )
            owned = await session.scalars(parts.union_all(copies, moving, strays, pieces))
            return {message_id for message_id in owned if message_id}
