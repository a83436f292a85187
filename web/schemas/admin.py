"""Keys, the audit, channels and incidents, as JSON."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from storage.callers.keys import KeyTerms
from storage.domain import Purpose, Quota, Scope
from web.schemas.common import LARGEST_ID, Given, Instant, MediaIdNumber, RequestNumberText, Shown

_LONGEST_LIFE = 10 * 365 * 86400
_Count = Annotated[int, Field(ge=0, le=LARGEST_ID)]
_Text = Annotated[str, Field(min_length=1, max_length=256)]

KeyId = Annotated[int, Field(ge=1, le=LARGEST_ID, description="The key")]
IncidentId = Annotated[UUID, Field(description="The id that somebody was shown")]


class QuotaGiven(Given):
    """What may be taken in: on a day (UTC), and at all. Left out: no limit."""

    day_bytes: _Count | None = None
    day_files: _Count | None = None
    total_bytes: _Count | None = None
    total_files: _Count | None = None


class NewKey(Given):
    """A key to be made. A name may have several: make the new one, change the service over, revoke the old one."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$", examples=["crm"])]
    scopes: Annotated[list[Scope], Field(min_length=1, examples=[["media:read", "media:write"]])]
    expires_at: Instant | None = None
    expires_in: Annotated[int, Field(ge=1, le=_LONGEST_LIFE, description="Seconds")] | None = None
    rate_per_minute: _Count | None = Field(None, description="Requests; 0: no limit; left out: the server's setting")
    quota: QuotaGiven = QuotaGiven()

    @model_validator(mode="after")
    def _ends_in_one_way(self) -> Self:
        if self.expires_at is not None and self.expires_in is not None:
            raise PydanticCustomError("expiry", "give expires_at or expires_in, not both")
        if self.expires_at is not None and self.expires_at <= datetime.now(UTC):
            raise PydanticCustomError("expiry", "expires_at is over already")
        return self

    def terms(self) -> KeyTerms:
        expires_at = self.expires_at
        if self.expires_in is not None:
            expires_at = datetime.now(UTC) + timedelta(seconds=self.expires_in)
        return KeyTerms(
            name=self.name,
            scopes=frozenset(self.scopes),
            expires_at=expires_at,
            rate_per_minute=self.rate_per_minute,
            quota=Quota(**self.quota.model_dump()),
        )


class QuotaShown(Shown):
    """Null: no limit."""

    day_bytes: int | None
    day_files: int | None
    total_bytes: int | None
    total_files: int | None


class Key(Shown):
    """A key without its secret."""

    id: int
    name: str
    prefix: str = Field(description="How the secret begins", examples=["mg_Zk3b9x"])
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To about a minute")
    rate_per_minute: int | None
    quota: QuotaShown


class CreatedKey(Key):
    """The only answer that holds the secret."""

    secret: str


class KeyList(Shown):
    results: list[Key]


class AuditQuery(Given):
    """What is looked for; newest first."""

    actor: _Text | None = Field(None, examples=["service:crm"])
    action: _Text | None = Field(None, examples=["deleted"])
    media_id: MediaIdNumber | None = None
    request_number: RequestNumberText | None = None
    request_id: _Text | None = None
    since: Instant | None = None
    until: Instant | None = Field(None, description="That moment is not included")
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = Field(None, description="`next_cursor` as it came")


class AuditEntry(Shown):
    id: int
    at: datetime
    actor: str
    action: str
    media_id: int | None
    request_number: str | None
    detail: dict[str, Any] | None
    request_id: str | None
    address: str | None


class AuditPage(Shown):
    results: list[AuditEntry]
    next_cursor: str | None


class Lane(Shown):
    """How one bot does with a channel."""

    bot_id: int
    per_minute: int | None = Field(description="The rate learnt from Telegram; null: none")
    blocked_until: datetime | None
    retry_after: float | None = Field(description="Seconds left of a flood wait")
    learnt_at: datetime | None


class Channel(Shown):
    channel_id: int
    title: str
    purposes: list[Purpose]
    bound_at: datetime
    parts: int
    sent_last_minute: int
    lanes: list[Lane]


class ChannelList(Shown):
    results: list[Channel]


class Incident(Shown):
    """What was logged. The trace holds no secret, and its middle is left out where it is long."""

    id: UUID
    at: datetime
    door: str = Field(examples=["http"])
    request_id: str | None
    route: str | None
    caller: str | None
    error: str
    trace: str
