"""The methods of the Bot API, by lower-case name."""

from typing import Final

from sandbox.call import Method
from sandbox.methods import album, chats, copying, deleting, editing, fetching, polling, profile, sending

METHODS: Final[dict[str, Method]] = {
    name.lower(): method
    for module in (album, chats, copying, deleting, editing, fetching, polling, profile, sending)
    for name, method in module.METHODS.items()
}
