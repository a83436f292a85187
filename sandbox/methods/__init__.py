"""The methods of the Bot API, by lower-case name."""

from typing import Final

from sandbox.call import Method
from sandbox.methods import (
    album,
    chats,
    copying,
    deleting,
    editing,
    fetching,
    identity,
    inline,
    invites,
    members,
    polling,
    profile,
    sending,
    topics,
)

_MODULES: Final = (
    album,
    chats,
    copying,
    deleting,
    editing,
    fetching,
    identity,
    inline,
    invites,
    members,
    polling,
    profile,
    sending,
    topics,
)
# By their own names, for the documentation and for tests.
NAMES: Final = tuple(sorted(name for module in _MODULES for name in module.METHODS))
METHODS: Final[dict[str, Method]] = {
    name.lower(): method for module in _MODULES for name, method in module.METHODS.items()
}
