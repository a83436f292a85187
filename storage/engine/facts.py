"""What captions say about a media that exists."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import FileType
from storage.engine.captions import Facts, Manifest
from storage.tables import Attachment, Media, Part
from storage.tables.many import among

_SHIPPED_AS_DOCUMENTS = frozenset({FileType.VOICE, FileType.VIDEO_NOTE, FileType.STICKER})


def kind_in_channel(media: Media | None) -> FileType:
    """What kind of message a part is: documents, but for what was copied from a chat as it was."""
    copied = media is not None and media.source == "telegram" and media.file_type not in _SHIPPED_AS_DOCUMENTS
    return media.file_type if media is not None and copied else FileType.DOCUMENT


async def media_facts(session: AsyncSession, media: Media) -> Facts:
    return (await facts_of_several(session, [media]))[media.id]


async def facts_of_several(session: AsyncSession, media: Sequence[Media]) -> dict[int, Facts]:
    """`media_facts` of each by its id, with one statement."""
    numbers: dict[int, list[str]] = {one.id: [] for one in media}
    links = select(Attachment.media_id, Attachment.request_number).where(among(Attachment.media_id, numbers))
    for media_id, number in await session.execute(links.order_by(Attachment.request_number)):
        numbers[media_id].append(number)
    return {one.id: facts_of(one, numbers[one.id]) for one in media}


def facts_of(media: Media, numbers: Sequence[str]) -> Facts:
    """For a media that is attached to the requests ``numbers``, in their order."""
    return Facts(
        filename=media.filename,
        content_type=media.content_type,
        file_type=media.file_type,
        category=media.category,
        request_numbers=tuple(numbers),
        tags=tuple(media.tags),
        description=media.description,
        who=media.owner,
        when=media.uploaded_at.isoformat(),
    )


def part_manifest(part: Part, media: Media | None) -> Manifest:
    """The line for programs; the last part of a media that exists carries the totals."""
    totals = part.last and media is not None
    return Manifest(
        media_key=part.media_key,
        index=part.index,
        offset=part.offset,
        size=part.size,
        sha256=part.sha256,
        count=part.index + 1 if totals else None,
        total=media.file_size if totals and media is not None else None,
        whole=media.sha256 if totals and media is not None else None,
    )
