"""A request in a chat: one message that says what there is, its list of files, and what happened; all by buttons."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.keyboards import GetMedia, button, rows_of
from bot.lines import list_line, short_name
from bot.media.pages import Page
from bot.requests.albums import Albums
from bot.requests.history import event_line
from bot.requests.orders import order_lines
from bot.texts import Texts
from storage.catalog.request_files import Obstacle, RequestFile
from storage.catalog.timeline import Event, Timeline
from storage.request_numbers import RequestNumber
from storage.work_orders.port import WorkOrder

PAGE_SIZE = 8
EVENTS_SHOWN = 12
_NAMED, _PEOPLE, _CATEGORIES = 5, 4, 8

OVERVIEW, LIST, TIMELINE = "o", "l", "t"
PICTURES, PAPERS = "p", "d"


class RequestView(CallbackData, prefix="rv"):
    """Turn the message to a view of the request. ``pictures`` and ``papers``: the albums that were sent already."""

    number: str
    view: str
    page: int
    pictures: int
    papers: int


class RequestSend(CallbackData, prefix="rs"):
    """Send the next album of pictures, or of papers."""

    number: str
    what: str
    pictures: int
    papers: int


class RequestLinkHelp(CallbackData, prefix="rl"):
    """Say why there is no link to the page."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a message about a request stands. ``url`` leads to the page, None where it is only local."""

    number: RequestNumber
    pictures: int = 0
    papers: int = 0
    url: str | None = None

    def view(self, view: str, page: int = 0) -> RequestView:
        return RequestView(number=self.number, view=view, page=page, pictures=self.pictures, papers=self.papers)

    def send(self, what: str) -> RequestSend:
        return RequestSend(number=self.number, what=what, pictures=self.pictures, papers=self.papers)

    def after(self, what: str) -> "State":
        """Once the next album of ``what`` is sent."""
        if what == PICTURES:
            return replace(self, pictures=self.pictures + 1)
        return replace(self, papers=self.papers + 1)


def overview_page(
    texts: Texts,
    state: State,
    files: Sequence[RequestFile],
    *,
    names: Mapping[str, str | None],
    albums: Albums,
    timezone: tzinfo,
    order: WorkOrder | None = None,
) -> Page:
    """What there is: what is to be done, files by kind and category, from whom and when, and what is not here."""
    about = order_lines(texts, order)
    lines = [
        texts("request-title", number=state.number, count=len(files)),
        *about,
        *([] if files else [texts("order-no-files")]),
        *([texts("order-unverified")] if any(file.view.unverified_request for file in files) else []),
        *([""] if about else []),
        *_categories(texts, files),
        *_origin(texts, files, names, timezone),
    ]
    held = _obstacles(texts, files)
    lines += ["", *held] if held else []
    return Page(text="\n".join(lines), keyboard=overview_keyboard(texts, state, albums))


def overview_keyboard(texts: Texts, state: State, albums: Albums) -> InlineKeyboardMarkup:
    sending = []
    if more := albums.pictures_after(state.pictures):
        sending.append(button(texts.plain("request-button-pictures", span=more), state.send(PICTURES)))
    if more := albums.papers_after(state.papers):
        sending.append(button(texts.plain("request-button-papers", span=more), state.send(PAPERS)))
    looking = [
        button(texts.plain("request-button-list"), state.view(LIST)),
        button(texts.plain("request-button-timeline"), state.view(TIMELINE)),
    ]
    page = texts.plain("request-button-page")
    link = button(page, RequestLinkHelp()) if state.url is None else InlineKeyboardButton(text=page, url=state.url)
    return InlineKeyboardMarkup(inline_keyboard=[*([sending] if sending else []), looking, [link]])


