"""`/keys`: the keys of services. A secret is shown once, in a message that deletes itself."""

import re
from datetime import UTC, datetime

from aiogram import Bot, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.admin.keys import draft_page, keys_page, sure_page
from bot.admin.tools import AdminTools, DropDraft, MakeKey, NextExpiry, RevokeKey, ShowKeys, ToggleScope, actor
from bot.media.pages import Page
from bot.saying import change, say
from bot.texts import Texts
from storage.callers.key_drafts import Draft
from storage.callers.people import PersonView
from storage.domain import Scope
from storage.errors import KeyNotFound

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MOST_ID = 2**63 - 1


def admin_keys_router() -> Router:
    router = Router(name="admin keys")
    router.message.register(keys, Command("keys", ignore_case=True))
    router.callback_query.register(show_keys, ShowKeys.filter())
    router.callback_query.register(toggle, ToggleScope.filter())
    router.callback_query.register(next_expiry, NextExpiry.filter())
    router.callback_query.register(make, MakeKey.filter())
    router.callback_query.register(drop, DropDraft.filter())
    router.callback_query.register(revoke, RevokeKey.filter())
    return router


async def keys(
    message: Message, *, command: CommandObject, bot: Bot, person: PersonView, texts: Texts, admin: AdminTools
) -> None:
    """The list; with a name after it a new key for that service is begun."""
    name = (command.args or "").strip()
    if not name:
        page = await _list(texts, admin)
    elif _NAME.fullmatch(name) is None:
        page = Page(text=texts("keys-name"))
    else:
        page = draft_page(texts, await admin.drafts.begin(person.telegram_id, name))
    await say(bot, message, page.text, page.keyboard)


async def show_keys(query: CallbackQuery, bot: Bot, texts: Texts, admin: AdminTools) -> None:
    await _show(query, bot, await _list(texts, admin))


async def toggle(
    query: CallbackQuery, *, callback_data: ToggleScope, bot: Bot, person: PersonView, texts: Texts, admin: AdminTools
) -> str | None:
    if callback_data.scope not in Scope.__members__:
        return None
    draft = await admin.drafts.toggle(callback_data.draft, person.telegram_id, Scope[callback_data.scope])
    return await _show_draft(query, bot, texts, draft)


async def next_expiry(
    query: CallbackQuery, *, callback_data: NextExpiry, bot: Bot, person: PersonView, texts: Texts, admin: AdminTools
) -> str | None:
    draft = await admin.drafts.next_expiry(callback_data.draft, person.telegram_id)
    return await _show_draft(query, bot, texts, draft)


async def make(
    query: CallbackQuery, *, callback_data: MakeKey, bot: Bot, person: PersonView, texts: Texts, admin: AdminTools
) -> str | None:
    """The place for the secret comes first: once there is a key, nothing may keep its secret on the screen."""
    message = query.message
    draft = await admin.drafts.get(callback_data.draft, person.telegram_id)
    if draft is None or message is None or message.chat.id != person.telegram_id:
        return texts.plain("keys-draft-gone")
    if not draft.scopes:
        return texts.plain("keys-needs-scope")
    place = await admin.vanishing.place(message.chat.id, texts("secret-coming"))
    secret = await admin.drafts.make(draft.id, person.telegram_id)
    if secret is None:
        return texts.plain("keys-draft-gone")
    seconds = round(admin.vanishing.shown_for)
    await admin.vanishing.fill(
        message.chat.id, place, texts("keys-secret", name=draft.name, secret=secret, seconds=seconds)
    )
    await change(bot, message, texts("keys-made", name=draft.name), None)
    return None


async def drop(
    query: CallbackQuery, *, callback_data: DropDraft, bot: Bot, person: PersonView, texts: Texts, admin: AdminTools
) -> None:
    await admin.drafts.drop(callback_data.draft, person.telegram_id)
    await _show(query, bot, Page(text=texts("keys-dropped")))


async def revoke(
    query: CallbackQuery, *, callback_data: RevokeKey, bot: Bot, person: PersonView, texts: Texts, admin: AdminTools
) -> str | None:
    if not 0 < callback_data.id <= _MOST_ID:
        return texts.plain("keys-unknown")
    if not callback_data.sure:
        found = next((key for key in await admin.keys.list() if key.id == callback_data.id), None)
        if found is None:
            return texts.plain("keys-unknown")
        await _show(query, bot, sure_page(texts, found))
        return None
    try:
        await admin.keys.revoke(callback_data.id, by=actor(person))
    except KeyNotFound:
        return texts.plain("keys-unknown")
    await _show(query, bot, await _list(texts, admin))
    return texts.plain("keys-revoked")


async def _list(texts: Texts, admin: AdminTools) -> Page:
    return keys_page(texts, admin, await admin.keys.list(), datetime.now(UTC))


async def _show_draft(query: CallbackQuery, bot: Bot, texts: Texts, draft: Draft | None) -> str | None:
    if draft is None:
        return texts.plain("keys-draft-gone")
    await _show(query, bot, draft_page(texts, draft))
    return None


async def _show(query: CallbackQuery, bot: Bot, page: Page) -> None:
    if query.message is not None:
        await change(bot, query.message, page.text, page.keyboard)
