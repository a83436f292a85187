"""What a card says and which buttons it has: a pure function of what the rows say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from hashlib import sha256
from typing import Any

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.errors import explain_json
from bot.keyboards import DeleteMedia, RestoreMedia, button, rows_of
from bot.lines import facts_line, short_name
from bot.texts import Texts
from storage.domain import GONE, FileType, MediaStatus
from storage.views import MediaView

_MOST = 3600
"""Characters of HTML; what Telegram counts (4096, after parsing) is never more."""

_SHOWN_BUTTONS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A media on a card, or the reason why there is none. ``waiting``: it takes Telegram longer than usual."""

    message_id: int
    view: MediaView | None = None
    error: Mapping[str, Any] | None = None
    duplicate: bool = False
    waiting: bool = False
    deletable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderedCard:
    """HTML of at most 4096 characters, and the buttons (none: null)."""

    text: str
    keyboard: InlineKeyboardMarkup | None

    @property
    def digest(self) -> bytes:
        """Equal for two cards that look the same."""
        buttons = "" if self.keyboard is None else self.keyboard.model_dump_json(exclude_none=True)
        return sha256(f"{self.text}\n{buttons}".encode()).digest()


def render_card(texts: Texts, items: Sequence[Item], *, album: bool, timezone: tzinfo) -> RenderedCard:
    """The card of a file, or of an album's files in their order."""
    blocks = [_block(texts, item, timezone) for item in items]
    heading = [texts("card-album", count=len(items))] if album and len(items) > 1 else []
    return RenderedCard(text="\n\n".join(heading + _fitting(texts, blocks)), keyboard=_keyboard(texts, items))


def _fitting(texts: Texts, blocks: list[str]) -> list[str]:
    taken, length = 0, 0
    for block in blocks:
        length += len(block) + 2
        if length > _MOST:
            break
        taken += 1
    left = len(blocks) - taken
    return blocks[:taken] + ([texts("card-more", count=left)] if left else [])


def _block(texts: Texts, item: Item, timezone: tzinfo) -> str:
    lines = [texts("card-title", icon=_icon(item), name=short_name(_name(texts, item)))]
    if item.view is not None and _is_there(item.view):
        facts = facts_line(texts, item.view)
        lines.append(f"{facts} · {texts('card-id', id=str(item.view.id))}")
    lines.append(_state(texts, item))
    if item.view is not None and _is_there(item.view):
        if item.duplicate:
            sent_on = item.view.uploaded_at.astimezone(timezone).strftime("%d.%m.%Y")
            lines.append(texts("card-duplicate", date=sent_on))
        if not item.view.deliverable:
            lines.append(texts("card-only-here", id=str(item.view.id)))
    return "\n".join(lines)


def _state(texts: Texts, item: Item) -> str:
    if item.error is not None or item.view is None:
        return texts("card-refused", reason=explain_json(texts, item.error or {}))
    match item.view.status:
        case MediaStatus.DELETING:
            return texts("card-deleting")
        case MediaStatus.DELETED:
            return texts("card-deleted")
    if item.view.stored:
        return texts("card-stored")
    return texts("card-waiting" if item.waiting else "card-received")


def _icon(item: Item) -> str:
    if item.error is not None or item.view is None:
        return "⚠️"
    if not _is_there(item.view):
        return "🗑"
    return "✅" if item.view.stored else "⏳"


def _name(texts: Texts, item: Item) -> str:
    if item.view is not None:
        return item.view.filename
    error = item.error or {}
    return str(error.get("filename") or texts.plain(f"kind-{error.get('file_type') or FileType.DOCUMENT}"))


def _is_there(view: MediaView) -> bool:
    return view.status not in GONE


def _keyboard(texts: Texts, items: Sequence[Item]) -> InlineKeyboardMarkup | None:
    single = len(items) == 1
    buttons = [found for item in items if (found := _button(texts, item, single=single)) is not None]
    if not buttons:
        return None
    return InlineKeyboardMarkup(inline_keyboard=rows_of(buttons[:_SHOWN_BUTTONS], 2))


def _button(texts: Texts, item: Item, *, single: bool) -> InlineKeyboardButton | None:
    """For the owner, where there is something to delete or to take back. A duplicate is deleted on its own card."""
    if item.view is None or item.error is not None or item.duplicate or not item.deletable:
        return None
    media_id = item.view.id
    one = "" if single else "-one"
    match item.view.status:
        case MediaStatus.DELETED:
            return None
        case MediaStatus.DELETING:
            return button(
                texts.plain(f"button-undo{one}", **_id(media_id, single=single)), RestoreMedia(id=media_id, card=True)
            )
    return button(
        texts.plain(f"button-delete{one}", **_id(media_id, single=single)), DeleteMedia(id=media_id, card=True)
    )


def _id(media_id: int, *, single: bool) -> dict[str, str]:
    return {} if single else {"id": str(media_id)}
