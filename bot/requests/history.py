"""What was done, in words: one line for an entry of the audit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardMarkup

from bot.keyboards import button
from bot.lines import name_alone, short_name
from bot.media.pages import Page
from bot.texts import Texts
from storage.catalog.history import History

CHANGES_SHOWN = 12
_LONGEST_NAME = 32
_MEDIA_SHOWN = 10

ACTIONS = frozenset(
    {
        *("taken_in", "attached", "detached", "updated", "deleted", "restored", "expired", "refused", "archiving"),
        *("archived", "sent", "link_created", "link_revoked", "link_used", "invited", "invitation_revoked"),
        *("not_needed", "needed_again", "request_opened", "event_redelivered"),
        *("request_renamed", "request_merged", "anonymised"),
    }
)
"""What is done to media and requests and has words of its own; all else is told as a change."""

_FIELDS = ("filename", "description", "category", "tags", "external_id", "expires_at")


class HistoryPage(CallbackData, prefix="hi"):
    """A page of a media's history, from 0."""

    id: int
    page: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Who:
    """An actor of the audit as people know them."""

    name: str | None
    actor: str

    def shown(self, texts: Texts) -> str:
        if self.name:
            return short_name(self.name, _LONGEST_NAME)
        kind = self.actor.partition(":")[0]
        known = {"system": "who-system", "link": "who-link", "invitation": "who-invitation"}
        return texts.plain(known.get(kind, "who-somebody"))


def event_line(
    texts: Texts,
    *,
    at: datetime,
    action: str,
    who: str | None,
    actor: str,
    media_ids: Sequence[int] = (),
    detail: Mapping[str, Any],
    number: str | None = None,
) -> str:
    """``at`` is local time. ``media_ids`` and ``number`` are told where they do not go without saying. HTML."""
    what = texts.plain(f"event-{action}" if action in ACTIONS else "event-other", action=action)
    about = [f"#{media_id}" for media_id in media_ids[:_MEDIA_SHOWN]]
    about += ["…"] if len(media_ids) > _MEDIA_SHOWN else []
    about += [number] if number is not None else []
    about += _changed(texts, action, detail)
    return texts(
        "event-line" if about else "event-line-plain",
        when=f"{at:%d.%m.%Y %H:%M}",
        who=_Who(name=who, actor=actor).shown(texts),
        what=what,
        about=", ".join(about),
    )


def history_page(
    texts: Texts, history: History, page: int, *, names: Mapping[str, str | None], timezone: tzinfo
) -> Page:
    """``history`` holds the changes of ``page``."""
    pages = max(1, -(-history.total // CHANGES_SHOWN))
    lines = [texts("history-title", id=str(history.media_id), name=name_alone(texts, history.filename)), ""]
    lines += [
        event_line(
            texts,
            at=change.at.astimezone(timezone),
            action=change.action,
            who=names[change.by],
            actor=change.by,
            number=change.request_number,
            detail=change.detail,
        )
        for change in history.changes
    ] or [texts("request-timeline-empty")]
    if pages > 1:
        lines += ["", texts("list-page", page=page + 1, pages=pages)]
    turning = []
    if page > 0:
        turning.append(button(texts.plain("button-previous"), HistoryPage(id=history.media_id, page=page - 1)))
    if page < pages - 1:
        turning.append(button(texts.plain("button-next"), HistoryPage(id=history.media_id, page=page + 1)))
    return Page(text="\n".join(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=[turning]) if turning else None)


def _changed(texts: Texts, action: str, detail: Mapping[str, Any]) -> list[str]:
    """The names of the fields that a change touched."""
    if action != "updated":
        return []
    changed = detail.get("changed")
    return [texts.plain(f"field-{name}") for name in _FIELDS if isinstance(changed, list) and name in changed]
