"""Uploads: in one go, or resumable by tus 1.0.0."""

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import ClientResponse

from mediagate_client.errors import ApiError, Gone, NotFound, NotReached, Spoilt, Unavailable
from mediagate_client.models import Media, Uploaded
from mediagate_client.sources import OnProgress, Source, Watched
from mediagate_client.transport import Transport, read_json

_TUS = {"Tus-Resumable": "1.0.0"}
_LOCKED = 423
_OK = 200
UPLOADS = "/api/v1/uploads"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """One upload of a raw body. Its idempotency key makes a repeated try the same upload."""

    transport: Transport
    path: str
    source: Source
    query: Mapping[str, str | None]
    headers: Mapping[str, str]
    told: OnProgress | None

    async def send(self) -> Uploaded:
        """Raises `Spoilt` where the gateway's digest is not ours."""
        headers = {"Idempotency-Key": str(uuid4()), **self.headers}
        if self.source.size is not None:
            headers["Content-Length"] = str(self.source.size)

        async def once() -> Uploaded:
            body = Watched(self.source, 0, self.told)
            with body.opened() as chunks:
                async with self.transport.open(
                    "POST", self.path, query=self.query, body=chunks, headers=headers
                ) as response:
                    answer = await read_json(response)
                    return self._kept(answer, response, body.sha256)

        return await (self.transport.again(once) if self.source.again else once())

    @staticmethod
    def _kept(answer: Mapping[str, Any], response: ClientResponse, sha256: str) -> Uploaded:
        media = Media.of(answer.get("media") or answer["media_file"])
        if media.sha256 is not None and media.sha256 != sha256:
            raise Spoilt(f"media {media.id} has another SHA-256 than what was sent")
        upload_id = response.headers.get("X-Upload-ID")
        return Uploaded(media=media, upload_id=upload_id, existing=response.status == _OK)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resumable:
    """One tus upload, that goes on where it stopped: after a lost connection, or in another process by its ``url``."""

    transport: Transport
    source: Source
    metadata: Mapping[str, str]
    told: OnProgress | None

    async def send(self, path: str | None, created: Callable[[str], None] | None) -> Uploaded:
        """``path`` is one that ``created`` was given before. Raises `Gone` or `NotFound` where it has ended."""
        if path is None:
            path = await self.transport.again(self._create)
            if created is not None:
                created(path)
        media_id, offset, stuck = await self._look(path), -1, 0
        while media_id is None:
            now = await self._offset(path)
            stuck = 0 if now > offset else stuck + 1
            if stuck > _PATIENCE:
                raise NotReached(f"the upload does not get past byte {now}")
            if stuck:
                await asyncio.sleep(min(0.25 * 2**stuck, 10))
            offset = now
            media_id = await self._go_on(path, offset)
        media = Media.of(await self.transport.call("GET", f"/api/v1/media/{media_id}"))
        return Uploaded(media=media, upload_id=path.rpartition("/")[2], existing=False)

    async def _create(self) -> str:
        assert self.source.size is not None
        said = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in self.metadata.items())
        headers = {**_TUS, "Upload-Length": str(self.source.size), "Upload-Metadata": said}
        async with self.transport.open("POST", UPLOADS, headers=headers) as response:
            return f"{UPLOADS}/{response.headers['Location'].rstrip('/').rpartition('/')[2]}"

    async def _go_on(self, path: str, offset: int) -> int | None:
        """Send the rest; the media's id once it is all there. What a try loses, the next look finds out."""
        headers = {**_TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        assert self.source.size is not None
        headers["Content-Length"] = str(self.source.size - offset)
        body = Watched(self.source, offset, self.told)
        try:
            with body.opened() as chunks:
                async with self.transport.open("PATCH", path, body=chunks, headers=headers) as response:
                    found = response.headers.get(_MEDIA_ID)
                    return None if found is None else int(found)
        except (Gone, NotFound):
            raise
        except (NotReached, Unavailable):
            return await self._look(path)
        except ApiError as error:
            if error.status not in (_LOCKED, _CONFLICT):
                raise
            return await self._look(path)

    async def _look(self, path: str) -> int | None:
        found = (await self._head(path)).get(_MEDIA_ID)
        return None if found is None else int(found)

    async def _offset(self, path: str) -> int:
        return int((await self._head(path))["Upload-Offset"])

    async def _head(self, path: str) -> Mapping[str, str]:
        async def once() -> Mapping[str, str]:
            async with self.transport.open("HEAD", path, headers=_TUS) as response:
                return response.headers

        return await self.transport.again(once)


_MEDIA_ID = "Mediagate-Media-ID"
_CONFLICT = 409
_PATIENCE = 10
"""Tries in a row that may bring no further byte."""
