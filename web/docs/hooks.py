"""Events of the company's other services."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from storage import errors
from web.openapi.doc import Doc
from web.schemas.common import Given


class HookHeaders(Given):
    """As [Standard Webhooks](https://www.standardwebhooks.com) writes them."""

    event_id: str = Field(alias="webhook-id", description="The same at every delivery of the event")
    sent_at: str = Field(alias="webhook-timestamp", description="Seconds since 1970; at most five minutes off")
    signature: str = Field(alias="webhook-signature", description="`v1,` and the base64 of an HMAC-SHA256")


class HookBody(BaseModel):
    """An event. ``timestamp`` is when it happened there, so that older ones are passed over."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(min_length=1, max_length=128, examples=["user.deleted"])
    timestamp: datetime | None = None
    data: dict[str, Any] = Field({}, examples=[{"user_id": "42"}])


class HookAnswer(BaseModel):
    """What became of it."""

    outcome: Literal["handled", "duplicate", "ignored"]


HOOK = Doc(
    summary="A signed event of another service",
    tags=("service",),
    description=(
        "For the company's other services, each with a secret of its own in the settings: `users` and `requests`. "
        "An event may come twice and late: it is known by its id, and passed over where something newer is known. "
        "Types that nothing follows from are taken and ignored."
    ),
    path={"service": str},
    headers=HookHeaders,
    body=HookBody,
    answers={200: HookAnswer},
    errors=(
        errors.HookNotFound,
        errors.InvalidSignature,
        errors.MalformedBody,
        errors.InvalidFields,
        errors.TooManyFailures,
    ),
    statuses=(413,),
)
