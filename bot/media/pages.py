"""Lists of media, a page at a time: the text and the buttons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from types import MappingProxyType

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.keyboards import FindPage, GetMedia, MyFilters, MyPage, MyRequests, button, rows_of
from bot.lines import NAME_SHOWN, list_line, short_words
from bot.texts import Texts
from storage.domain import FileType
from storage.request_numbers import InvalidRequestNumber, RequestNumber, parse_request_number
from storage.search.criteria import EVERYTHING, Criteria
from storage.views import MediaView

PAGE_SIZE = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """HTML and its buttons."""

    text: str
    keyboard: InlineKeyboardMarkup | None = None


def my_page(
    texts: Texts, views: Sequence[MediaView], *, page: int, total: int, only: str = "", timezone: tzinfo
) -> Page:
    """One's own files: ``views`` are those of ``page``, ``total`` how many the filter ``only`` leaves."""
    if not total and not only:
        return Page(text=texts("my-empty"))
    heading = texts("my-title", count=total)
    if only:
        what = filter_label(texts, only)
        heading = texts("my-filtered", what=what, count=total) if total else texts("my-filtered-empty", what=what)
    lines = [heading, "", *(list_line(texts, view, timezone) for view in views)] if total else [heading]
    pages = _pages(total)
    choose = button(texts.plain("my-choose"), MyFilters(only=only))
    return Page(
        text=_with_page(texts, lines, page, pages),
        keyboard=_keyboard(texts, views, page, pages, lambda at: MyPage(page=at, only=only), between=choose),
    )


def my_requests_page(texts: Texts, numbers: Sequence[tuple[RequestNumber, int]]) -> Page:
    """The requests one's own files belong to, each with how many."""
    chosen = [button(f"{number} · {count}", MyPage(page=0, only=number)) for number, count in numbers]
    text = texts("my-requests-title") if numbers else texts("my-requests-empty")
    rows = [*rows_of(chosen, 2), [button(texts.plain("button-previous"), MyFilters(only=""))]]
    return Page(text=text, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def filters_page(texts: Texts, only: str) -> Page:
    """What one's own files can be narrowed down to; ``only``: the present filter."""
    back = [button(texts.plain("button-previous"), MyPage(page=0, only=only))]
    return Page(
        text=texts("my-choose-title"), keyboard=InlineKeyboardMarkup(inline_keyboard=[*_filter_rows(texts, only), back])
    )


def find_page(
    texts: Texts,
    views: Sequence[MediaView],
    *,
    words: str,
    search: int,
    page: int,
    total: int,
    timezone: tzinfo,
) -> Page:
    """What a search found: ``views`` are those of ``page``."""
    words = short_words(words, NAME_SHOWN)
    if not total:
        return Page(text=texts("find-empty", words=words))
    pages = _pages(total)
    lines = [texts("find-title", words=words, count=total), "", *(list_line(texts, view, timezone) for view in views)]
    return Page(
        text=_with_page(texts, lines, page, pages),
        keyboard=_keyboard(texts, views, page, pages, lambda at: FindPage(search=search, page=at)),
    )


def criteria_of(only: str) -> Criteria | None:
    """What a filter of one's own files asks for; None for a made-up one."""
    if only in _FILTERS:
        return _FILTERS[only][1]
    try:
        return Criteria(request_numbers=(parse_request_number(only),))
    except InvalidRequestNumber:
        return None


def filter_label(texts: Texts, only: str) -> str:
    """What a filter is called, as plain text."""
    if only in _FILTERS:
        return texts.plain(_FILTERS[only][0])
    return texts.plain("my-of-request", number=only)


def _filter_rows(texts: Texts, only: str) -> list[list[InlineKeyboardButton]]:
    """A button for every filter; the present one is marked."""
    chosen = _BY_REQUEST if only not in _FILTERS else only
    buttons = [
        button(_marked(texts.plain(key), name == chosen), MyPage(page=0, only=name))
        for name, (key, _) in _FILTERS.items()
    ]
    by_request = button(_marked(texts.plain("my-by-request"), chosen == _BY_REQUEST), MyRequests())
    return rows_of([*buttons, by_request], _FILTERS_PER_ROW)


def _marked(label: str, chosen: bool) -> str:
    return f"• {label}" if chosen else label


_FILTERS_PER_ROW = 2
_BY_REQUEST = "by request"
_MOVING = (FileType.VIDEO, FileType.VIDEO_NOTE, FileType.ANIMATION)
_OTHERS = tuple(kind for kind in FileType if kind not in (FileType.PHOTO, *_MOVING))
_FILTERS = MappingProxyType(
    {
        "": ("my-all", EVERYTHING),
        "p": ("my-photos", Criteria(file_types=(FileType.PHOTO,))),
        "v": ("my-videos", Criteria(file_types=_MOVING)),
        "d": ("my-documents", Criteria(file_types=_OTHERS)),
        "w": ("my-waiting", Criteria(attached=False)),
    }
)
"""By the letter in the button: what it is called, and what it asks for. Anything else is a request number."""


def _pages(total: int) -> int:
    return max(1, -(-total // PAGE_SIZE))


def _with_page(texts: Texts, lines: list[str], page: int, pages: int) -> str:
    if pages > 1:
        lines = [*lines, "", texts("list-page", page=page + 1, pages=pages)]
    return "\n".join(lines)


def _keyboard(
    texts: Texts,
    views: Sequence[MediaView],
    page: int,
    pages: int,
    at: Callable[[int], CallbackData],
    *,
    between: InlineKeyboardButton | None = None,
) -> InlineKeyboardMarkup | None:
    rows = rows_of([button(texts.plain("button-get", id=str(view.id)), GetMedia(id=view.id)) for view in views])
    turning: list[InlineKeyboardButton] = []
    if page > 0:
        turning.append(button(texts.plain("button-previous"), at(page - 1)))
    if between is not None:
        turning.append(between)
    if page < pages - 1:
        turning.append(button(texts.plain("button-next"), at(page + 1)))
    rows += [turning] if turning else []
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None
