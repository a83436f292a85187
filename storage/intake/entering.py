"""The rows that make a received file a media, in the transaction of its acknowledgement: as few statements as can be.

A short file has no rows before; a long one has an upload's row and those of the parts that ended while it arrived.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.catalog.refreshing import note_captions
from storage.details import Details
from storage.domain import UploadPhase
from storage.engine.channels import require_bound
from storage.engine.facts import facts_of
from storage.engine.losing import require_none_lost
from storage.engine.replacing import move_parts
from storage.intake.receiving import Received, SpooledPart
from storage.intake.upload_rows import Origin, first_of_own, media_row, part_row, upload_row
from storage.request_numbers import RequestNumber
from storage.search.indexing import vector_of
from storage.tables import Media, Part, Upload
from storage.wakeups import wake_shipper


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file that is whole, and what was said of it.

    ``parts`` have no rows yet, the last of them is the file's last; ``recorded``: the upload and its earlier parts do,
    with captions that say ``told_early``.
    """

    origin: Origin
    received: Received
    details: Details
    parts: Sequence[SpooledPart]
    told_early: Details
    recorded: bool

    @property
    def numbers(self) -> Sequence[RequestNumber]:
        """The requests it is about to be attached to."""
        return () if self.details.request_number is None else (self.details.request_number,)


async def enter(session: AsyncSession, entry: Entry) -> Media:
    """Insert the media, indexed, and have its parts shipped. Raises `ChannelNotBound` and `PartLost`."""
    if entry.recorded:
        await require_none_lost(session, entry.origin.key)
    media = media_row(entry.origin, entry.received, entry.details)
    await require_bound(session, media.purpose)
    # What `refresh` does for a media that exists, without its statements.
    media.search = vector_of(media, entry.numbers)
    media.caption_wanted = facts_of(media, entry.numbers).digest
    media.duplicate_of = await first_of_own(session, media.owner, entry.received.sha256)
    session.add(media)
    await session.flush()
    if entry.recorded:
        await _take_over(session, media, entry)
    else:
        session.add(_whole_upload(media, entry))
        await session.flush()
    rows = [
        part_row(entry.origin, part, media.category, media_id=media.id, last=part is entry.parts[-1])
        for part in entry.parts
    ]
    session.add_all(rows)
    record(session, media.owner, "taken_in", media_id=media.id, detail={"source": "http"})
    await session.flush()
    for row in rows:
        await wake_shipper(session, row)
    return media


def _whole_upload(media: Media, entry: Entry) -> Upload:
    received = entry.received
    row = upload_row(entry.origin, received.content_type, entry.told_early, received.size)
    row.phase, row.media_id, row.finished_at = UploadPhase.STORING, media.id, func.now()
    row.received_bytes = received.size
    return row


async def _take_over(session: AsyncSession, media: Media, entry: Entry) -> None:
    """The upload's row and the parts that were recorded before the end are now the media's."""
    size = entry.received.size
    settled = {"phase": UploadPhase.STORING, "media_id": media.id, "finished_at": func.now()}
    sizes = {"received_bytes": size, "total_bytes": size}
    await session.execute(update(Upload).where(Upload.media_key == media.key).values(**settled, **sizes))
    await session.execute(update(Part).where(Part.media_key == media.key).values(media_id=media.id))
    await move_parts(session, media.key, media.purpose)
    await note_captions(session, media.id, media.caption_wanted)
