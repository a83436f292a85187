"""Health, the webhook of the bot, and the document itself."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from storage import errors
from web.openapi.doc import JSON, Answer, Doc
from web.schemas.common import Given
from web.schemas.service import Alive, HealthSummary, Readiness

_TAGS = ("service",)


class TelegramHeaders(Given):
    """What Telegram adds."""

    secret: str | None = Field(None, alias="X-Telegram-Bot-Api-Secret-Token", description="As set with the webhook")


class StoredHeaders(Given):
    """What a browser asks that has a copy."""

    if_none_match: str | None = Field(None, alias="If-None-Match")


class Update(BaseModel):
    """An `Update` of the Bot API, as it is."""

    model_config = ConfigDict(extra="allow")

    update_id: int = 0


HEALTH = Doc(summary="One word, and what is missing", tags=_TAGS, answers={200: HealthSummary})
LIVE = Doc(summary="Whether the process lives", tags=_TAGS, answers={200: Alive})
READY = Doc(
    summary="Whether the work can be done",
    tags=_TAGS,
    description="Database, migrations, room in the spool, the bot's token and its rights in every channel.",
    answers={
        200: Readiness,
        503: Answer(description="Something is missing", content={JSON: Readiness}),
    },
)
TELEGRAM = Doc(
    summary="Updates that Telegram brings",
    tags=_TAGS,
    description="For Telegram alone, where `MEDIAGATE_WEBHOOK` is set; 404 elsewhere.",
    headers=TelegramHeaders,
    body=Update,
    answers={200: Answer(description="Kept")},
    errors=(errors.Unauthenticated,),
    statuses=(404,),
)
_UNCHANGED = Answer(description="You have it already")
DOCUMENT = Doc(
    summary="This document",
    tags=_TAGS,
    headers=StoredHeaders,
    answers={200: dict[str, Any], 304: _UNCHANGED},
)
PAGE = Doc(
    summary="This document to read",
    tags=_TAGS,
    headers=StoredHeaders,
    answers={
        200: Answer(description="A page that loads nothing from elsewhere", content={"text/html": str}),
        304: _UNCHANGED,
    },
)
PAGE_FILE = Doc(
    summary="What the page consists of",
    tags=_TAGS,
    path={"name": Literal["docs.css", "docs.js", "dom.js", "curl.js", "schema.js"]},
    headers=StoredHeaders,
    answers={
        200: Answer(content=dict.fromkeys(("text/css", "text/javascript"), str)),
        304: _UNCHANGED,
    },
    statuses=(404,),
)
