"""Hello, help, the language, and what nothing else understands."""

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandStart
from aiogram.types import CallbackQuery, ContentType, Message

from bot.keyboards import ChooseGroupLanguage, ChooseLanguage, group_language_keyboard, language_keyboard
from bot.media.hello import greet
from bot.menu import set_menu_in
from bot.saying import PRIVATE, change, say
from bot.texts import Catalogue, Texts
from storage.callers.groups import Groups
from storage.callers.people import LANGUAGES, People, PersonView
from storage.domain import Role
from storage.errors import Refused

_SPOKEN = {ContentType.TEXT, ContentType.CONTACT, ContentType.LOCATION, ContentType.VENUE, ContentType.POLL}
"""What a person says to us that is no file; all else is a service message, and not answered."""


def basics_router() -> Router:
    router = Router(name="basics")
    router.message.register(start, CommandStart(ignore_case=True))
    router.message.register(show_help, Command("help", ignore_case=True))
    router.message.register(ask_language, Command("lang", "language", ignore_case=True))
    router.callback_query.register(choose_language, ChooseLanguage.filter())
    router.callback_query.register(choose_group_language, ChooseGroupLanguage.filter())
    return router


def fallback_router() -> Router:
    """Comes last: in private everything that is said gets an answer."""
    router = Router(name="fallback")
    private = F.chat.type == PRIVATE
    router.message.register(unknown_command, private, F.text.startswith("/"))
    router.message.register(send_me_a_file, private, F.content_type.in_(_SPOKEN))
    return router


async def start(message: Message, bot: Bot, person: PersonView, texts: Texts) -> None:
    await greet(bot, message, person, texts, texts("start", name=person.first_name))


async def show_help(message: Message, bot: Bot, person: PersonView, texts: Texts) -> None:
    """What matters to somebody in their role, on one screen."""
    if person.role is Role.ADMIN:
        await say(bot, message, "\n\n".join([texts("help-staff"), texts("help-admin")]))
    else:
        await say(bot, message, texts("help-staff" if person.is_staff else "help"))


async def ask_language(message: Message, bot: Bot, person: PersonView, texts: Texts) -> None:
    """One's own; in a group staff choose what its cards speak."""
    if message.chat.type != PRIVATE and person.is_staff:
        await say(bot, message, texts("choose-group-language"), group_language_keyboard())
    else:
        await say(bot, message, texts("choose-language"), language_keyboard())


async def choose_language(
    query: CallbackQuery,
    *,
    callback_data: ChooseLanguage,
    bot: Bot,
    person: PersonView,
    people: People,
    catalogue: Catalogue,
) -> None:
    if callback_data.code not in LANGUAGES:
        return
    await people.speak(person.telegram_id, callback_data.code)
    texts = catalogue(callback_data.code)
    if query.message is None:
        return
    if callback_data.hello:
        await change(bot, query.message, texts("start", name=person.first_name), None)
    else:
        await change(bot, query.message, texts("language-chosen"), None)
    await set_menu_in(bot, texts, person.telegram_id, person.role)


async def choose_group_language(
    query: CallbackQuery,
    *,
    callback_data: ChooseGroupLanguage,
    bot: Bot,
    person: PersonView,
    groups: Groups,
    catalogue: Catalogue,
) -> None:
    """Staff only. What is open in the staff chat is said anew."""
    if callback_data.code not in LANGUAGES or query.message is None:
        return
    if not person.is_staff or query.message.chat.type == PRIVATE:
        raise Refused
    await groups.speak(query.message.chat.id, callback_data.code, by=person.telegram_id)
    await change(bot, query.message, catalogue(callback_data.code)("group-language-chosen"), None)


async def unknown_command(message: Message, bot: Bot, texts: Texts) -> None:
    await say(bot, message, texts("unknown-command"))


async def send_me_a_file(message: Message, bot: Bot, texts: Texts) -> None:
    await say(bot, message, texts("send-me-a-file"))
