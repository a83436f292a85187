"""Messages come, change and go here: kept, and told to the bots that may see them and to the chat pages."""

import secrets
from typing import Any

from sandbox.events import Events
from sandbox.membership import Membership
from sandbox.model import CHANNEL, GROUPS, Bot, Chat, Json, Member, Message, RoomKey
from sandbox.render import Renderer
from sandbox.state import State
from sandbox.updates import UpdateHub


def new_album() -> str:
    return str(13_000_000_000_000_000 + secrets.randbelow(10**15))


class Postbox:
    def __init__(self, state: State, updates: UpdateHub, renderer: Renderer, events: Events) -> None:
        self._state = state
        self._updates = updates
        self._renderer = renderer
        self._events = events
        self.membership = Membership(state, updates, renderer)

    def send(self, room: RoomKey, author: int, body: Json, **extra: Any) -> Message:
        """Put a message into a chat; `extra` are fields of Message (reply_to, album, forward, …)."""
        message = Message(
            room=room,
            id=self._state.room(room).last_id + 1,
            date=int(self._state.clock.now()),
            author=author,
            body=body,
            **extra,
        )
        self._state.save_message(message)
        self._tell_bots(message, edited=False, by=author)
        self._tell_pages("message", message)
        return message

    def note_service(self, room: RoomKey, author: int, word: Json, thread: int | None = None) -> Message:
        """A service message: `{"new_chat_members": [ids]}`, `{"pinned_message": id}`, …"""
        return self.send(room, author, {"service": word}, thread=thread)

    def move(self, chat: Chat, user_id: int, member: Member, by: int, **how: Any) -> None:
        """Change a membership, with the service message that groups show when somebody comes or goes."""
        was_in = chat.has(user_id)
        self.membership.change(chat, user_id, member, by, **how)
        self._events.emit({"type": "member", "chat_id": chat.id, "user_id": user_id, "status": member.status})
        if chat.type == CHANNEL or was_in == chat.has(user_id):
            return
        word: Json = {"left_chat_member": user_id} if was_in else {"new_chat_members": [user_id]}
        self.note_service(RoomKey(chat.id, 0), by, word)

    def edit(self, message: Message, body: Json, by: int) -> None:
        message.body = body
        message.edit_date = int(self._state.clock.now())
        self._state.save_message(message)
        self._tell_bots(message, edited=True, by=by)
        self._tell_pages("edited", message)

    def delete(self, message: Message) -> None:
        """No update tells a bot of a deletion."""
        self._state.drop_message(message)
        if self._events.watched:
            event: Json = {"type": "deleted", "message_id": message.id}
            self._events.emit(event | self.place(message.room))

    def react(self, message: Message, user_id: int, emoji: str | None) -> None:
        """Set or (None) take back the reaction of a person or bot."""
        old = [one for one in message.reactions if one["user_id"] == user_id]
        message.reactions = [one for one in message.reactions if one["user_id"] != user_id]
        if emoji:
            message.reactions.append({"emoji": emoji, "user_id": user_id})
        self._state.save_message(message)
        self._tell_pages("reaction", message)
        if user_id in self._state.people:
            self._tell_reaction(message, user_id, old[0]["emoji"] if old else None, emoji)

    def _tell_reaction(self, message: Message, user_id: int, old: str | None, new: str | None) -> None:
        chat = self._state.chats.get(message.room.chat_id)
        event = {
            "chat": self._renderer.chat(message.room.chat_id),
            "message_id": message.id,
            "user": self._renderer.user(user_id),
            "date": int(self._state.clock.now()),
            "old_reaction": [{"type": "emoji", "emoji": old}] if old else [],
            "new_reaction": [{"type": "emoji", "emoji": new}] if new else [],
        }
        for bot in self._audience(message):
            if chat is None or chat.status(bot.id) == "administrator":
                self._updates.push(bot, "message_reaction", message.room.chat_id, event)

    def place(self, room: RoomKey) -> Json:
        return {"chat_id": room.chat_id, "bot_id": room.bot_id or None}

    def _tell_pages(self, kind: str, message: Message) -> None:
        if not self._events.watched:
            return
        bot = self._state.bots.get(message.room.bot_id) or next(iter(self._state.bots.values()))
        shown = self._renderer.seen_by_person(message, bot)
        self._events.emit({"type": kind, "message": shown} | self.place(message.room))

    def _tell_bots(self, message: Message, *, edited: bool, by: int) -> None:
        chat = self._state.chats.get(message.room.chat_id)
        kind = "channel_post" if chat is not None and chat.type == CHANNEL else "message"
        for bot in self._audience(message):
            if bot.id == by or (bot.id == message.author and not edited):
                continue  # TELEGRAM.md, Updates: a bot gets no update for its own posts
            payload = self._renderer.message(message, bot)
            self._updates.push(bot, f"edited_{kind}" if edited else kind, message.room.chat_id, payload)

    def _audience(self, message: Message) -> list[Bot]:
        """The bots that get to see a message."""
        chat = self._state.chats.get(message.room.chat_id)
        if chat is None:
            return [self._state.bots[message.room.bot_id]]
        if chat.type == CHANNEL:
            return [bot for bot in self._state.bots_in(chat) if chat.status(bot.id) == "administrator"]
        if message.author in self._state.bots:
            return []  # bots do not see each other in groups
        return [bot for bot in self._state.bots_in(chat) if self._reads(bot, chat, message)]

    def _reads(self, bot: Bot, chat: Chat, message: Message) -> bool:
        """Privacy mode (TELEGRAM.md, Updates): commands, replies to the bot, service messages; admins read all."""
        assert chat.type in GROUPS
        if chat.members[bot.id].reads_all or chat.status(bot.id) == "administrator":
            return True
        if "service" in message.body or message.via_bot == bot.id:
            return True
        replied = self._state.room(message.room).messages.get(message.reply_to or 0)
        if replied is not None and replied.author == bot.id:
            return True
        return _is_command_for(message.body.get("text", ""), bot)


def _is_command_for(text: str, bot: Bot) -> bool:
    """A command without a name counts for every bot; the real server wants the bot to have written last, unverified."""
    if not text.startswith("/"):
        return False
    _, at, name = text.split(maxsplit=1)[0].partition("@")
    return not at or name.lower() == bot.username.lower()
