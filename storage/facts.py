"""What captions say about a media that exists."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.captions import Facts
from storage.tables import Attachment, Media


async def media_facts(session: AsyncSession, media: Media) -> Facts:
    numbers = await session.scalars(
        select(Attachment.request_number).where(Attachment.media_id == media.id).order_by(Attachment.request_number)
    )
    return Facts(
        filename=media.filename,
        content_type=media.content_type,
        file_type=media.file_type,
        category=media.category,
        request_numbers=tuple(numbers.all()),
        tags=tuple(media.tags),
        description=media.description,
        who=media.owner,
        when=media.uploaded_at.isoformat(),
    )
