"""State to Bot API JSON, as one bot sees it: file ids are per bot."""

from typing import Final

from sandbox import fileids
from sandbox.model import (
    ANONYMOUS_ADMIN,
    CHANNEL,
    CHANNEL_BOT,
    PRIVATE,
    Bot,
    Chat,
    Json,
    Message,
    Person,
    RoomKey,
    StoredFile,
)
from sandbox.state import State


def person_json(person: Person) -> Json:
    user: Json = {"id": person.id, "is_bot": False, "first_name": person.first_name}
    for name in ("last_name", "username", "language_code"):
        if getattr(person, name):
            user[name] = getattr(person, name)
    return user


def bot_json(bot: Bot) -> Json:
    return {"id": bot.id, "is_bot": True, "first_name": bot.first_name, "username": bot.username}


def chat_json(chat: Chat) -> Json:
    shown: Json = {"id": chat.id, "title": chat.title, "type": chat.type}
    if chat.username:
        shown["username"] = chat.username
    if chat.is_forum:
        shown["is_forum"] = True
    return shown


_PLAIN: Final = ("text", "caption", "contact", "location", "venue", "dice")
_HELPERS: Final = {ANONYMOUS_ADMIN: ("Group", "GroupAnonymousBot"), CHANNEL_BOT: ("Channel", "Channel_Bot")}