def list_page(texts: Texts, state: State, files: Sequence[RequestFile], page: int, *, timezone: tzinfo) -> Page:
    """All files, a line each, with buttons that send one."""
    pages = max(1, -(-len(files) // PAGE_SIZE))
    page = max(0, min(page, pages - 1))
    shown = [file.view for file in files[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]]
    lines = [texts("request-title", number=state.number, count=len(files)), ""]
    lines += [list_line(texts, replace(view, request_numbers=()), timezone) for view in shown]
    rows = rows_of([button(texts.plain("button-get", id=str(view.id)), GetMedia(id=view.id)) for view in shown])
    return _paged(texts, state, _Turn(LIST, page, pages), lines, rows)


def timeline_page(
    texts: Texts,
    state: State,
    timeline: Timeline,
    page: int,
    *,
    names: Mapping[str, str | None],
    timezone: tzinfo,
    order: WorkOrder | None = None,
) -> Page:
    """What happened, the newest first."""
    moments = _together(timeline.events[::-1], timezone)
    pages = max(1, -(-len(moments) // EVENTS_SHOWN))
    page = max(0, min(page, pages - 1))
    lines = [texts("request-timeline", number=state.number), *order_lines(texts, order), ""]
    lines += [
        event_line(
            texts,
            at=same[0].at.astimezone(timezone),
            action=same[0].event,
            who=names[same[0].by],
            actor=same[0].by,
            media_ids=sorted({event.media_id for event in same if event.media_id is not None}),
            detail=same[0].detail,
        )
        for same in moments[page * EVENTS_SHOWN : (page + 1) * EVENTS_SHOWN]
    ] or [texts("request-timeline-empty")]
    return _paged(texts, state, _Turn(TIMELINE, page, pages), lines, [])


def _together(events: Sequence[Event], timezone: tzinfo) -> list[list[Event]]:
    """What one did to several files within a minute is one thing: an album is attached, not ten files."""
    same: dict[tuple[object, ...], list[Event]] = {}
    for event in events:
        minute = event.at.astimezone(timezone).replace(second=0, microsecond=0)
        same.setdefault((minute, event.by, event.event, str(event.detail.get("changed"))), []).append(event)
    return list(same.values())


@dataclass(frozen=True, slots=True)
class _Turn:
    """Which page of a view, from 0, of how many."""

    view: str
    page: int
    pages: int


def _paged(texts: Texts, state: State, turn: _Turn, lines: list[str], rows: list[list[InlineKeyboardButton]]) -> Page:
    turning = []
    if turn.page > 0:
        turning.append(button(texts.plain("button-previous"), state.view(turn.view, turn.page - 1)))
    if turn.page < turn.pages - 1:
        turning.append(button(texts.plain("button-next"), state.view(turn.view, turn.page + 1)))
    if turn.pages > 1:
        lines = [*lines, "", texts("list-page", page=turn.page + 1, pages=turn.pages)]
    back = [button(texts.plain("request-button-back"), state.view(OVERVIEW))]
    if state.url is not None:  # kept in the message: whoever comes back finds the same link
        back.append(InlineKeyboardButton(text=texts.plain("request-button-page"), url=state.url))
    return Page(
        text="\n".join(lines),
        keyboard=InlineKeyboardMarkup(inline_keyboard=[*rows, *([turning] if turning else []), back]),
    )


def _categories(texts: Texts, files: Sequence[RequestFile]) -> list[str]:
    """What the files show; how many of each, unless the title has said it."""
    counted = Counter(file.category for file in files)
    if len(counted) == 1:
        return [texts.plain(f"category-{category}") for category in counted]
    return [
        texts("request-category", category=texts.plain(f"category-{category}"), count=count)
        for category, count in counted.most_common(_CATEGORIES)
    ]


def _origin(texts: Texts, files: Sequence[RequestFile], names: Mapping[str, str | None], timezone: tzinfo) -> list[str]:
    """Who gave the files, and on which days."""
    days = sorted({file.view.uploaded_at.astimezone(timezone).date() for file in files})
    if not days:
        return []
    when = " – ".join(f"{day:%d.%m.%Y}" for day in dict.fromkeys((days[0], days[-1])))
    people = list(dict.fromkeys(name for file in files if (name := names[file.view.owner])))
    if not people:
        return ["", texts("request-when", when=when)]
    shown = ", ".join(short_name(name, 24) for name in people[:_PEOPLE]) + (" …" if len(people) > _PEOPLE else "")
    return ["", texts("request-origin", who=shown, when=when)]


def _obstacles(texts: Texts, files: Sequence[RequestFile]) -> list[str]:
    lines = []
    for obstacle in Obstacle:
        ids = [str(file.view.id) for file in files if file.obstacle is obstacle]
        if ids:
            shown = ", ".join(ids[:_NAMED]) + (" …" if len(ids) > _NAMED else "")
            lines.append(texts(f"request-{obstacle.replace('_', '-')}", ids=shown, first=ids[0]))
    return lines
