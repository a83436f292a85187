"""Everything the sandbox knows, in memory, and its way to and from the journal."""

import random
from collections.abc import Iterator
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.journal import Journal, Record
from sandbox.model import CHANNEL, GROUPS, Bot, Chat, Json, Message, Person, Room, RoomKey, StoredFile, Update

_DEAD_LINES_WORTH_A_REWRITE = 1000


class State:
    """The hot state. `save_*` notes a record for the journal; the caller of the API flushes it."""

    def __init__(self, journal: Journal, clock: SandboxClock) -> None:
        self.journal = journal
        self.clock = clock
        self.bots: dict[int, Bot] = {}
        self.tokens: dict[str, Bot] = {}
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.rooms: dict[RoomKey, Room] = {}
        self.files: dict[str, StoredFile] = {}
        self.numbers: dict[int, StoredFile] = {}
        self.updates: dict[int, dict[int, Update]] = {}
        self.grants: dict[str, Json] = {}
        self.last_file = 0
        self.message_count = 0

    # -- looking up

    def chat_named(self, username: str) -> Chat | None:
        wanted = username.lower()
        return next((chat for chat in self.chats.values() if (chat.username or "").lower() == wanted), None)

    def room(self, key: RoomKey) -> Room:
        room = self.rooms.get(key)
        if room is None:
            room = self.rooms[key] = Room(key)
        return room

    def room_for(self, chat_id: int, bot_id: int) -> Room:
        """The history that `bot_id` sees under `chat_id`."""
        return self.room(RoomKey(chat_id, bot_id if chat_id > 0 else 0))

    def bots_in(self, chat: Chat) -> list[Bot]:
        return [bot for bot in self.bots.values() if chat.has(bot.id)]

    def counts_as_group(self, chat_id: int) -> bool:
        chat = self.chats.get(chat_id)
        return chat is not None and (chat.type == CHANNEL or chat.type in GROUPS)

    # -- keeping

    def save_bot(self, bot: Bot) -> None:
        if not bot.next_update:
            bot.next_update = random.SystemRandom().randrange(1 << 20, 1 << 29)  # TELEGRAM.md, Updates: random
        self.bots[bot.id] = self.tokens[bot.token] = bot
        self.updates.setdefault(bot.id, {})
        self.journal.put("bot", str(bot.id), bot.as_json())

    def save_person(self, person: Person) -> None:
        self.people[person.id] = person
        self.journal.put("person", str(person.id), person.as_json())

    def save_chat(self, chat: Chat) -> None:
        self.chats[chat.id] = chat
        self.journal.put("chat", str(chat.id), chat.as_json())

    def save_file(self, file: StoredFile) -> None:
        self._index_file(file)
        self.journal.put("file", file.uid, file.as_json())

    def save_message(self, message: Message) -> None:
        room = self.room(message.room)
        self.message_count += message.id not in room.messages
        room.messages[message.id] = message
        room.last_id = max(room.last_id, message.id)
        self.journal.put("message", message.key(), message.as_json())

    def drop_message(self, message: Message) -> None:
        if self.room(message.room).messages.pop(message.id, None):
            self.message_count -= 1
            self.journal.put("message", message.key(), None)

    def save_update(self, update: Update) -> None:
        self.updates[update.bot_id][update.id] = update
        self.journal.put("update", f"{update.bot_id}:{update.id}", update.as_json())

    def drop_update(self, update: Update) -> None:
        if self.updates[update.bot_id].pop(update.id, None):
            self.journal.put("update", f"{update.bot_id}:{update.id}", None)

    def save_grant(self, key: str, grant: Json) -> None:
        self.grants[key] = grant
        self.journal.put("grant", key, grant)

    def save_clock(self) -> None:
        self.journal.put("clock", "offset", self.clock.offset)

    # -- loading

    def load(self) -> None:
        """Read the journal, rewrite it when much of it is dead, and open it. Call once."""
        lines = 0
        for kind, key, value in self.journal.read():
            lines += 1
            self._replay(kind, key, value)
        self.message_count = sum(len(room.messages) for room in self.rooms.values())
        live = list(self._records())
        if lines > _DEAD_LINES_WORTH_A_REWRITE + 2 * len(live):
            self.journal.rewrite(live)
        self.journal.open()

    def _replay(self, kind: str, key: str, value: Any) -> None:
        match kind:
            case "bot":
                bot = Bot(**value)
                previous = self.bots.get(bot.id)
                bot.next_update = max(bot.next_update, previous.next_update if previous else 0)
                self.bots[bot.id] = self.tokens[bot.token] = bot
                self.updates.setdefault(bot.id, {})
            case "person":
                self.people[int(key)] = Person(**value)
            case "chat":
                self.chats[int(key)] = Chat.from_json(value)
            case "file":
                self._index_file(StoredFile(**value))
            case "message":
                self._replay_message(key, value)
            case "update":
                self._replay_update(key, value)
            case "grant":
                self.grants[key] = value
            case "room":
                self._room_of_text(key).last_id = value
            case _:
                self.clock.offset = value

    def _index_file(self, file: StoredFile) -> None:
        self.files[file.uid] = self.numbers[file.number] = file
        self.last_file = max(self.last_file, file.number)

    def _room_of_text(self, text: str) -> Room:
        chat_id, bot_id = text.split(":")
        return self.room(RoomKey(int(chat_id), int(bot_id)))

    def _replay_message(self, key: str, value: Json | None) -> None:
        room_text, _, id_text = key.rpartition(":")
        room = self._room_of_text(room_text)
        room.last_id = max(room.last_id, int(id_text))
        if value is None:
            room.messages.pop(int(id_text), None)
        else:
            room.messages[int(id_text)] = Message.from_json(value)

    def _replay_update(self, key: str, value: Json | None) -> None:
        bot_id, update_id = (int(part) for part in key.split(":"))
        bot = self.bots[bot_id]
        bot.next_update = max(bot.next_update, update_id + 1)
        if value is None:
            self.updates[bot_id].pop(update_id, None)
        else:
            self.updates[bot_id][update_id] = Update(**value)

    def _records(self) -> Iterator[Record]:
        """The whole state as journal lines."""
        yield "clock", "offset", self.clock.offset
        yield from (("bot", str(bot.id), bot.as_json()) for bot in self.bots.values())
        yield from (("person", str(person.id), person.as_json()) for person in self.people.values())
        yield from (("chat", str(chat.id), chat.as_json()) for chat in self.chats.values())
        yield from (("file", file.uid, file.as_json()) for file in self.files.values())
        yield from (("room", room.key.text(), room.last_id) for room in self.rooms.values())
        for room in self.rooms.values():
            yield from (("message", message.key(), message.as_json()) for message in room.messages.values())
        now = self.clock.now()
        yield from (("grant", key, value) for key, value in self.grants.items() if value["expires"] > now)
        for waiting in self.updates.values():
            yield from (("update", f"{one.bot_id}:{one.id}", one.as_json()) for one in waiting.values())
