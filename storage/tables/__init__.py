"""The index in PostgreSQL, as SQLAlchemy maps it.

Times are ``timestamptz`` in UTC, sizes bytes, digests the 32 raw bytes of a SHA-256. States are text with CHECK
constraints; their transitions live in `storage.domain`. A change here goes with a migration: `alembic check`
holds the two together.
"""

from storage.tables.base import Table
from storage.tables.channels import Bot, Channel, ChannelBinding, Lane, Node
from storage.tables.chats import Card, CardItem, InboxUpdate
from storage.tables.media import UNMEASURED, Attachment, Link, LinkDownload, Media, Request
from storage.tables.parts import FileRef, Intent, Part, StrayMessage
from storage.tables.people import ApiKey, Audit, Incident, Person, Usage
from storage.tables.uploads import IdempotencyKey, Invitation, ResumableUpload, Upload

__all__ = [
    "UNMEASURED",
    "ApiKey",
    "Attachment",
    "Audit",
    "Bot",
    "Card",
    "CardItem",
    "Channel",
    "ChannelBinding",
    "FileRef",
    "IdempotencyKey",
    "InboxUpdate",
    "Incident",
    "Intent",
    "Invitation",
    "Lane",
    "Link",
    "LinkDownload",
    "Media",
    "Node",
    "Part",
    "Person",
    "Request",
    "ResumableUpload",
    "StrayMessage",
    "Table",
    "Upload",
    "Usage",
]
