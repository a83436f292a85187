"""Who is writing, and may they: the middleware that every update goes through."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.types import Message, ReplyKeyboardRemove, TelegramObject, Update, User

from bot.admin.invitations import Invitations
from bot.keyboards import contact_keyboard, language_keyboard
from bot.phones import Phones, Sharing
from bot.routers.linking import is_linking
from bot.saying import PRIVATE, Markup, end_press, say
from bot.texts import Catalogue, Texts
from storage.callers.people import Access, People, PersonView
from storage.callers.rate_limits import RateLimiter
from storage.errors import RateLimited

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]

_REFUSALS = 5
"""How often a minute somebody is told that a contact is not their own, or that a link is over."""

_LOOKUPS = 5
"""How often a minute somebody's own number is taken: each time is a question to another service."""


class Admission(BaseMiddleware):
    """Passes on with ``person`` and ``texts`` who is let in; others get one polite answer an hour, in private.

    An update without a person (a channel's post, another bot's message) goes nowhere; anonymous admins were told why
    before (`bot.staff.group_news`).
    """

    def __init__(
        self,
        *,
        people: People,
        catalogue: Catalogue,
        access: Access,
        invitations: Invitations,
        phones: Phones,
        bot: Bot,
    ) -> None:
        self._people = people
        self._catalogue = catalogue
        self._access = access
        self._invitations = invitations
        self._phones = phones
        self._bot = bot
        self._refusals = RateLimiter(_REFUSALS)
        self._lookups = RateLimiter(_LOOKUPS)

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        user: User | None = data.get("event_from_user")
        assert isinstance(event, Update)
        if user is None or user.is_bot:
            return UNHANDLED
        person = await self._people.meet(user)
        arrival = None if person.blocked else await self._invitations.arrival(event.message, person.telegram_id)
        if arrival is not None:
            person = await self._people.meet(user)
        texts = self._catalogue(person.language)
        if not person.admitted and (person.blocked or not is_linking(event)):
            await self._turn_away(event, person, texts, came_late=arrival is not None)
            return UNHANDLED
        return await handler(event, data | {"person": person, "texts": texts, "arrival": arrival})

    async def _turn_away(self, update: Update, person: PersonView, texts: Texts, *, came_late: bool) -> None:
        """``came_late``: by a link that is over."""
        message = update.message
        if update.callback_query is not None:
            await end_press(self._bot, update.callback_query)
        if message is None or message.chat.type != PRIVATE or person.blocked:
            return
        if came_late:
            await self._refuse(message, person, texts("invite-over"))
        elif self._phones.open_doors and message.contact is not None:
            await self._take_contact(message, person, texts)
        elif await self._people.may_turn_away(person.telegram_id):
            markup = contact_keyboard(texts) if self._phones.open_doors else None
            by_number = self._access is Access.INVITE and self._phones.open_doors
            word = "number" if by_number else self._access.value
            await say(self._bot, message, texts(f"not-admitted-{word}"), markup)

    async def _take_contact(self, message: Message, person: PersonView, texts: Texts) -> None:
        assert message.contact is not None
        # Anybody can send a contact card of anybody; `user_id` is set by Telegram, for one's own too.
        if message.contact.user_id != person.telegram_id or message.forward_origin is not None:
            await self._refuse(message, person, texts("contact-not-yours"), contact_keyboard(texts))
            return
        try:
            self._lookups.take(str(person.telegram_id))
        except RateLimited:
            return
        outcome = await self._phones.shared(person, message.contact.phone_number)
        if outcome is not Sharing.WELCOME:
            await self._refuse(message, person, texts(outcome.value))
            return
        assert message.from_user is not None
        person = await self._people.meet(message.from_user)  # with the name and the language the company has
        texts = self._catalogue(person.language)
        await say(self._bot, message, texts(outcome.value, name=person.first_name), ReplyKeyboardRemove())
        if not person.chose_language:  # a message has one keyboard, and that one took the button away
            await say(self._bot, message, texts("start-language"), language_keyboard(hello=True))

    async def _refuse(self, message: Message, person: PersonView, text: str, markup: Markup | None = None) -> None:
        try:
            self._refusals.take(str(person.telegram_id))
        except RateLimited:
            return  # they were told
        await say(self._bot, message, text, markup)
