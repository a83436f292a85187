"""The client: one object per gateway and credentials."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mediagate_client import downloads
from mediagate_client.models import Link, Media, Page, Progress, Uploaded
from mediagate_client.sources import Given, OnProgress, source_of
from mediagate_client.transport import TRIES, Transport
from mediagate_client.uploads import Resumable, Stream

_API = "/api/v1"
_TYPE = "application/octet-stream"
"""Says nothing of the content: the gateway looks at the bytes."""


class Mediagate:
    """Use it as an async context manager. ``key`` is an API key; ``token`` gives a fresh JWT for each call.

    Methods raise `mediagate_client.errors.ApiError` for what the gateway refuses and `NotReached` where it is away.
    Calls that may be repeated without harm are, up to ``tries`` times.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        token: Callable[[], Awaitable[str]] | None = None,
        timeout: float = 60.0,
        tries: int = TRIES,
    ) -> None:
        self._transport = Transport(base_url, key=key, token=token, timeout=timeout, tries=tries)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._transport.close()

    async def upload(
        self,
        file: Given,
        *,
        filename: str | None = None,
        request_number: str | None = None,
        category: str | None = None,
        description: str | None = None,
        tags: Iterable[str] = (),
        uploaded_by: str | int | None = None,
        external_id: str | None = None,
        return_duplicate: bool = False,
        wait: int | None = None,
        path: str = f"{_API}/streaming/upload/stream",
        on_progress: OnProgress | None = None,
        **fields: str | None,
    ) -> Uploaded:
        """Send a file in one go, streamed. On return the gateway will not lose it, and its SHA-256 is ours.

        ``file`` is a path, bytes, an open binary file, or an async iterable of bytes (which cannot be sent twice, so
        that a lost connection is raised). ``wait`` is how many seconds the gateway may wait for Telegram before it
        answers; ``media.stored`` says whether it is there. ``fields`` are what ``path`` takes besides.
        """
        source = source_of(file)
        said = ",".join(tags) or None
        query: dict[str, str | None] = {
            "filename": filename or source.name,
            "request_number": request_number,
            "category": category,
            "description": description,
            "tags": said,
            "uploaded_by": None if uploaded_by is None else str(uploaded_by),
            "external_id": external_id,
            "on_duplicate": "return" if return_duplicate else None,
            **fields,
        }
        headers = {"Content-Type": _TYPE} if wait is None else {"Content-Type": _TYPE, "Prefer": f"wait={wait}"}
        stream = Stream(
            transport=self._transport, path=path, source=source, query=query, headers=headers, told=on_progress
        )
        return await stream.send()

    async def upload_resumable(
        self,
        file: str | os.PathLike[str] | bytes,
        *,
        filename: str | None = None,
        request_number: str | None = None,
        category: str | None = None,
        description: str | None = None,
        tags: Iterable[str] = (),
        resume: str | None = None,
        on_created: Callable[[str], None] | None = None,
        on_progress: OnProgress | None = None,
    ) -> Uploaded:
        """Send a large file so that a lost connection, or a restart of either side, costs nothing.

        ``on_created`` is given the upload's address: kept and passed as ``resume``, with the same file, it goes on in
        another process. Raises `Gone` where that upload has expired.
        """
        source = source_of(file)
        metadata = {
            "filename": filename or source.name,
            "request_number": request_number,
            "category": category,
            "description": description,
            "tags": ",".join(tags) or None,
        }
        upload = Resumable(
            transport=self._transport,
            source=source,
            metadata={name: value for name, value in metadata.items() if value is not None},
            told=on_progress,
        )
        return await upload.send(resume, on_created)

    async def progress(self, upload_id: str) -> Progress:
        return Progress.of(await self._transport.call("GET", f"{_API}/streaming/upload/progress/{upload_id}"))

    async def get(self, media_id: int) -> Media:
        return Media.of(await self._transport.call("GET", f"{_API}/media/{media_id}"))

    async def download(
        self, media_id: int, path: str | os.PathLike[str], *, on_progress: OnProgress | None = None
    ) -> Path:
        """Into a file, which appears once it is whole and its SHA-256 is right."""
        return await downloads.save(self._transport, await self.get(media_id), path, on_progress)

    def stream(self, media_id: int, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from ``start`` to ``stop`` (exclusive), in constant memory."""
        return downloads.stream(self._transport, media_id, start, stop)

    async def search(
        self,
        query: str | None = None,
        *,
        request_numbers: Iterable[str] = (),
        tags: Iterable[str] = (),
        file_types: Iterable[str] = (),
        categories: Iterable[str] = (),
        date_from: datetime | None = None,
        date_to: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page:
        """One page. `search_all` goes through all of them."""
        asked: dict[str, str | int | None] = {
            "query": query,
            "request_numbers": ",".join(request_numbers) or None,
            "tags": ",".join(tags) or None,
            "file_types": ",".join(file_types) or None,
            "categories": ",".join(categories) or None,
            "date_from": None if date_from is None else date_from.isoformat(),
            "date_to": None if date_to is None else date_to.isoformat(),
            "limit": limit,
            "cursor": cursor,
        }
        return Page.of(await self._transport.call("GET", f"{_API}/media/search", query=asked))

    async def search_all(self, query: str | None = None, **filters: Any) -> AsyncIterator[Media]:
        """Every media that `search` finds, newest first, page by page."""
        cursor: str | None = None
        while True:
            page = await self.search(query, cursor=cursor, **filters)
            for media in page.results:
                yield media
            cursor = page.next_cursor
            if cursor is None:
                return

    async def of_request(
        self, request_number: str, *, category: str | None = None, limit: int = 50, offset: int = 0
    ) -> list[Media]:
        """What is attached to a request, newest first."""
        query = {"category": category, "limit": limit, "offset": offset}
        found = await self._transport.call("GET", f"{_API}/media/request/{request_number}", query=query)
        return [Media.of(one) for one in found]

    async def attach(self, media_id: int, request_number: str) -> Media:
        """Attach a media to a request; again is no change."""
        return Media.of(await self._transport.call("PUT", f"{_API}/requests/{request_number}/media/{media_id}"))

    async def detach(self, media_id: int, request_number: str) -> None:
        await self._transport.call("DELETE", f"{_API}/requests/{request_number}/media/{media_id}")

    async def update(self, media_id: int, **changes: Any) -> Media:
        """Change filename, description, category, tags, external_id or expires_at."""
        return Media.of(await self._transport.call("PATCH", f"{_API}/media/{media_id}", json=changes))

    async def delete(self, media_id: int) -> None:
        """Delete a media; again is no change."""
        await self._transport.call("DELETE", f"{_API}/media/{media_id}")

    async def link(self, media_id: int, *, expires_in: int = 3600, max_downloads: int | None = None) -> Link:
        """A link for whoever has it, for ``expires_in`` seconds."""
        terms = {"expires_in": expires_in, "max_downloads": max_downloads}
        return Link.of(await self._transport.call("POST", f"{_API}/media/{media_id}/links", json=terms))
