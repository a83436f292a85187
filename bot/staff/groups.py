"""Life in groups: what the bot sees there, how it acknowledges, and what it says once."""

from datetime import timedelta

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError
from aiogram.types import Chat, Message, ReactionTypeEmoji

from bot.saying import PRIVATE, addressed, say
from bot.texts import Catalogue
from storage.callers.groups import Groups, GroupView

log = structlog.get_logger(__name__)

GROUPS = ("group", "supergroup")
SEEN, DONE = "👀", "👍"
"""Of the reactions that bots may set."""

_CHECKED_AFTER = timedelta(hours=12)
_ADMINS = ("administrator", "creator")
_NOT_THERE = "message to react not found"


async def meant_for_us(bot: Bot, message: Message) -> bool:
    """Whether a message in a group is a reply to the bot, or names it."""
    if addressed(message, bot.id):
        return True
    name = f"@{(await bot.me()).username}".lower()
    text, entities = message.text or message.caption or "", message.entities or message.caption_entities or []
    return any(
        (one.type == "mention" and one.extract_from(text).lower() == name)
        or (one.type == "text_mention" and one.user is not None and one.user.id == bot.id)
        for one in entities
    )


class Reactions:
    """Acknowledges messages without a message. What a chat forbids is not tried again for a day."""

    def __init__(self, bot: Bot, groups: Groups) -> None:
        self._bot = bot
        self._groups = groups

    async def react(self, chat_id: int, message_id: int, emoji: str) -> bool:
        """False where the chat forbids reactions: then words are needed. Raises what else Telegram says."""
        if not await self._groups.reacts(chat_id):
            return False
        try:
            await self._bot.set_message_reaction(chat_id, message_id, [ReactionTypeEmoji(emoji=emoji)])
        except TelegramBadRequest as error:
            if _NOT_THERE in error.message:
                return True  # whoever sent it took it away: there is nobody to tell
            log.info("reaction_refused", chat_id=chat_id, description=error.message)
            await self._groups.reactions_refused(chat_id)
            return False
        return True

    async def acknowledge(self, message: Message, text: str) -> None:
        """Say that something was done: in groups by a reaction to the message, else by ``text``."""
        if message.chat.type == PRIVATE or not await self.react(message.chat.id, message.message_id, DONE):
            await say(self._bot, message, text)


class GroupLife:
    """What the bot finds out about a group, by itself: whether it is an admin there, and what it cannot see."""

    def __init__(self, *, bot: Bot, groups: Groups, catalogue: Catalogue) -> None:
        self._bot = bot
        self._groups = groups
        self._catalogue = catalogue

    async def stands(self, chat: Chat, status: str, *, language: str | None = None) -> bool:
        """Note the bot's place in a group. True where it was removed just now."""
        sees_all = status in _ADMINS or bool((await self._bot.me()).can_read_all_group_messages)
        return await self._groups.found(
            chat.id, title=chat.title or "", status=status, sees_all=sees_all, language=language
        )

    async def know(self, chat: Chat) -> GroupView | None:
        """The group as it is, asked for anew where it was not for long; null where Telegram does not say."""
        known = await self._groups.get(chat.id)
        if known is not None and known.present and known.age < _CHECKED_AFTER:
            return known
        try:
            member = await self._bot.get_chat_member(chat.id, self._bot.id)
        except TelegramAPIError as error:
            log.info("group_not_known", chat_id=chat.id, error=type(error).__name__)
            return known
        await self.stands(chat, member.status)
        return await self._groups.get(chat.id)

    async def tell_cure(self, chat: Chat) -> None:
        """Say once per group what the bot cannot see there, and what helps."""
        group = await self.know(chat)
        if group is None or group.sees_all or not await self._groups.may_tell_cure(chat.id):
            return
        texts = self._catalogue(group.language)
        try:
            await self._bot.send_message(chat.id, texts("group-cure"), parse_mode="HTML")
        except (TelegramForbiddenError, TelegramBadRequest) as error:
            log.info("group_not_told", chat_id=chat.id, description=error.message)
