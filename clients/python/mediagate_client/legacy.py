"""The names that the predecessor's client had, over this one: moving over is a change of import.

Answers are the API's JSON as dictionaries. Files may be given as paths, bytes or open binary files.
"""

import os
from collections.abc import Iterable
from typing import Any, BinaryIO, Self

from mediagate_client.client import Mediagate
from mediagate_client.errors import NotFound

File = str | os.PathLike[str] | bytes | BinaryIO
_API = "/api/v1"


class MediaServiceClient:
    """Use it as an async context manager, or `close` it."""

    def __init__(self, base_url: str, api_key: str | None = None, timeout: float = 60.0) -> None:
        self._client = Mediagate(base_url, key=api_key, timeout=timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.close()

    async def upload_request_media(
        self,
        request_number: str,
        file: File,
        *,
        filename: str | None = None,
        category: str | None = None,
        description: str | None = None,
        tags: Iterable[str] = (),
        uploaded_by: int | None = None,
    ) -> dict[str, Any]:
        """Upload a file of a request; the media object."""
        kept = await self._client.upload(
            file,
            path=f"{_API}/media/upload",
            filename=filename,
            request_number=request_number,
            category=category,
            description=description,
            tags=tags,
            uploaded_by=uploaded_by,
        )
        return dict(kept.media.raw)

    async def upload_report_media(
        self,
        request_number: str,
        file: File,
        *,
        report_type: str = "completion_photo",
        filename: str | None = None,
        description: str | None = None,
        tags: Iterable[str] = (),
        uploaded_by: int | None = None,
    ) -> dict[str, Any]:
        """Upload a file that reports on a request; the media object."""
        kept = await self._client.upload(
            file,
            path=f"{_API}/media/upload-report",
            filename=filename,
            request_number=request_number,
            description=description,
            tags=tags,
            uploaded_by=uploaded_by,
            report_type=report_type,
        )
        return dict(kept.media.raw)

    async def get_request_media(
        self, request_number: str, category: str | None = None, limit: int = 50
    ) -> list[dict[str, Any]]:
        """The media of a request, newest first."""
        found = await self._client.of_request(request_number, category=category, limit=limit)
        return [dict(media.raw) for media in found]

    async def get_media_url(self, media_id: int) -> str:
        """A link to the bytes that anybody may follow for an hour."""
        return (await self._client.link(media_id)).url

    async def search_media(self, query: str | None = None, **filters: Any) -> list[dict[str, Any]]:
        """The first page of what `Mediagate.search` finds."""
        return [dict(media.raw) for media in (await self._client.search(query, **filters)).results]

    async def delete_media(self, media_id: int) -> bool:
        """Whether there was something to delete."""
        try:
            await self._client.delete(media_id)
        except NotFound:
            return False
        return True