class Renderer:
    def __init__(self, state: State) -> None:
        self._state = state

    def user(self, user_id: int) -> Json:
        if user_id in self._state.bots:
            return bot_json(self._state.bots[user_id])
        if user_id in self._state.people:
            return person_json(self._state.people[user_id])
        if user_id in _HELPERS:
            first_name, username = _HELPERS[user_id]
            return {"id": user_id, "is_bot": True, "first_name": first_name, "username": username}
        return {"id": user_id, "is_bot": False, "first_name": "Deleted Account"}

    def chat(self, chat_id: int) -> Json:
        chat = self._state.chats.get(chat_id)
        if chat is not None:
            return chat_json(chat)
        user = self.user(chat_id)
        shown: Json = {name: user[name] for name in ("first_name", "last_name", "username") if name in user}
        return {"id": chat_id, **shown, "type": PRIVATE}

    # -- files

    def file(self, bot: Bot, file: StoredFile, variant: int = 0) -> Json:
        """`file_id`, `file_unique_id` and `file_size`."""
        return {
            "file_id": fileids.encode(bot, file.kind, file.number, variant),
            "file_unique_id": file.uid,
            "file_size": file.size,
        }

    def photo(self, bot: Bot, uid: str, variant: int = 0) -> list[Json]:
        """The sizes of a photo, the smallest first."""
        sizes = [self._state.files[one] for one in self._state.files[uid].sizes]
        return [{**self.file(bot, size, variant), **size.attrs} for size in sizes]

    def media(self, bot: Bot, uid: str, variant: int = 0) -> Json:
        """The message fields of a file: `{"document": {…}}`, for an animation both fields."""
        file = self._state.files[uid]
        if file.kind == "photo":
            return {"photo": self.photo(bot, uid, variant)}
        shown = {**file.attrs, **self.file(bot, file, variant)}
        if file.thumb:
            thumb = self._state.files[file.thumb]
            shown["thumbnail"] = shown["thumb"] = {**self.file(bot, thumb, variant), **thumb.attrs}
        if file.kind == "animation":
            kept = ("file_name", "mime_type", "thumbnail", "thumb", "file_id", "file_unique_id", "file_size")
            return {"animation": shown, "document": {name: shown[name] for name in kept if name in shown}}
        return {file.kind: shown}

    # -- messages

    def message(self, message: Message, bot: Bot, *, replies: bool = True) -> Json:
        shown: Json = {"message_id": message.id, **self._sender(message), "chat": self.chat(message.room.chat_id)}
        shown["date"] = message.date
        if message.edit_date is not None:
            shown["edit_date"] = message.edit_date
        if message.thread is not None:
            shown |= {"message_thread_id": message.thread, "is_topic_message": True}
        if message.forward:
            shown["forward_origin"] = self._origin(message.forward)
        if message.via_bot is not None:
            shown["via_bot"] = self.user(message.via_bot)
        chat = self._state.chats.get(message.room.chat_id)
        if message.protected or (chat is not None and chat.protected):
            shown["has_protected_content"] = True
        if message.album:
            shown["media_group_id"] = message.album
        replied = self._replied(message) if replies else None
        if replied is not None:
            shown["reply_to_message"] = self.message(replied, bot, replies=False)
        if message.external is not None:
            shown["external_reply"] = self._external(message.external, bot)
        if message.quote is not None:
            shown["quote"] = message.quote
        return {**shown, **self._content(message, bot)}

    def _sender(self, message: Message) -> Json:
        """A channel post has `sender_chat` and no `from`; anonymous admins write as GroupAnonymousBot."""
        chat = self._state.chats.get(message.room.chat_id)
        if chat is not None and chat.type == CHANNEL:
            return {"sender_chat": chat_json(chat)}
        if chat is not None and message.anonymous:
            return {"from": self.user(ANONYMOUS_ADMIN), "sender_chat": chat_json(chat)}
        if message.sender_chat is not None:
            return {"from": self.user(CHANNEL_BOT), "sender_chat": self.chat(message.sender_chat)}
        return {"from": self.user(message.author)}

    def _origin(self, forward: Json) -> Json:
        origin: Json = {"type": forward["type"], "date": forward["date"]}
        if forward["type"] == "user":
            origin["sender_user"] = self.user(forward["user_id"])
        elif forward["type"] == "hidden_user":
            origin["sender_user_name"] = forward["name"]
        elif forward["type"] == "channel":
            origin["chat"] = self.chat(forward["chat_id"])
            origin["message_id"] = forward["message_id"]
        else:
            origin["sender_chat"] = self.chat(forward["chat_id"])
        return origin

    def _external(self, external: Json, bot: Bot) -> Json:
        """What a reply into another chat shows of the message it replies to."""
        shown: Json = {"origin": self._origin(external["origin"])}
        if external["chat_id"] < 0:
            shown |= {"chat": self.chat(external["chat_id"]), "message_id": external["message_id"]}
        if external.get("file"):
            media = self.media(bot, external["file"])
            shown |= {name: value for name, value in media.items() if name != "document" or len(media) == 1}
        return shown

    def _replied(self, message: Message) -> Message | None:
        if message.reply_to is None:
            return None
        return self._state.room(message.room).messages.get(message.reply_to)

    def _content(self, message: Message, bot: Bot) -> Json:
        body = message.body
        shown = {name: body[name] for name in _PLAIN if body.get(name)}
        for name in ("entities", "caption_entities"):
            if body.get(name):
                shown[name] = [self._entity(entity) for entity in body[name]]
        if "media" in body:
            shown.update(self.media(bot, body["media"]["file"], message.id))
        if "service" in body:
            shown.update(self._service(message.room, body["service"], bot))
        if "inline_keyboard" in (body.get("reply_markup") or {}):
            shown["reply_markup"] = body["reply_markup"]
        return shown

    def _entity(self, entity: Json) -> Json:
        if entity["type"] != "text_mention":
            return entity
        return {**entity, "user": self.user(entity["user"]["id"])}

    def _service(self, room: RoomKey, service: Json, bot: Bot) -> Json:
        shown = dict(service)
        if "pinned_message" in service:
            pinned = self._state.room(room).messages.get(service["pinned_message"])
            gone = {"chat": self.chat(room.chat_id), "message_id": service["pinned_message"], "date": 0}
            shown["pinned_message"] = self.message(pinned, bot, replies=False) if pinned else gone
        if "new_chat_members" in service:
            shown["new_chat_members"] = [self.user(one) for one in service["new_chat_members"]]
        if "left_chat_member" in service:
            shown["left_chat_member"] = self.user(service["left_chat_member"])
        return shown

    def seen_by_person(self, message: Message, bot: Bot) -> Json:
        """A message for the control API: with what bots do not see."""
        shown = self.message(message, bot)
        if "reply_markup" in message.body:
            shown["reply_markup"] = message.body["reply_markup"]
        if message.room.chat_id < 0 and "from" not in shown:
            shown["author_id"] = message.author
        return {**shown, "edited": message.edit_date is not None, "reactions": message.reactions}
