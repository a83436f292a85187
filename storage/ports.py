"""What the storage layer needs of Telegram: one small port, implemented by `storage.telegram`.

Every call may raise `FloodWait` (no effect; wait), `CallRefused` and its kinds (no effect, and none to expect),
or `OutcomeUnknown` (it may have worked). Budgets, time-outs and error translation are the implementation's.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from storage.domain import FileType

OpenStream = Callable[[], AsyncIterator[bytes]]
"""A factory, so that a retry reads again from the first byte."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shipment:
    """A part to be sent as a document: its bytes, what its message says, and a JPEG thumbnail for images."""

    open_stream: OpenStream
    size: int
    filename: str
    caption: str
    thumbnail: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """A message to be copied into a channel. ``file_id`` sends the file where the message has gone or is not known."""

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
    """What forwarding a message showed.

    ``forwarded`` says that the message is itself a forward, so never a part; ``from_here``, that what it
    repeats is in the same channel. ``forward_message_id`` is the id that this look's forward got: the channel's
    greatest at that moment.
    """

    caption: str | None
    file_id: str | None
    file_unique_id: str | None
    forwarded: bool
    from_here: bool
    forward_message_id: int


class PartStore(Protocol):
    """Parts in channels, through one bot."""

    @property
    def bot_id(self) -> int: ...

    async def send(self, chat_id: int, what: Shipment | Copy) -> Sent:
        """Put a part into the channel, without a sound. Never called twice for one intent."""
        ...

    async def look(self, chat_id: int, message_id: int) -> Seen:
        """Read a message by forwarding it within its channel and deleting the forward at once.

        Raises `MessageMissing` where there is none (or it cannot be forwarded).
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

    def fetch(self, file_id: str, offset: int, length: int) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Stream ``length`` bytes of a file from ``offset`` on. May be called again."""
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
