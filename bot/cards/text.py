"""What a card says and which buttons it has: a pure function of what the rows say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from hashlib import sha256
from typing import Any

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.errors import explain_json
from bot.keyboards import DeleteMedia, GetMedia, NumberCard, RestoreMedia, UploadPage, WordCard, button, rows_of
from bot.lines import facts_line, short_name, short_words, shown_name
from bot.sizes import size_text
from bot.texts import Texts
from storage.domain import GONE, FileType, MediaStatus
from storage.views import MediaView

_MOST = 3600
"""Characters of HTML; what Telegram counts (4096, after parsing) is never more."""

_SHOWN_BUTTONS = 20


_ENDED = {"upload_terminated": "upload-cancelled", "upload_expired": "upload-expired", "upload_refused": "upload-lost"}
"""What an upload ended with that no error ended: `storage.resumable.model.Outcome`."""

_ALL = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Moving:
    """An upload on its way: so many bytes have come, of ``total`` where that is known."""

    filename: str | None
    received: int
    total: int | None

    @property
    def percent(self) -> int | None:
        """Whole ones; 100 only when all is there."""
        if not self.total:
            return None
        return min(_ALL, self.received * _ALL // self.total)


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A media on a card, an upload that becomes one, or the reason why there is none.

    ``waiting``: it takes Telegram longer than usual. ``refusal``: why it was kept without the request that was named.
    """

    message_id: int
    moving: Moving | None = None
    view: MediaView | None = None
    error: Mapping[str, Any] | None = None
    refusal: Mapping[str, Any] | None = None
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


def render_card(
    texts: Texts, items: Sequence[Item], *, album: bool, timezone: tzinfo, private: bool = False
) -> RenderedCard:
    """The card of a file, or of an album's files in their order. ``private``: its reader is its sender, and alone."""
    heading, common = [], _common_words(items)
    if album and len(items) > 1:
        heading = [texts("card-album", count=len(items)) + _words_line(texts, common)]
    blocks = [_block(texts, item, timezone, words=not (heading and common)) for item in items]
    keyboard = _keyboard(texts, items, private=private)
    return RenderedCard(text="\n\n".join(heading + _fitting(texts, blocks)), keyboard=keyboard)


def _common_words(items: Sequence[Item]) -> str | None:
    """What was said about all of them alike."""
    said = {item.view.description if item.view is not None else None for item in items}
    return said.pop() if len(said) == 1 else None


def _words_line(texts: Texts, words: str | None) -> str:
    return "\n" + texts("card-words", words=short_words(words)) if words else ""


def _fitting(texts: Texts, blocks: list[str]) -> list[str]:
    taken, length = 0, 0
    for block in blocks:
        length += len(block) + 2
        if length > _MOST:
            break
        taken += 1
    left = len(blocks) - taken
    return blocks[:taken] + ([texts("card-more", count=left)] if left else [])


def _block(texts: Texts, item: Item, timezone: tzinfo, *, words: bool) -> str:
    lines = [texts("card-title", icon=_icon(item), name=_name(texts, item, timezone))]
    if item.view is not None and _is_there(item.view):
        facts = facts_line(texts, item.view)
        line = f"{facts} · {texts('card-id', id=str(item.view.id))}"
        lines.append(line + _words_line(texts, item.view.description if words else None))
    lines.append(_state(texts, item))
    if item.view is not None and _is_there(item.view):
        if item.duplicate:
            sent_on = item.view.uploaded_at.astimezone(timezone).strftime("%d.%m.%Y")
            lines.append(texts("card-duplicate", date=sent_on))
            lines.append(texts("card-duplicate-here"))
        if item.refusal is not None and not item.view.request_numbers:
            lines.append(texts("card-number-refused", reason=explain_json(texts, item.refusal)))
        if not item.view.deliverable:
            lines.append(texts("card-only-here", id=str(item.view.id)))
    return "\n".join(lines)


def _state(texts: Texts, item: Item) -> str:
    if item.moving is not None:
        return _progress(texts, item.moving)
    if item.error is not None or item.view is None:
        return _reason(texts, item.error or {})
    match item.view.status:
        case MediaStatus.DELETING:
            return texts("card-deleting")
        case MediaStatus.DELETED:
            return texts("card-deleted")
    if item.view.stored:
        return texts("card-stored")
    return texts("card-waiting" if item.waiting else "card-received")


def _progress(texts: Texts, moving: Moving) -> str:
    received = size_text(texts, moving.received)
    if moving.percent is None or moving.total is None:
        return texts("upload-moving-open", received=received)
    return texts("upload-moving", percent=str(moving.percent), received=received, total=size_text(texts, moving.total))


def _reason(texts: Texts, error: Mapping[str, Any]) -> str:
    ended = _ENDED.get(str(error.get("code")))
    return texts("card-refused", reason=explain_json(texts, error)) if ended is None else texts(ended)


def _icon(item: Item) -> str:
    if item.moving is not None:
        return "⬆️"
    if item.error is not None or item.view is None:
        return "⚠️"
    if not _is_there(item.view):
        return "🗑"
    return "✅" if item.view.stored else "⏳"


def _name(texts: Texts, item: Item, timezone: tzinfo) -> str:
    if item.view is not None:
        return shown_name(texts, item.view, timezone, dated=False)
    if item.moving is not None and item.moving.filename:
        return short_name(item.moving.filename)
    error = item.error or {}
    return short_name(str(error.get("filename") or texts.plain(f"kind-{error.get('file_type') or FileType.DOCUMENT}")))


def _is_there(view: MediaView) -> bool:
    return view.status not in GONE


def _keyboard(texts: Texts, items: Sequence[Item], *, private: bool) -> InlineKeyboardMarkup | None:
    single = len(items) == 1
    rows = [_about_all(texts, items), _ways_round(texts, items)] if private else []
    buttons = [found for item in items if (found := _button(texts, item, single=single)) is not None]
    rows += rows_of(buttons[:_SHOWN_BUTTONS], 2)
    rows = [row for row in rows if row]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _about_all(texts: Texts, items: Sequence[Item]) -> list[InlineKeyboardButton]:
    """What is still to be said about the sender's files, and can be said at once for the whole card."""
    views = [item.view for item in items if item.view is not None and _is_own(item) and _is_there(item.view)]
    buttons = []
    if views and not any(view.request_numbers for view in views):
        buttons.append(button(texts.plain("button-attach"), NumberCard()))
    if views and not any(view.description for view in views):
        buttons.append(button(texts.plain("button-describe"), WordCard()))
    return buttons


def _ways_round(texts: Texts, items: Sequence[Item]) -> list[InlineKeyboardButton]:
    """For a file that was sent before: that one. For what only Telegram can give back: the upload page."""
    there = [(item, item.view) for item in items if item.view is not None and not item.error and _is_there(item.view)]
    known = [view.id for item, view in there if item.duplicate]
    buttons = [button(texts.plain("button-get", id=str(media_id)), GetMedia(id=media_id)) for media_id in known[:4]]
    if any(not view.deliverable and not item.duplicate for item, view in there):
        buttons.append(button(texts.plain("button-upload-page"), UploadPage()))
    return buttons


def _is_own(item: Item) -> bool:
    """A duplicate is seen to on its own card."""
    return item.error is None and not item.duplicate and item.deletable


def _button(texts: Texts, item: Item, *, single: bool) -> InlineKeyboardButton | None:
    """For the owner, where there is something to delete or to take back."""
    if item.view is None or not _is_own(item):
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
