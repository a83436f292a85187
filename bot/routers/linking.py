"""Linking a chat with a person of the company: by a code of theirs, and only after a press that says so.

A deep link can be sent to anybody. Whoever opens one is asked, so that nobody's files are given away by a tap.
"""

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.filters.callback_data import CallbackData
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update

from bot.menu import set_menu_in
from bot.saying import PRIVATE, change, say
from bot.texts import Texts
from storage.callers.people import People, PersonView
from storage.use_cases import UseCases
from storage.users.accounts import PREFIX


class LinkAccount(CallbackData, prefix="ula"):
    """Link this chat by the code, or leave it; ``yes`` false: somebody who did not ask for it."""

    code: str
    yes: bool


def linking_router() -> Router:
    router = Router(name="linking")
    private = F.chat.type == PRIVATE
    opened = CommandStart(deep_link=True, ignore_case=True, magic=F.args.startswith(PREFIX))
    router.message.register(open_code, private, opened)
    router.message.register(unlink, private, Command("unlink", ignore_case=True))
    router.callback_query.register(decide, LinkAccount.filter())
    return router


def is_linking(update: Update) -> bool:
    """Whether somebody opens a code or presses its buttons: that is for people who are not let in yet, too."""
    if update.callback_query is not None:
        return (update.callback_query.data or "").startswith(f"{LinkAccount.__prefix__}:")
    message = update.message
    return message is not None and message.chat.type == PRIVATE and (message.text or "").startswith(f"/start {PREFIX}")


async def open_code(message: Message, command: CommandObject, bot: Bot, texts: Texts, use_cases: UseCases) -> None:
    code = (command.args or "").strip()
    claim = await use_cases.accounts.claim(code)
    if claim is None:
        await say(bot, message, texts("linking-over"))
        return
    rows = [
        [
            InlineKeyboardButton(
                text=texts.plain(f"button-linking-{word}"), callback_data=LinkAccount(code=code, yes=yes).pack()
            )
        ]
        for word, yes in (("yes", True), ("no", False))
    ]
    who = claim.name or claim.user_id
    await say(bot, message, texts("linking-ask", who=who), InlineKeyboardMarkup(inline_keyboard=rows))


async def decide(
    query: CallbackQuery,
    *,
    callback_data: LinkAccount,
    bot: Bot,
    person: PersonView,
    people: People,
    texts: Texts,
    use_cases: UseCases,
) -> None:
    if query.message is None or query.message.chat.type != PRIVATE:
        return
    if not callback_data.yes:
        await change(bot, query.message, texts("linking-left"), None)
        return
    claim = await use_cases.accounts.link(callback_data.code, person.telegram_id)
    if claim is None:
        await change(bot, query.message, texts("linking-over"), None)
        return
    await people.admit(person.telegram_id)
    use_cases.profiles.want({claim.user_id})
    await change(bot, query.message, texts("linking-done", who=claim.name or claim.user_id), None)
    await set_menu_in(bot, texts, person.telegram_id, await people.role_of(person.telegram_id))


async def unlink(
    message: Message, *, bot: Bot, person: PersonView, people: People, texts: Texts, use_cases: UseCases
) -> None:
    ended = await use_cases.accounts.unlink_telegram(person.telegram_id)
    await say(bot, message, texts("unlink-done" if ended else "unlink-none"))
    if ended:
        await set_menu_in(bot, texts, person.telegram_id, await people.role_of(person.telegram_id))
