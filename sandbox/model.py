"""What there is in the sandbox: bots, people, chats, messages, files. Plain values that the journal keeps."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple

Json = dict[str, Any]

PRIVATE: Final = "private"
GROUP: Final = "group"
SUPERGROUP: Final = "supergroup"
CHANNEL: Final = "channel"
GROUPS: Final = (GROUP, SUPERGROUP)
PRESENT: Final = ("creator", "administrator", "member", "restricted")
ANONYMOUS_ADMIN: Final = 1_087_968_824  # TELEGRAM.md, Updates
CHANNEL_BOT: Final = 136_817_688  # who writes where a person writes as a channel


class RoomKey(NamedTuple):
    """A history: `bot_id` tells the private chats of one person apart, and is 0 elsewhere."""

    chat_id: int
    bot_id: int

    def text(self) -> str:
        return f"{self.chat_id}:{self.bot_id}"


@dataclass(slots=True, kw_only=True)
class Bot:
    """`menu_buttons` by chat id ("" is the default); `texts` (names, descriptions) by `name|language`."""

    id: int
    token: str
    username: str
    first_name: str
    can_read_all_group_messages: bool = False
    next_update: int = 0
    webhook: Json | None = None
    allowed_updates: list[str] | None = None
    commands: Json = field(default_factory=dict)
    supports_inline_queries: bool = True
    menu_buttons: dict[str, Json] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    default_rights: dict[str, Json] = field(default_factory=dict)
    logged_out: bool = False

    def as_json(self) -> Json:
        return asdict(self)


@dataclass(slots=True, kw_only=True)
class Person:
    """`photos`: profile photos, the latest first. `hidden_forwards`: forwards of theirs carry only their name."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    phone: str | None = None
    blocked_bots: list[int] = field(default_factory=list)
    deactivated: bool = False
    hidden_forwards: bool = False
    photos: list[str] = field(default_factory=list)

    def as_json(self) -> Json:
        return asdict(self)


@dataclass(slots=True, kw_only=True)
class Member:
    """`reads_all`: the bot's privacy setting as it was when it joined (TELEGRAM.md, Updates)."""

    status: str
    rights: dict[str, bool] = field(default_factory=dict)
    reads_all: bool = False
    custom_title: str | None = None


@dataclass(slots=True, kw_only=True)
class Chat:
    """A group, supergroup or channel; private chats need no record.

    `topics` of a forum by thread id, `invites` by link, `join_requests` by person: what methods say of them.
    """

    id: int
    type: str
    title: str
    username: str | None = None
    protected: bool = False
    creator: int | None = None
    members: dict[int, Member] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    migrate_to: int | None = None
    description: str | None = None
    is_forum: bool = False
    topics: dict[str, Json] = field(default_factory=dict)
    invites: dict[str, Json] = field(default_factory=dict)
    join_requests: dict[str, str] = field(default_factory=dict)
    permissions: dict[str, bool] = field(default_factory=dict)

    def status(self, user_id: int) -> str:
        member = self.members.get(user_id)
        return member.status if member else "left"

    def has(self, user_id: int) -> bool:
        return self.status(user_id) in PRESENT

    def may(self, user_id: int, right: str) -> bool:
        """Whether an administrator has `right`; a creator has every right."""
        member = self.members.get(user_id)
        if member is None or member.status not in ("creator", "administrator"):
            return False
        return member.status == "creator" or member.rights.get(right, False)

    def as_json(self) -> Json:
        return asdict(self)

    @staticmethod
    def from_json(value: Json) -> "Chat":
        members = {int(key): Member(**member) for key, member in value.pop("members").items()}
        return Chat(members=members, **value)


@dataclass(slots=True, kw_only=True)
class StoredFile:
    """A file Telegram has. `virtual` (`{"seed", "fill"}`) has no bytes on disk; `attrs` are Bot API fields.

    A photo is one file per size: `sizes` (smallest first, itself last) on the largest, `parent` on the others.
    """

    uid: str
    number: int
    kind: str
    size: int
    attrs: Json = field(default_factory=dict)
    virtual: Json | None = None
    thumb: str | None = None
    sizes: list[str] = field(default_factory=list)
    parent: str | None = None

    def as_json(self) -> Json:
        return asdict(self)


@dataclass(slots=True, kw_only=True)
class Message:
    """One message as its chat holds it.

    `body` has `text`/`entities`, or `media` (`{"kind", "file"}`) with `caption`/`caption_entities`, or
    `service`; and `reply_markup`. `author` is a person, a bot, or 0 where the chat itself speaks. `thread` is the
    topic of a forum, `external` what a reply into another chat points at, `sender_chat` the channel a person writes as.
    """

    room: RoomKey
    id: int
    date: int
    author: int
    body: Json
    edit_date: int | None = None
    reply_to: int | None = None
    album: str | None = None
    forward: Json | None = None
    protected: bool = False
    anonymous: bool = False
    reactions: list[Json] = field(default_factory=list)
    thread: int | None = None
    quote: Json | None = None
    external: Json | None = None
    via_bot: int | None = None
    sender_chat: int | None = None

    def key(self) -> str:
        return f"{self.room.chat_id}:{self.room.bot_id}:{self.id}"

    def as_json(self) -> Json:
        return {name: getattr(self, name) for name in self.__slots__}

    @staticmethod
    def from_json(value: Json) -> "Message":
        value["room"] = RoomKey(*value["room"])
        return Message(**value)


@dataclass(slots=True)
class Room:
    """A history in memory; `last_id` never goes back, so ids of deleted messages are not used again."""

    key: RoomKey
    last_id: int = 0
    messages: dict[int, Message] = field(default_factory=dict)

    def newest_first(self) -> Iterator[Message]:
        """Messages are kept in the order of their ids, so that the end of a long history is at hand."""
        return reversed(self.messages.values())


@dataclass(frozen=True, slots=True)
class OpenWebApp:
    """A Mini App that may still answer through `answerWebAppQuery`."""

    bot_id: int
    person_id: int
    room: RoomKey


@dataclass(slots=True, kw_only=True)
class Update:
    id: int
    bot_id: int
    kind: str
    chat_id: int
    payload: Json
    expires: float

    def as_json(self) -> Json:
        return {name: getattr(self, name) for name in self.__slots__}

    def body(self) -> Json:
        return {"update_id": self.id, self.kind: self.payload}
