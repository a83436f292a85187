"""What a fresh sandbox starts with, so that it can be used at once."""

from typing import Final

from sandbox.membership import full_rights
from sandbox.model import CHANNEL, SUPERGROUP, Bot, Chat, Member, Person
from sandbox.world import World

TENANT: Final = 1001
STAFF: Final = 1002
ADMIN: Final = 1003
STAFF_GROUP: Final = -1_002_000_000_001
CHANNELS: Final = {
    -1_001_000_000_001: "Requests",
    -1_001_000_000_002: "Reports",
    -1_001_000_000_003: "Archive",
    -1_001_000_000_004: "Access",
}
_NAMES: Final = ("mediagate_bot", "Mediagate")


def add_bots(world: World) -> None:
    """The bots of the tokens the sandbox was started with; known ones stay as they are."""
    for token in world.config.tokens:
        if token not in world.state.tokens:
            add_bot(world, token)


def add_bot(world: World, token: str, username: str = "", first_name: str = "") -> Bot:
    """A bot; the first is mediagate_bot, others are numbered unless they are given a name."""
    count = len(world.state.bots)
    name, title = _NAMES
    bot = Bot(
        id=int(token.partition(":")[0]),
        token=token,
        username=username or (name if not count else f"mediagate_{count + 1}_bot"),
        first_name=first_name or (title if not count else f"{title} {count + 1}"),
    )
    world.state.save_bot(bot)
    return bot


def add_samples(world: World) -> None:
    """People, the staff group and the channels with every bot as admin."""
    people = (
        Person(id=TENANT, first_name="Aziza", username="aziza", language_code="uz", phone="+998901111001"),
        Person(id=STAFF, first_name="Sergey", username="sergey", language_code="ru", phone="+998901111002"),
        Person(id=ADMIN, first_name="Emma", username="emma", language_code="en", phone="+998901111003"),
    )
    for person in people:
        world.state.save_person(person)
    for chat_id, title in CHANNELS.items():
        _add_chat(world, Chat(id=chat_id, type=CHANNEL, title=title, creator=ADMIN))
    _add_chat(world, Chat(id=STAFF_GROUP, type=SUPERGROUP, title="Staff", creator=ADMIN))


def _add_chat(world: World, chat: Chat) -> None:
    chat.members[ADMIN] = Member(status="creator")
    chat.members[STAFF] = Member(status="member")
    world.state.save_chat(chat)
    for bot in world.state.bots.values():
        member = Member(status="administrator", rights=full_rights(chat.type))
        world.postbox.membership.change(chat, bot.id, member, ADMIN)
