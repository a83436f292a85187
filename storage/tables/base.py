"""What all tables share: how Python types map to columns, and how constraints are named."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Enum,
    LargeBinary,
    MetaData,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

from storage.domain import (
    Category,
    CopyRole,
    CopyState,
    DeliveryState,
    EventType,
    FileType,
    InboxState,
    Inspection,
    MediaStatus,
    PartState,
    Purpose,
    Role,
    UploadPhase,
    WaitingState,
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
        list[int]: ARRAY(BigInteger),
        dict[str, Any]: JSONB,
        MediaStatus: _states(MediaStatus),
        PartState: _states(PartState),
        CopyRole: _states(CopyRole),
        CopyState: _states(CopyState),
        UploadPhase: _states(UploadPhase),
        Inspection: _states(Inspection),
        InboxState: _states(InboxState),
        WaitingState: _states(WaitingState),
        EventType: _states(EventType),
        DeliveryState: _states(DeliveryState),
        Purpose: _states(Purpose),
        FileType: _states(FileType),
        Category: _states(Category),
        Role: _states(Role),
    }


NOW = func.now()
EMPTY_ARRAY = text("'{}'::text[]")
