"""The index in PostgreSQL, as SQLAlchemy maps it.

Times are ``timestamptz`` in UTC, sizes bytes, digests the 32 raw bytes of a SHA-256. States are text with CHECK
constraints; their transitions live in `storage.domain`. A change here goes with a migration: `alembic check`
holds the two together.
"""

from storage.tables.admins import (
    Alert,
    AlertMessage,
    ChannelCheck,
    InviteLink,
    InviteUse,
    KeyDraft,
    Presence,
    Recovery,
)
from storage.tables.backups import Backup, BackupPiece, ChannelReading, FoundMessage
from storage.tables.base import Table
from storage.tables.channels import Bot, BotBudget, Channel, ChannelBinding, EngineEvent, Lane, Node
from storage.tables.chats import Card, CardItem, Conversation, InboxUpdate
from storage.tables.checks import Mirror, MirrorFile, MirrorMiss, MirrorNode, PartCheck, VerifyRun
from storage.tables.copies import PartCopy
from storage.tables.events import Event, EventDelivery, Webhook
from storage.tables.groups import Group, Membership, StaffAnswer, StaffCard
from storage.tables.legacy import LegacyFile
from storage.tables.media import UNMEASURED, Attachment, AttachmentChange, Link, LinkDownload, Media, Request
from storage.tables.parts import FileRef, Intent, Part, StrayMessage
from storage.tables.people import ApiKey, Audit, Incident, Person, Usage
from storage.tables.tenants import AskedSearch, SpokenWords, Tiding
from storage.tables.uploads import IdempotencyKey, Invitation, ResumableUpload, Upload
from storage.tables.users import AccountLink, Avatar, AvatarImage, HookEvent, LinkCode, UserProfile
from storage.tables.work_orders import AskedOverride, WorkOrder, WrongNumber

__all__ = [
    "UNMEASURED",
    "AccountLink",
    "Alert",
    "AlertMessage",
    "ApiKey",
    "AskedOverride",
    "AskedSearch",
    "Attachment",
    "AttachmentChange",
    "Audit",
    "Avatar",
    "AvatarImage",
    "Backup",
    "BackupPiece",
    "Bot",
    "BotBudget",
    "Card",
    "CardItem",
    "Channel",
    "ChannelBinding",
    "ChannelCheck",
    "ChannelReading",
    "Conversation",
    "EngineEvent",
    "Event",
    "EventDelivery",
    "FileRef",
    "FoundMessage",
    "Group",
    "HookEvent",
    "IdempotencyKey",
    "InboxUpdate",
    "Incident",
    "Intent",
    "Invitation",
    "InviteLink",
    "InviteUse",
    "KeyDraft",
    "Lane",
    "LegacyFile",
    "Link",
    "LinkCode",
    "LinkDownload",
    "Media",
    "Membership",
    "Mirror",
    "MirrorFile",
    "MirrorMiss",
    "MirrorNode",
    "Node",
    "Part",
    "PartCheck",
    "PartCopy",
    "Person",
    "Presence",
    "Recovery",
    "Request",
    "ResumableUpload",
    "SpokenWords",
    "StaffAnswer",
    "StaffCard",
    "StrayMessage",
    "Table",
    "Tiding",
    "Upload",
    "Usage",
    "UserProfile",
    "VerifyRun",
    "Webhook",
    "WorkOrder",
    "WrongNumber",
]
