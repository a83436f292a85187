"""What a new message has besides its content: reply, quote, topic, protection."""

from collections.abc import Mapping
from typing import Any

from sandbox.access import chat_id_of, room_of_chat
from sandbox.call import Call
from sandbox.entities import utf16
from sandbox.errors import bad_request
from sandbox.model import CHANNEL, Chat, Json, Message, Person, Room
from sandbox.world import World

GENERAL_TOPIC = 1  # messages in it carry no thread id


def envelope(call: Call, room: Room) -> dict[str, Any]:
    """The fields of Message that a call's common arguments make."""
    extra: dict[str, Any] = {"reply_to": None, "protected": call.arguments.flag("protect_content")}
    extra |= _reply(call, room)
    replied = room.messages.get(extra["reply_to"] or 0)
    extra["thread"] = _thread(call, room, replied)
    return extra


def _reply(call: Call, room: Room) -> dict[str, Any]:
    """From `reply_parameters`, or the older `reply_to_message_id`. That a missing one is an error is unverified."""
    parameters = call.structure("reply_parameters")
    if not isinstance(parameters, dict):
        target = call.arguments.integer("reply_to_message_id") or None
        parameters = {"message_id": target}
        parameters["allow_sending_without_reply"] = call.arguments.flag("allow_sending_without_reply")
    target = parameters.get("message_id")
    if target is None:
        return {}
    origin = _origin_room(call, room, parameters)
    message = origin.messages.get(target)
    if message is None:
        lenient = parameters.get("allow_sending_without_reply") is True
        if lenient or not call.world.options.missing_reply_is_error:
            return {}
        raise bad_request("message to be replied not found")
    quote = quote_of(message, parameters)
    if origin.key == room.key:
        return {"reply_to": target, "quote": quote}
    return {"external": external_reply(call.world, message), "quote": quote}


def _origin_room(call: Call, room: Room, parameters: Mapping[str, Any]) -> Room:
    if parameters.get("chat_id") is None:
        return room
    chat_id = chat_id_of(call.world, str(parameters["chat_id"]))
    if chat_id is None:
        raise bad_request("chat not found")
    return room_of_chat(call, chat_id)


def quote_of(message: Message, parameters: Mapping[str, Any]) -> Json | None:
    """A `TextQuote`. Raises where the text is no part of the message; the text of that error is unverified."""
    wanted = parameters.get("quote")
    if not wanted:
        return None
    text = message.body.get("text") or message.body.get("caption") or ""
    at = text.find(wanted)
    if at < 0:
        raise bad_request("QUOTE_TEXT_INVALID")
    return {"text": wanted, "position": utf16(text[:at]), "is_manual": True}


def external_reply(world: World, message: Message) -> Json:
    """What is kept of a message in another chat: its origin, place, and file."""
    external: Json = {"origin": forward_origin(world, message), "chat_id": message.room.chat_id}
    external["message_id"] = message.id
    if "media" in message.body:
        external["file"] = message.body["media"]["file"]
    return external


def _thread(call: Call, room: Room, replied: Message | None) -> int | None:
    """The topic named, or that of the message replied to."""
    wanted = call.arguments.integer("message_thread_id") or None
    chat = call.world.state.chats.get(room.key.chat_id)
    if wanted is None or chat is None:
        return replied.thread if replied is not None else None
    return thread_in(chat, wanted, call.bot.id)


def thread_in(chat: Chat, wanted: int, author: int) -> int | None:
    """The thread id that a message into the topic `wanted` gets. Raises where `author` may not write there."""
    if chat.is_forum and wanted == GENERAL_TOPIC:
        return None
    topic = chat.topics.get(str(wanted))
    if topic is None:
        raise bad_request("message thread not found")
    if topic["closed"] and not chat.may(author, "can_manage_topics"):
        raise bad_request("TOPIC_CLOSED")
    return wanted


def forward_origin(world: World, message: Message) -> Json:
    """Where a message comes from, for the record of its forwards: those of a forward keep the first origin."""
    if message.forward is not None:
        return message.forward
    chat = world.state.chats.get(message.room.chat_id)
    if chat is not None and chat.type == CHANNEL:
        return {"type": "channel", "chat_id": chat.id, "message_id": message.id, "date": message.date}
    if message.anonymous or message.sender_chat is not None:
        chat_id = message.sender_chat or message.room.chat_id
        return {"type": "chat", "chat_id": chat_id, "date": message.date}
    person = world.state.people.get(message.author)
    if person is not None and person.hidden_forwards:
        return {"type": "hidden_user", "name": full_name(person), "date": message.date}
    return {"type": "user", "user_id": message.author, "date": message.date}


def full_name(person: Person) -> str:
    return f"{person.first_name} {person.last_name or ''}".strip()
