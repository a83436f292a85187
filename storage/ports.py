"""What the storage layer needs of Telegram: small ports, implemented by `storage.telegram` over a pool of bots.

Every call may raise `FloodWait` (no effect; wait), `CallRefused` and its kinds (no effect, and none to expect),
or `OutcomeUnknown` (it may have worked). Budgets, time-outs and error translation are the implementation's.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from storage.domain import FileType

OpenStream = Callable[[], AsyncIterator[bytes | bytearray]]
"""A factory, so that a retry reads again from the first byte."""


class Urgency(IntEnum):
    """Who goes first: where a person waits, where a service waits, where nobody does. None of them starves."""

    PERSON = 0
    UPLOAD = 1
    BULK = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneKey:
    """A bot and a channel it may send a message to."""

    bot_id: int
    chat_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """One message, to whichever of ``chat_ids`` is free first. ``bot_ids`` None: any bot; ``size``: of its upload.

    ``prefer`` is a channel to take where it is free now.
    """

    chat_ids: Sequence[int]
    urgency: Urgency
    bot_ids: Sequence[int] | None = None
    size: int = 0
    prefer: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Shipment:
    """A part to be sent as a document: its bytes, what its message says, and a JPEG thumbnail for images.

    ``path`` is a file of this machine that has these bytes and no others, if there is one.
    """

    open_stream: OpenStream
    size: int
    filename: str
    caption: str
    thumbnail: bytes | None = None
    path: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """A message to be copied into a channel. ``file_id`` sends the file where the message has gone or is not known.

    Both are for the bot that sees them.
    """

    from_chat_id: int | None
    message_id: int | None
    caption: str
    file_id: str | None
    file_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A message that is in the channel. The file ids are null after a copy, which tells only the message id."""

    message_id: int
    file_id: str | None = None
    file_unique_id: str | None = None
    file_size: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What forwarding a message showed to ``bot_id``, whose the ``file_id`` is.

    ``forwarded`` says that the message is itself a forward, so never a part; ``from_here``, that what it
    repeats is in the same channel. ``forward_message_id`` is the id that this look's forward got: the channel's
    greatest at that moment.
    ``file_size`` is that of the file in bytes, None where there is no file.
    """

    bot_id: int
    caption: str | None
    file_id: str | None
    file_unique_id: str | None
    forwarded: bool
    from_here: bool
    forward_message_id: int
    file_size: int | None = None


class PartSender(Protocol):
    """Puts parts into channels. The lane is chosen first, so that an intent can name it."""

    async def reserve(self, wish: Wish) -> LaneKey:
        """Take a place in the budget of the lane that is free first. One message may then be sent there.

        Raises `FloodWait` where none is free soon, `NoLane` where no bot can work in any of the channels.
        """
        ...

    async def reserve_now(self, wish: Wish) -> LaneKey | None:
        """`reserve` for who does not wait: None where no lane is free this moment."""
        ...

    async def send(self, lane: LaneKey, what: Shipment | Copy) -> Sent:
        """Put a part into the lane's channel, without a sound. Never called twice for one intent."""
        ...

    def unused(self, lane: LaneKey) -> None:
        """Nothing is sent in the place that was reserved. It may count for a minute all the same."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Members:
    """Which bots of the pool are in a channel, and which of them may post there."""

    readers: Sequence[int]
    posters: Sequence[int]


class ChannelMembers(Protocol):
    """Who can be sent where, asked beforehand: a refused copy does not say which of its two channels was refused."""

    async def members(self, chat_id: int) -> Members:
        """May be a little old. Raises `Postponed` and `OutcomeUnknown` where Telegram does not say."""
        ...

    def forget(self, chat_id: int) -> None:
        """It looks as though that had changed: ask again."""
        ...


class PartStore(Protocol):
    """Parts in channels, through whichever bot of the pool can."""

    @property
    def bot_ids(self) -> Sequence[int]:
        """The bots; the first is the one people talk to."""
        ...

    async def look(
        self, chat_id: int, message_id: int, *, bot_id: int | None = None, urgency: Urgency = Urgency.UPLOAD
    ) -> Seen:
        """Read a message by forwarding it within its channel and deleting the forward at once.

        ``bot_id`` None: by any bot. Raises `MessageMissing` where there is none (or it cannot be forwarded).
        """
        ...

    async def delete(self, chat_id: int, message_ids: Sequence[int]) -> None:
        """Delete up to 100 messages; ids that are not there are passed over.

        Raises `CallRefused` for all when one may not be deleted any more.
        """
        ...

    async def replace(self, chat_id: int, message_id: int) -> None:
        """Put the placeholder in the place of the message's media and caption."""
        ...

    async def caption(self, chat_id: int, message_id: int, text: str) -> None:
        """Have the message say ``text``; that it says so already is fine. May be called again.

        Raises `MessageMissing` where there is none.
        """
        ...

    def fetch(
        self, file_id: str, offset: int, length: int, *, bot_id: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Stream ``length`` bytes of a file of ``bot_id`` (None: the first) from ``offset`` on. May be called again.

        Raises `BotUnavailable` where the bot is not in the pool (any more).
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownFile:
    """What Telegram tells of a file by its id. ``name`` is the last of its path: made up, but for the extension."""

    file_unique_id: str
    file_size: int | None
    file_type: FileType
    name: str


class FileTeller(Protocol):
    """What our bot can say of files it was not given here."""

    async def tell(self, file_id: str) -> KnownFile:
        """Raises `CallRefused` for an id that is none of our bot's, `FileTooBig` for what it could not fetch."""
        ...


class Messenger(Protocol):
    """Sends what is in a channel to people."""

    async def copy(self, chat_id: int, from_chat_id: int, message_id: int, text: str) -> int:
        """Copy a message into ``chat_id`` with ``text`` as its caption; the id it has there. Not to be called again.

        Raises `ChannelUnavailable` where the bot cannot write there, and the other `ArchiveError`s.
        """
        ...
