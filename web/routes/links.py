"""Signed links: making, listing and ending them, and serving what they lead to."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from storage.delivery.links import URL_LIFE, Links, LinkView, Terms
from storage.errors import LinkNotFound
from storage.previews.studio import SYSTEM
from web.auth.limiting import address_of
from web.content import Content, Stream, serve_content
from web.deps import CALLER, DEPS
from web.openapi.reading import read_body
from web.parameters import media_id
from web.rendering import timestamp
from web.schemas.common import LARGEST_ID
from web.schemas.links import LinkTerms

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


async def show_url(request: web.Request) -> web.Response:
    """``GET /media/{id}/url``: a link for an hour, without other terms."""
    links = request.app[DEPS].use_cases.links
    link = await links.create(request[CALLER], media_id(request), Terms(expires_in=URL_LIFE))
    answer = {"media_file_id": link.media_id, "file_url": _url(request, link), "expires_at": timestamp(link.expires_at)}
    return web.json_response(answer | _local_only(request), headers={"Cache-Control": "no-store"})


async def create_link(request: web.Request) -> web.Response:
    """``POST /media/{id}/links``: 201."""
    media = media_id(request)
    given = await read_body(request, LinkTerms)
    terms = Terms(
        expires_in=timedelta(seconds=given.expires_in),
        max_downloads=given.max_downloads,
        attachment=given.download,
        strip_gps=given.strip_gps,
    )
    link = await request.app[DEPS].use_cases.links.create(request[CALLER], media, terms)
    return web.json_response(_link_json(request, link), status=201, headers={"Cache-Control": "no-store"})


async def list_links(request: web.Request) -> web.Response:
    """``GET /media/{id}/links``: those that were not revoked, newest first."""
    links = await request.app[DEPS].use_cases.links.of_media(request[CALLER], media_id(request))
    return web.json_response([_link_json(request, link) for link in links], headers={"Cache-Control": "no-store"})


async def revoke_link(request: web.Request) -> web.Response:
    """``DELETE /links/{link_id}``: 204, again 204."""
    text = request.match_info["link_id"]
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:20]) <= LARGEST_ID):
        raise LinkNotFound
    await request.app[DEPS].use_cases.links.revoke(request[CALLER], int(text))
    return web.Response(status=204)


async def serve_link(request: web.Request) -> web.StreamResponse:
    """``GET, HEAD /d/{token}``: like ``/file``, for anybody.

    Raises `LinkNotFound`, `LinkExpired`, `LinkUsedUp`, `MediaDeleted`, `NotCleanable`, `SourceUnavailable`.
    """
    use_cases = request.app[DEPS].use_cases
    link = await use_cases.links.find(request.match_info["token"])
    client = _client(request)
    deliverable = await use_cases.delivery.open(SYSTEM, link.media_id)
    await use_cases.links.require_left(link, client)
    size, etag = deliverable.size, deliverable.etag
    stream: Stream = partial(use_cases.delivery.stream, deliverable)
    if link.strip_gps:
        copy = await use_cases.cleaning.copy_of(deliverable)
        size, etag, stream = copy.size, copy.etag, copy.stream
    ranged = "Range" in request.headers
    content = Content(
        filename=deliverable.view.filename,
        content_type=deliverable.view.content_type,
        modified=deliverable.view.uploaded_at,
        size=size,
        etag=etag,
        stream=_counted(use_cases.links, link, client, size, stream, ranged=ranged),
        attachment=link.attachment,
        headers=_HEADERS,
    )
    return await serve_content(request, content)


def _client(request: web.Request) -> str:
    """Who goes on with a download they began: the same program at the same address."""
    return f"{address_of(request)} {request.headers.get('User-Agent', '')}"


def _counted(links: Links, link: LinkView, client: str, size: int, stream: Stream, *, ranged: bool) -> Stream:
    """``stream``, admitted by the link once its source is reached; what does not go out is given back."""
    continuing = ranged

    @asynccontextmanager
    async def counted(start: int, stop: int) -> AsyncIterator[AsyncIterator[bytes]]:
        nonlocal continuing
        async with stream(start, stop) as chunks:
            await links.admit(link, client, wanted=stop - start, size=size, ranged=continuing)
            continuing = True  # further spans of one request are the same download
            sent = 0

            def count(length: int) -> None:
                nonlocal sent
                sent += length

            try:
                yield _counting(chunks, count)
            finally:
                if sent < stop - start:
                    await links.give_back(link, client, stop - start - sent)

    return counted


async def _counting(chunks: AsyncIterator[bytes], count: Callable[[int], None]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        yield chunk
        count(len(chunk))


def _url(request: web.Request, link: LinkView) -> str:
    return f"{request.app[DEPS].public_url}/d/{link.token}"


def _local_only(request: web.Request) -> dict[str, Any]:
    """Links say so where they lead nowhere but on this machine."""
    return {"local_only": urlsplit(request.app[DEPS].public_url).hostname in _LOCAL}


def _link_json(request: web.Request, link: LinkView) -> dict[str, Any]:
    return {
        "id": link.id,
        "url": _url(request, link),
        "media_file_id": link.media_id,
        "expires_at": timestamp(link.expires_at),
        "max_downloads": link.max_downloads,
        "downloads": link.downloads,
        "download": link.attachment,
        "strip_gps": link.strip_gps,
        "created_by": link.created_by,
        "created_at": timestamp(link.created_at),
        **_local_only(request),
    }
