"""deleteMessage(s)."""

from typing import Final

from sandbox.access import check_deletable, readable_room
from sandbox.call import Call, Method
from sandbox.errors import bad_request


async def delete_message(call: Call) -> bool:
    message = readable_room(call).messages.get(call.message_id())
    if message is None:
        raise bad_request("message to delete not found")
    check_deletable(call, message)
    call.world.postbox.delete(message)
    return True


async def delete_messages(call: Call) -> bool:
    """Skips unknown ids; one undeletable id fails the whole call (TELEGRAM.md, Error texts)."""
    ids = call.message_ids()
    room = readable_room(call)
    messages = [room.messages[one] for one in dict.fromkeys(ids) if one in room.messages]
    for message in messages:
        check_deletable(call, message)
    for message in messages:
        call.world.postbox.delete(message)
    return True


METHODS: Final[dict[str, Method]] = {"deleteMessage": delete_message, "deleteMessages": delete_messages}
