"""The index in PostgreSQL, as SQLAlchemy maps it.

Times are ``timestamptz`` in UTC, sizes bytes, digests the 32 raw bytes of a SHA-256. States are text with CHECK
constraints; their transitions live in `storage.domain`. A change here goes with a migration: `alembic check`
holds the two together.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    Enum,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, validates

from storage.domain import (
    MEDIA_TRANSITIONS,
    PART_TRANSITIONS,
    Category,
    FileType,
    InboxState,
    Inspection,
    MediaStatus,
    PartState,
    Purpose,
    Role,
    UploadPhase,
    checked_transition,
)


def _states(enum: type[StrEnum]) -> Enum:
    # Text with a CHECK instead of a native enum: adding a value stays one cheap, reversible migration.
    return Enum(
        enum,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=enum.__name__.lower(),
        values_callable=lambda e: [member.value for member in e],
    )


class Table(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        int: BigInteger,
        str: Text,
        bytes: LargeBinary,
        list[str]: ARRAY(Text),
        dict[str, Any]: JSONB,
        MediaStatus: _states(MediaStatus),
        PartState: _states(PartState),
        UploadPhase: _states(UploadPhase),
        Inspection: _states(Inspection),
        InboxState: _states(InboxState),
        Purpose: _states(Purpose),
        FileType: _states(FileType),
        Category: _states(Category),
        Role: _states(Role),
    }


_NOW = func.now()
_EMPTY_ARRAY = text("'{}'::text[]")


class Channel(Table):
    """A Telegram channel we archive into. ``head_message_id`` is the greatest message id known in it."""

    __tablename__ = "channels"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    chat_id: Mapped[int] = mapped_column(unique=True)
    title: Mapped[str]
    anchor_message_id: Mapped[int]
    head_message_id: Mapped[int]
    bound_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class ChannelBinding(Table):
    """Which channels serve a purpose, in the order they are used."""

    __tablename__ = "channel_bindings"

    purpose: Mapped[Purpose] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    position: Mapped[int] = mapped_column(server_default=text("0"))


class Bot(Table):
    """A bot of the pool, by Telegram id. ``update_offset`` is what `getUpdates` asks for next."""

    __tablename__ = "bots"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    username: Mapped[str]
    update_offset: Mapped[int | None]


class Lane(Table):
    """What a (bot, channel) pair has learnt about its flood budget; it survives restarts."""

    __tablename__ = "lanes"

    bot_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    blocked_until: Mapped[datetime | None]
    per_minute: Mapped[int | None]
    learnt_at: Mapped[datetime | None]


class Node(Table):
    """A process by the name of its DATA_DIR, and the id under which it takes jobs from the queue."""

    __tablename__ = "nodes"

    name: Mapped[str] = mapped_column(primary_key=True)
    queue_manager_id: Mapped[UUID]


class Upload(Table):
    """A transfer through the HTTP door, kept for an hour after its end so that progress can be asked for.

    The row appears with the first finished part, or with the acknowledgement: an upload that is refused
    leaves none. ``details`` is what captions of parts say before the media exists (`captions.Facts`).
    """

    __tablename__ = "uploads"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    media_key: Mapped[UUID] = mapped_column(unique=True)
    owner: Mapped[str]
    node: Mapped[str]
    phase: Mapped[UploadPhase]
    details: Mapped[dict[str, Any]]
    filename: Mapped[str | None]
    received_bytes: Mapped[int] = mapped_column(server_default=text("0"))
    total_bytes: Mapped[int | None]
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    error: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    finished_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "owner", "created_at"), Index(None, "phase"), Index(None, "media_id"))


UNMEASURED = text("not measured and split_part(content_type, '/', 1) in ('image', 'video', 'audio')")
"""The condition on `Media` for what may have a width, a height or a duration that nobody looked for."""


class Invitation(Table):
    """Leave for somebody without credentials to upload. Only its token's digest is kept; media belong to ``owner``.

    ``files_kept`` counts the media that came by it; what is still on its way is counted in `ResumableUpload`.
    """

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    owner: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    max_files: Mapped[int]
    max_size: Mapped[int]
    files_kept: Mapped[int] = mapped_column(server_default=text("0"))
    request_number: Mapped[str | None]
    category: Mapped[Category | None]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "owner", "id"), Index(None, "expires_at"))


class ResumableUpload(Table):
    """What a resumable upload needs to go on after a restart; its progress is that of the `Upload` of the same id.

    ``offset`` is what was told, and is durable. ``digest_state`` is that of the whole file's SHA-256 where the part
    being received begins. ``said`` is what the client told at the beginning, ``metadata_header`` how it wrote it.
    The row outlives the upload for a day, with ``outcome``: then whoever asks is told that it is over.
    """

    __tablename__ = "resumable_uploads"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    media_key: Mapped[UUID] = mapped_column(unique=True)
    owner: Mapped[str]
    node: Mapped[str]
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitations.id", ondelete="SET NULL"))
    kind: Mapped[str]
    length: Mapped[int | None]
    offset: Mapped[int] = mapped_column(server_default=text("0"))
    digest_state: Mapped[bytes | None]
    said: Mapped[dict[str, Any]]
    metadata_header: Mapped[str | None]
    concat_header: Mapped[str | None]
    final_id: Mapped[UUID | None]
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    outcome: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("kind in ('whole', 'partial', 'final')", name="kind"),
        CheckConstraint("outcome in ('kept', 'joined', 'terminated', 'expired', 'refused')", name="outcome"),
        CheckConstraint("(outcome is null) = (ended_at is null)", name="ended"),
        Index(None, "invitation_id"),
        Index(None, "media_id"),
        Index("ix_resumable_uploads_open", "node", "expires_at", postgresql_where=text("outcome is null")),
        Index("ix_resumable_uploads_ended", "ended_at", postgresql_where=text("outcome is not null")),
    )


class Media(Table):
    """One file somebody gave us. It exists from its acknowledgement on.

    ``measured``: width, height and duration were looked for in the bytes, whether or not there are any.
    ``thumbnail_file_id`` is Telegram's own small picture of what came through a chat, for the bot that was told of it.
    """

    __tablename__ = "media"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    key: Mapped[UUID] = mapped_column(unique=True)
    owner: Mapped[str]
    uploaded_by: Mapped[str | None]
    source: Mapped[str]
    filename: Mapped[str]
    file_size: Mapped[int | None]
    content_type: Mapped[str]
    file_type: Mapped[FileType]
    category: Mapped[Category]
    purpose: Mapped[Purpose]
    description: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(server_default=_EMPTY_ARRAY)
    external_id: Mapped[str | None]
    sha256: Mapped[bytes | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration: Mapped[float | None]
    measured: Mapped[bool] = mapped_column(server_default=text("false"))
    thumbnail_file_id: Mapped[str | None]
    thumbnail_size: Mapped[int | None]
    status: Mapped[MediaStatus]
    status_before: Mapped[str | None]
    inspection: Mapped[Inspection]
    verified: Mapped[bool]
    awaits_request: Mapped[bool] = mapped_column(server_default=text("false"))
    unverified_request: Mapped[bool] = mapped_column(server_default=text("false"))
    duplicate_of: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    telegram_unique_id: Mapped[str | None]
    source_chat_id: Mapped[int | None]
    source_message_id: Mapped[int | None]
    uploaded_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    archived_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    delete_after: Mapped[datetime | None]
    search: Mapped[Any | None] = mapped_column(TSVECTOR, deferred=True)
    """Made by `storage.search.indexing`; null until then, and after a change of what it is made of."""

    caption_wanted: Mapped[bytes | None]
    """The digest of what captions should say (`captions.Facts.digest`); `Part.caption_sent` of what one says."""

    captions_due: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        CheckConstraint("source in ('http', 'telegram')", name="source"),
        UniqueConstraint("source_chat_id", "source_message_id"),
        Index(None, "owner", "id"),
        Index(None, "sha256"),
        Index(None, "telegram_unique_id"),
        Index("ix_media_deleting", "delete_after", postgresql_where=text("status = 'deleting'")),
        Index("ix_media_uninspected", "id", postgresql_where=text("inspection = 'pending'")),
        Index("ix_media_unmeasured", "id", postgresql_where=UNMEASURED),
        Index(None, "search", postgresql_using="gin"),
        Index(None, "tags", postgresql_using="gin"),
        Index(None, "uploaded_at", "id"),
        Index(None, "external_id"),
        Index("ix_media_unindexed", "id", postgresql_where=text("search is null")),
        Index("ix_media_archiving", "id", postgresql_where=text("status = 'archiving'")),
        Index("ix_media_captions_due", "id", postgresql_where=text("captions_due")),
        Index("ix_media_expiring", "expires_at", postgresql_where=text("expires_at is not null")),
    )

    @validates("filename", "description", "tags", "external_id", "category", "content_type")
    def _index_again(self, _name: str, value: object) -> object:
        self.search = None  # whoever changes a word need not remember the index: the sweep finds it missing
        return value

    @validates("status")
    def _check_status(self, _name: str, status: MediaStatus) -> MediaStatus:
        before: MediaStatus | None = self.__dict__.get("status")
        return checked_transition(MEDIA_TRANSITIONS, before, status)


class Part(Table):
    """A run of a media's bytes that sits, or will sit, in one channel message.

    ``origin`` says where its bytes are until it is stored: ``spool`` of ``node``, or ``telegram``: still in the
    message ``source_message_id`` of chat ``source_chat_id``, to be copied from there.
    ``media_id`` is null until the upload is acknowledged.
    """

    __tablename__ = "parts"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    media_key: Mapped[UUID]
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    upload_id: Mapped[UUID | None] = mapped_column(ForeignKey("uploads.id", ondelete="SET NULL"))
    index: Mapped[int]
    offset: Mapped[int]
    size: Mapped[int | None]
    sha256: Mapped[bytes | None]
    last: Mapped[bool] = mapped_column(server_default=text("false"))
    state: Mapped[PartState]
    origin: Mapped[str]
    node: Mapped[str]
    source_chat_id: Mapped[int | None]
    source_message_id: Mapped[int | None]
    source_file_id: Mapped[str | None]
    source_file_unique_id: Mapped[str | None]
    purpose: Mapped[Purpose]
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    chat_id: Mapped[int | None]
    message_id: Mapped[int | None]
    caption_sent: Mapped[bytes | None]
    stored_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)

    __table_args__ = (
        CheckConstraint("origin in ('spool', 'telegram')", name="origin"),
        CheckConstraint("(state in ('stored', 'damaged')) = (message_id is not null)", name="stored_has_message"),
        UniqueConstraint("media_key", "index"),
        UniqueConstraint("chat_id", "message_id"),
        Index(None, "media_id"),
        Index(None, "upload_id"),
        Index("ix_parts_unstored", "node", "id", postgresql_where=text("state in ('spooled', 'shipping')")),
    )

    @validates("state")
    def _check_state(self, _name: str, state: PartState) -> PartState:
        before: PartState | None = self.__dict__.get("state")
        return checked_transition(PART_TRANSITIONS, before, state)


class FileRef(Table):
    """The ``file_id`` under which one bot can fetch one part."""

    __tablename__ = "file_refs"

    part_id: Mapped[int] = mapped_column(ForeignKey("parts.id", ondelete="CASCADE"), primary_key=True)
    bot_id: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[str]
    file_unique_id: Mapped[str]

    __table_args__ = (Index(None, "file_unique_id"), Index(None, "file_id"))


class Intent(Table):
    """A send that was begun and whose outcome is not settled, or one that is watched for a late copy.

    It outlives its part on purpose: a message that lands after its part is gone is found and removed by it.
    ``after_message_id`` is the greatest message id that was known in the channel before the send;
    ``settle_at`` when the earlier call can no longer run; ``watch_until`` is set once a search found nothing.
    """

    __tablename__ = "intents"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    media_key: Mapped[UUID]
    part_index: Mapped[int]
    attempt: Mapped[int]
    bot_id: Mapped[int]
    chat_id: Mapped[int]
    after_message_id: Mapped[int]
    node: Mapped[str]
    running: Mapped[bool] = mapped_column(server_default=text("true"))
    settle_at: Mapped[datetime]
    watch_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)

    __table_args__ = (Index(None, "chat_id"), Index(None, "media_key", "part_index"))


class StrayMessage(Table):
    """A channel message of ours that no part owns any more: to be deleted (or replaced) by the sweep."""

    __tablename__ = "stray_messages"

    chat_id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class Request(Table):
    """A work order of the company, known by its number."""

    __tablename__ = "requests"

    number: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class Attachment(Table):
    """The link between a request and a media."""

    __tablename__ = "attachments"

    request_number: Mapped[str] = mapped_column(ForeignKey("requests.number"), primary_key=True)
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id"), primary_key=True)
    attached_by: Mapped[str]
    category: Mapped[Category]
    note: Mapped[str | None]
    attached_at: Mapped[datetime] = mapped_column(server_default=_NOW)

    __table_args__ = (Index(None, "media_id"),)


class Link(Table):
    """A signed link to a media's bytes. Its token carries ``id`` and ``nonce``, and nothing else.

    Rows go some time after their end; a token that is signed and has no row is one of those.
    """

    __tablename__ = "links"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id"))
    nonce: Mapped[bytes]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    expires_at: Mapped[datetime]
    max_downloads: Mapped[int | None]
    downloads: Mapped[int] = mapped_column(server_default=text("0"))
    attachment: Mapped[bool] = mapped_column(server_default=text("false"))
    strip_gps: Mapped[bool] = mapped_column(server_default=text("false"))
    revoked_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "media_id"), Index(None, "expires_at"))


class LinkDownload(Table):
    """A download that was counted: the same client may go on with it until ``until``, up to a number of bytes.

    ``client`` is a keyed hash of address and program; ``sent`` the bytes it got, or is getting.
    """

    __tablename__ = "link_downloads"

    link_id: Mapped[int] = mapped_column(ForeignKey("links.id", ondelete="CASCADE"), primary_key=True)
    client: Mapped[bytes] = mapped_column(primary_key=True)
    until: Mapped[datetime]
    sent: Mapped[int] = mapped_column(server_default=text("0"))


class Person(Table):
    """Somebody the bot met. ``admitted`` is null until `ACCESS` let them in."""

    __tablename__ = "people"

    telegram_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role: Mapped[Role] = mapped_column(server_default=text("'user'"))
    first_name: Mapped[str]
    username: Mapped[str | None]
    language: Mapped[str | None]
    admitted_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    last_seen_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class InboxUpdate(Table):
    """An update as Telegram gave it, kept before it is confirmed. ``chat_key`` orders the handling."""

    __tablename__ = "inbox"

    bot_id: Mapped[int] = mapped_column(primary_key=True)
    update_id: Mapped[int] = mapped_column(primary_key=True)
    chat_key: Mapped[int]
    payload: Mapped[dict[str, Any]]
    state: Mapped[InboxState]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    incident: Mapped[UUID | None]
    handling_node: Mapped[str | None]
    received_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    done_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_inbox_open",
            "chat_key",
            "update_id",
            postgresql_where=text("state in ('pending', 'handling')"),
        ),
        Index("ix_inbox_done", "done_at", postgresql_where=text("state in ('done', 'failed')")),
    )


class Card(Table):
    """The bot's one answer to a file or an album, edited in place while its media move on.

    ``wanted`` rises with each change of its media; the card is up to date when ``sent`` has caught up. ``shown`` is a
    digest of what the chat sees: a change that nobody would see costs no edit.
    """

    __tablename__ = "cards"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    chat_id: Mapped[int]
    person_id: Mapped[int]
    language: Mapped[str]
    reply_to_message_id: Mapped[int]
    media_group_id: Mapped[str | None]
    message_id: Mapped[int | None]
    wanted: Mapped[int] = mapped_column(server_default=text("1"))
    sent: Mapped[int] = mapped_column(server_default=text("0"))
    shown: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    changed_at: Mapped[datetime] = mapped_column(server_default=_NOW)

    __table_args__ = (
        UniqueConstraint("chat_id", "media_group_id"),
        UniqueConstraint("chat_id", "reply_to_message_id"),
        Index(None, "chat_id", "message_id"),
        Index("ix_cards_behind", "id", postgresql_where=text("sent < wanted")),
    )


class CardItem(Table):
    """A media (or the reason why there is none) on a card."""

    __tablename__ = "card_items"

    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id", ondelete="CASCADE"), primary_key=True)
    message_id: Mapped[int] = mapped_column(primary_key=True)
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    error: Mapped[dict[str, Any] | None]

    __table_args__ = (Index(None, "media_id"),)


class ApiKey(Table):
    """A service's key. Only its keyed hash is stored.

    Several keys may have one name: a service changes its key without a gap by having two for a while.
    ``rate_per_minute`` null: the setting's. The quotas are bytes and files, null: no limit.
    """

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    key_hash: Mapped[bytes] = mapped_column(unique=True)
    prefix: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    rate_per_minute: Mapped[int | None]
    quota_day_bytes: Mapped[int | None]
    quota_day_files: Mapped[int | None]
    quota_total_bytes: Mapped[int | None]
    quota_total_files: Mapped[int | None]


class Usage(Table):
    """What an owner with a quota has given us: on ``day`` (UTC), and in all of what is not deleted.

    There is a row only for who has, or had, a quota; the first charge counts what was there before.
    """

    __tablename__ = "usage"

    owner: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date]
    day_bytes: Mapped[int]
    day_files: Mapped[int]
    total_bytes: Mapped[int]
    total_files: Mapped[int]


class IdempotencyKey(Table):
    """The first result under a caller's idempotency key; ``status`` is null while it runs."""

    __tablename__ = "idempotency_keys"

    owner: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    node: Mapped[str]
    status: Mapped[int | None]
    body: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class Audit(Table):
    """Who did what to which media."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=_NOW)
    actor: Mapped[str]
    action: Mapped[str]
    media_id: Mapped[int | None]
    request_number: Mapped[str | None]
    detail: Mapped[dict[str, Any] | None]
    request_id: Mapped[str | None]
    address: Mapped[str | None]

    __table_args__ = (
        Index(None, "media_id"),
        Index(None, "request_number"),
        Index(None, "actor", "id"),
        Index(None, "at"),
    )


class Incident(Table):
    """What nobody expected, under the id that somebody was shown. ``trace`` holds no secret and is cut."""

    __tablename__ = "incidents"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    door: Mapped[str]
    request_id: Mapped[str | None]
    route: Mapped[str | None]
    caller: Mapped[str | None]
    error: Mapped[str]
    trace: Mapped[str]
