"""What happens in groups before anybody is asked who did it: comings and goings, moves, and writers without a face."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiogram import BaseMiddleware, Bot
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.types import ChatMemberUpdated, Message, TelegramObject, Update

from bot.admission import Handler
from bot.media.incoming import telegram_file
from bot.saying import say
from bot.staff.groups import GROUPS, GroupLife, meant_for_us
from bot.staff.members import StaffMembers, inside
from bot.texts import Catalogue
from storage.callers.groups import Groups

log = structlog.get_logger(__name__)

Removed = Callable[[int, str], Awaitable[None]]
"""Called with a group's id and title when the bot was removed from it."""


class GroupNews(BaseMiddleware):
    """Settles updates that are about a chat and not from a person; the rest goes on."""

    def __init__(
        self,
        *,
        bot: Bot,
        life: GroupLife,
        groups: Groups,
        members: StaffMembers,
        catalogue: Catalogue,
        removed: Removed,
    ) -> None:
        self._bot = bot
        self._life = life
        self._groups = groups
        self._members = members
        self._catalogue = catalogue
        self._removed = removed

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Update)
        if event.my_chat_member is not None:
            await self._own_place(event.my_chat_member)
            return None
        if event.chat_member is not None:
            change = event.chat_member
            member = change.new_chat_member
            await self._members.told(change.chat.id, member.user.id, is_inside=inside(member))
            return None
        message = event.message or event.edited_message
        if message is not None and message.chat.type in GROUPS:
            if await self._is_service(message):
                return None
            if message.sender_chat is not None:
                await self._faceless(message)
                return UNHANDLED
            if (message.text or "").startswith("/"):
                await self._life.tell_cure(message.chat)
        await self._seen(data)
        return await handler(event, data)

    async def _own_place(self, event: ChatMemberUpdated) -> None:
        """The bot was let in, made an admin, or put out; in a private chat it was blocked, or is not any more."""
        if event.chat.type not in GROUPS:
            log.info("reachability_changed", chat_id=event.chat.id, status=event.new_chat_member.status)
            return
        language = self._catalogue(event.from_user.language_code).language
        if await self._life.stands(event.chat, event.new_chat_member.status, language=language):
            log.warning("removed_from_group", chat_id=event.chat.id, by=event.from_user.id)
            await self._removed(event.chat.id, event.chat.title or "")
        elif event.new_chat_member.status not in ("left", "kicked"):
            await self._life.tell_cure(event.chat)

    async def _is_service(self, message: Message) -> bool:
        """Moves, comings and goings: these messages come with privacy mode too."""
        if message.migrate_to_chat_id is not None:
            await self._groups.move(message.chat.id, message.migrate_to_chat_id)
        elif message.migrate_from_chat_id is not None:
            await self._groups.move(message.migrate_from_chat_id, message.chat.id)
        elif message.new_chat_members is not None:
            for user in message.new_chat_members:
                await self._members.told(message.chat.id, user.id, is_inside=True)
        elif message.left_chat_member is not None:
            await self._members.told(message.chat.id, message.left_chat_member.id, is_inside=False)
        else:
            return False
        return True

    async def _faceless(self, message: Message) -> None:
        """An anonymous admin, or somebody as a channel: nothing is kept under a false owner. What is meant for us gets
        one answer an hour.
        """
        if message.is_automatic_forward or message.edit_date is not None or not await self._meant_for_us(message):
            return
        group = await self._life.know(message.chat)
        if group is not None and await self._groups.may_answer_anonymous(message.chat.id):
            await say(self._bot, message, self._catalogue(group.language)("group-anonymous"))

    async def _meant_for_us(self, message: Message) -> bool:
        if (message.text or "").startswith("/") or await meant_for_us(self._bot, message):
            return True
        return telegram_file(message, bot_id=self._bot.id) is not None and "#" in (message.caption or "")

    async def _seen(self, data: dict[str, Any]) -> None:
        chat, user = data.get("event_chat"), data.get("event_from_user")
        if chat is not None and user is not None and chat.type in GROUPS:
            await self._members.seen_in(chat.id, user.id)
