"""`inline_message_id`: names a message without naming its chat to the bot."""

import base64
import binascii

from sandbox.model import Message, RoomKey
from sandbox.state import State


def encode(message: Message) -> str:
    return base64.urlsafe_b64encode(message.key().encode()).decode().rstrip("=")


def find(state: State, inline_id: str) -> Message | None:
    """The message of an id, None where there is none."""
    try:
        raw = base64.urlsafe_b64decode(inline_id + "=" * (-len(inline_id) % 4)).decode()
        chat_id, bot_id, message_id = (int(part) for part in raw.split(":"))
    except (binascii.Error, ValueError):
        return None
    room = state.rooms.get(RoomKey(chat_id, bot_id))
    return room.messages.get(message_id) if room else None
