"""What admins read about the keys of services: the list, and a key as it is put together."""

from collections.abc import Sequence
from datetime import datetime

from aiogram.types import InlineKeyboardMarkup

from bot.admin.channels import cut
from bot.admin.tools import AdminTools, DropDraft, MakeKey, NextExpiry, RevokeKey, ShowKeys, ToggleScope
from bot.keyboards import button, rows_of
from bot.media.pages import Page
from bot.texts import Texts
from storage.callers.key_drafts import Draft
from storage.domain import Scope
from storage.tables import ApiKey

_MOST_LISTED = 20


def keys_page(texts: Texts, admin: AdminTools, keys: Sequence[ApiKey], now: datetime) -> Page:
    """The keys that open something now, newest first."""
    live = [key for key in keys if key.revoked_at is None and (key.expires_at is None or key.expires_at > now)]
    lines = [texts("keys-title" if live else "keys-none", count=len(live)), ""]
    for key in live[:_MOST_LISTED]:
        until = (
            texts("keys-forever") if key.expires_at is None else texts("keys-until", at=admin.moment(key.expires_at))
        )
        used = (
            texts("keys-unused") if key.last_used_at is None else texts("keys-used", at=admin.moment(key.last_used_at))
        )
        scopes = ", ".join(key.scopes)
        lines.append(texts("keys-line", id=str(key.id), name=cut(key.name), prefix=key.prefix, scopes=scopes))
        lines.append(f"   {until} · {used}")
    if len(live) > _MOST_LISTED:
        lines.append(texts("list-more", count=len(live) - _MOST_LISTED))
    lines += ["", texts("keys-how")]
    buttons = [
        button(texts.plain("button-revoke-key", id=str(key.id), name=cut(key.name, 20)), RevokeKey(id=key.id))
        for key in live[:_MOST_LISTED]
    ]
    return Page(text="\n".join(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows_of(buttons, 2)))


def sure_page(texts: Texts, key: ApiKey) -> Page:
    """Revoking cannot be undone, so it is asked once."""
    rows = [
        [button(texts.plain("button-revoke-sure"), RevokeKey(id=key.id, sure=True))],
        [button(texts.plain("button-back"), ShowKeys())],
    ]
    text = texts("keys-sure", id=str(key.id), name=cut(key.name), prefix=key.prefix)
    return Page(text=text, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def draft_page(texts: Texts, draft: Draft) -> Page:
    """A key in the making: a button for each scope, one for how long, one that makes it."""
    expiry = texts.plain("expiry-never") if draft.days is None else texts.plain("expiry-days", days=draft.days)
    toggles = [
        button(f"{'✅' if scope in draft.scopes else '▫️'} {scope.value}", ToggleScope(draft=draft.id, scope=scope.name))
        for scope in Scope
    ]
    rows = [
        *rows_of(toggles, 2),
        [button(texts.plain("button-expiry", expiry=expiry), NextExpiry(draft=draft.id))],
        [
            button(texts.plain("button-make-key"), MakeKey(draft=draft.id)),
            button(texts.plain("button-drop"), DropDraft(draft=draft.id)),
        ],
    ]
    scopes = ", ".join(sorted(scope.value for scope in draft.scopes)) or texts.plain("keys-no-scopes")
    text = texts("keys-draft", name=cut(draft.name), scopes=scopes, expiry=expiry)
    return Page(text=text, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))
