"""Avatars."""

from typing import Annotated

from pydantic import Field

from storage import errors
from storage.users.avatars import LONGEST_USER_ID
from web.docs.uploads import STREAM
from web.openapi.doc import Answer, Doc, Header
from web.schemas.avatars import AvatarForm, AvatarQuery, AvatarShown, Side

_TAGS = ("users",)
_USER = {"user_id": Annotated[str, Field(max_length=LONGEST_USER_ID, description="Of the User Service")]}
_PLACE = {"digest": Annotated[str, Field(pattern="^[0-9a-f]{64}$")], "size": Side}
_KEPT = {"ETag": Header(description="Strong"), "Cache-Control": Header(description="How long it may be kept")}
_PICTURE = Answer(description="The picture", content={"image/jpeg": bytes}, headers=_KEPT)
_UNCHANGED = Answer(description="Not modified", headers=_KEPT)

PUT = Doc(
    summary="Set a user's avatar",
    tags=_TAGS,
    description=(
        "An image of at most 20 MiB. It is turned upright, cropped square around its middle, freed of its metadata and "
        "kept in sizes of 64, 128, 256 and 512 pixels; the largest is archived. Services and admins set everybody's "
        "avatar, people their own. The User Service is told, and others by the event `avatar.updated`."
    ),
    path=_USER,
    multipart=AvatarForm,
    raw=True,
    raw_type="image/jpeg",
    answers={200: AvatarShown},
    errors=(
        *STREAM.errors,
        errors.MissingFile,
        errors.TooManyFiles,
        errors.EmptyFile,
        errors.AvatarNotFound,
        errors.InvalidFields,
    ),
    curl="-T me.jpg",
)
SHOW = Doc(
    summary="A user's avatar",
    tags=_TAGS,
    path=_USER,
    query=AvatarQuery,
    answers={200: _PICTURE, 304: _UNCHANGED},
    errors=(errors.AvatarNotFound, errors.InvalidFields),
    statuses=(412,),
    curl="-o avatar.jpg",
)
REMOVE = Doc(
    summary="Remove a user's avatar",
    tags=_TAGS,
    description="Its media is deleted; the User Service is told. Again is no change.",
    path=_USER,
    answers={204: Answer(description="There is none")},
    errors=(errors.InvalidFields,),
)
PICTURE = Doc(
    summary="An avatar by its digest",
    tags=_TAGS,
    description="For pages: without credentials, and to be kept for ever. 404 once it is nobody's avatar any more.",
    path=_PLACE,
    answers={200: _PICTURE, 304: _UNCHANGED},
    errors=(errors.AvatarNotFound,),
    statuses=(412,),
)
