"""The page of a request, for whoever has its link."""

from typing import Annotated, Literal

from pydantic import Field

from storage import errors
from web.docs.files import FILE, FILE_HEAD
from web.docs.sharing import PREVIEW
from web.openapi.doc import Answer, Doc
from web.pages.serving import TYPES
from web.schemas.common import Given
from web.schemas.gallery import Gallery

_TAGS = ("links",)
_TOKEN = {"token": Annotated[str, Field(description="What the bot's `/request` gives to staff")]}
_LINK_ERRORS = (errors.LinkNotFound, errors.LinkExpired)


class _Headers(Given):
    """What a browser asks that has a copy."""

    if_none_match: str | None = Field(None, alias="If-None-Match")


_UNCHANGED = Answer(description="You have it already")

PAGE = Doc(
    summary="A page with everything of a request",
    tags=_TAGS,
    description="A link ends after seven days, and when whoever made it is staff no more: then the page says so.",
    path=_TOKEN,
    headers=_Headers,
    answers={200: Answer(content={TYPES[".html"]: str}), 304: _UNCHANGED},
)
PAGE_FILE = Doc(
    summary="What the page of a request consists of",
    tags=_TAGS,
    path={"folder": Literal["css", "js", "words"], "name": Annotated[str, Field(examples=["app.js"])]},
    headers=_Headers,
    answers={200: Answer(content=dict.fromkeys(TYPES.values(), str)), 304: _UNCHANGED},
    statuses=(404,),
)
CONTENT = Doc(
    summary="What the page of a request shows", tags=_TAGS, path=_TOKEN, answers={200: Gallery}, errors=_LINK_ERRORS
)
ZIP = Doc(
    summary="All files of a request in one ZIP",
    tags=_TAGS,
    description=(
        "Made while it is sent, in folders `before`, `during`, `after` and `other`, stored without compression. What "
        "cannot be read is named in `MISSING.txt`. A connection that ends early means that the ZIP is not whole."
    ),
    path=_TOKEN,
    answers={200: Answer(description="The ZIP", content={"application/zip": bytes})},
    errors=_LINK_ERRORS,
    curl="-OJ",
)
PREVIEW_OF = Doc(
    summary="A picture of a file of a request",
    tags=_TAGS,
    path=_TOKEN,
    query=PREVIEW.query,
    answers=PREVIEW.answers,
    errors=(*_LINK_ERRORS, *PREVIEW.errors),
    statuses=(412,),
)
FILE_OF = Doc(
    summary="A file of a request",
    tags=_TAGS,
    path=_TOKEN,
    query=FILE.query,
    headers=FILE.headers,
    answers=FILE.answers,
    errors=(*_LINK_ERRORS, *FILE.errors),
    statuses=(412,),
)
FILE_OF_HEAD = Doc(
    summary="The headers of a file of a request",
    tags=_TAGS,
    path=_TOKEN,
    query=FILE.query,
    headers=FILE.headers,
    answers=FILE_HEAD.answers,
    errors=FILE_OF.errors,
    statuses=(412,),
)
