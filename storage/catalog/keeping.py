"""Files that Telegram has already, by their ids: finding a media by one, and keeping a file by one.

A ``file_id`` changes with the message and the bot, so an id that the index does not know is asked for its
``file_unique_id``, which does not.
"""

from dataclasses import dataclass, replace

from sqlalchemy import or_, select

from storage.access import visible_media
from storage.database import Sessions
from storage.details import Details
from storage.domain import GONE, Caller, FileType
from storage.errors import CallRefused, FileTooBig, InvalidFields, MediaNotFound
from storage.intake.adopting import Adopted, Adopting, TelegramFile
from storage.ports import FileTeller, KnownFile
from storage.tables import FileRef, Media, Part
from storage.views import MediaView, media_view
from storage.work_orders.gate import RequestGate, open_gate

_UNKNOWN_FILE = ("file_id", "is no file that this gateway's bot can use")


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """What the caller says of a file. Telegram tells nothing of files that are too large for a bot to fetch."""

    file_id: str
    file_type: FileType | None = None
    filename: str | None = None
    content_type: str | None = None
    file_size: int | None = None


class Keeping:
    """The use cases."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        adopting: Adopting,
        teller: FileTeller,
        bot_id: int,
        gate: RequestGate | None = None,
    ) -> None:
        self._sessions = sessions
        self._adopting = adopting
        self._teller = teller
        self._bot_id = bot_id
        self._gate = gate or open_gate(sessions)

    async def keep(self, caller: Caller, declared: Declared, details: Details) -> Adopted:
        """Keep a file that our bot can use. No bytes pass through us but those that are inspected.

        Raises `InvalidFields` for a file id of nobody's, or a large file whose kind is not declared; what
        `Adopting.adopt` and `RequestGate.admit` raise; and `Postponed` or `OutcomeUnknown` while Telegram does not
        answer.
        """
        if details.request_number is not None:
            (number,) = await self._gate.admit(caller, [details.request_number], override=details.override)
            details = replace(details, request_number=number)
        known = await self._tell(declared)
        return await self._adopting.adopt(
            caller,
            TelegramFile(
                bot_id=self._bot_id,
                chat_id=None,
                message_id=None,
                file_id=declared.file_id,
                file_unique_id=known.file_unique_id,
                file_type=known.file_type,
                file_name=declared.filename or known.name or None,
                mime_type=declared.content_type,
                file_size=known.file_size,
            ),
            details,
        )

    async def find(self, caller: Caller, file_id: str) -> MediaView:
        """The newest media with this ``file_id`` or ``file_unique_id``. Raises `MediaNotFound`."""
        found = await self._indexed(caller, file_id)
        if found is None:
            try:
                known = await self._teller.tell(file_id)
            except CallRefused as error:
                raise MediaNotFound from error
            found = await self._indexed(caller, known.file_unique_id)
        if found is None:
            raise MediaNotFound
        return found

    async def _tell(self, declared: Declared) -> KnownFile:
        try:
            return await self._teller.tell(declared.file_id)
        except FileTooBig as error:
            if declared.file_type is None:
                raise InvalidFields(("file_type", "is needed: the file is too large for Telegram to tell")) from error
            return KnownFile(file_unique_id="", file_size=declared.file_size, file_type=declared.file_type, name="")
        except CallRefused as error:
            raise InvalidFields(_UNKNOWN_FILE) from error

    async def _indexed(self, caller: Caller, identifier: str) -> MediaView | None:
        refs = (
            select(Part.media_id)
            .join(FileRef, FileRef.part_id == Part.id)
            .where(or_(FileRef.file_id == identifier, FileRef.file_unique_id == identifier))
        )
        known = or_(Media.telegram_unique_id == identifier, Media.id.in_(refs))
        query = select(Media).where(known, visible_media(caller), Media.status.not_in(GONE))
        async with self._sessions.begin() as session:
            media = await session.scalar(query.order_by(Media.id.desc()).limit(1))
            return None if media is None else await media_view(session, media)
