"""``/users/{user_id}/avatar`` and the pictures by their digests."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from storage.domain import Scope
from storage.errors import AvatarNotFound, InvalidFields, MissingFile
from storage.users.avatars import LONGEST_USER_ID, MOST_BYTES, SIZES, avatar_json
from web.deps import CALLER, DEPS
from web.docs import avatars as docs
from web.guard import Endpoint
from web.multipart import Multipart, boundary_of
from web.openapi.reading import read_query
from web.ranges import Condition, evaluate
from web.rendering import API
from web.schemas.avatars import AvatarQuery
from web.upload.body import TimedBody
from web.upload.fields import FILE_NAMES

_OWN = "private, max-age=60"
_FOR_EVER = "public, max-age=31536000, immutable"
_FORM_OVERHEAD = 64 * 1024
_MOST_PARTS = 4
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def put_avatar(request: web.Request) -> web.Response:
    """The body is the image, or a form with one ``file``."""
    user_id = _user_id(request)
    view = await request.app[DEPS].use_cases.avatars.put(request[CALLER], user_id, _image(request))
    answer = {**avatar_json(view), "media_id": view.media_id}
    return web.json_response(answer, headers={"Cache-Control": "no-store"})


async def show_avatar(request: web.Request) -> web.Response:
    """``size``; the entity tag is known before the picture is read."""
    avatars, size = request.app[DEPS].use_cases.avatars, int(read_query(request, AvatarQuery).size)
    view = await avatars.find(_user_id(request))
    place = f"{API}/avatars/{view.digest}/{size}"
    headers = {"ETag": f'"{view.digest}-{size}"', "Cache-Control": _OWN, "Content-Location": place}
    if _is_known(request, headers["ETag"]):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return _picture(await avatars.picture(view.user_id, size), headers)


async def remove_avatar(request: web.Request) -> web.Response:
    await request.app[DEPS].use_cases.avatars.remove(request[CALLER], _user_id(request))
    return web.Response(status=204)


async def show_picture(request: web.Request) -> web.Response:
    """Whoever has a digest was shown it by somebody; the picture behind it never changes."""
    digest, side = request.match_info["digest"], request.match_info["size"]
    if side not in map(str, SIZES):
        raise AvatarNotFound
    picture = await request.app[DEPS].use_cases.avatars.picture_by_digest(digest, int(side))
    headers = {"ETag": f'"{digest}-{side}"', "Cache-Control": _FOR_EVER}
    if _is_known(request, headers["ETag"]):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return _picture(picture, headers)


async def _image(request: web.Request) -> AsyncIterator[bytes]:
    is_form = request.content_type == "multipart/form-data"
    most = MOST_BYTES + (_FORM_OVERHEAD if is_form else 0)
    if (request.content_length or 0) > most:
        raise web.HTTPRequestEntityTooLarge(most, request.content_length or 0)
    body = TimedBody(request, request.app[DEPS].times, most=most)
    if not is_form:
        while data := await body.read():
            yield data
        return
    form = Multipart(body.read, boundary_of(request.headers.get("Content-Type", "")), most_parts=_MOST_PARTS)
    head = await form.next_part()
    if head is None:
        raise MissingFile
    if head.name not in FILE_NAMES:
        raise InvalidFields((head.name[:100], "is not a field of this call: use file"))
    async for chunk in form.chunks():
        yield chunk
    if (more := await form.next_part()) is not None:
        raise InvalidFields((more.name[:100], "is more than the one file of this call"))


def _user_id(request: web.Request) -> str:
    """Raises `InvalidFields` for what is no id that could be a label."""
    user_id = request.match_info["user_id"]
    if not 0 < len(user_id) <= LONGEST_USER_ID or not user_id.isprintable():
        raise InvalidFields(("user_id", f"must be 1 to {LONGEST_USER_ID} printable characters"))
    return user_id


def _is_known(request: web.Request, etag: str) -> bool:
    """By the entity tag alone, which says all. Raises aiohttp's 412 where the picture has to be another one."""
    given = request.headers
    condition = evaluate(
        if_match=given.get("If-Match"), if_none_match=given.get("If-None-Match"), etag=etag, modified=_EPOCH
    )
    if condition is Condition.FAILED:
        raise web.HTTPPreconditionFailed
    return condition is Condition.NOT_MODIFIED


def _picture(picture: bytes, headers: dict[str, str]) -> web.Response:
    return web.Response(body=picture, content_type="image/jpeg", headers=headers)


_USER, _PICTURE = f"{API}/users/{{user_id}}/avatar", f"{API}/avatars/{{digest}}/{{size}}"
ENDPOINTS = (
    Endpoint("PUT", _USER, put_avatar, Scope.USERS_WRITE, docs.PUT),
    Endpoint("GET", _USER, show_avatar, Scope.USERS_WRITE, docs.SHOW),
    Endpoint("DELETE", _USER, remove_avatar, Scope.USERS_WRITE, docs.REMOVE),
    Endpoint("GET", _PICTURE, show_picture, None, docs.PICTURE),
    Endpoint("HEAD", _PICTURE, show_picture, None, docs.PICTURE),
)
