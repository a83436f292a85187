"""Lists of media, a page at a time: the text and the buttons."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.keyboards import GetMedia, MyPage, RequestPage, button, rows_of
from bot.lines import list_line
from bot.texts import Texts
from storage.request_numbers import RequestNumber
from storage.views import MediaView

PAGE_SIZE = 8
REQUEST_LIMIT = 200
"""How many of a request's media are counted; the API's page is as large."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """HTML and its buttons."""

    text: str
    keyboard: InlineKeyboardMarkup | None = None


def my_page(texts: Texts, views: Sequence[MediaView], *, page: int, total: int) -> Page:
    """One's own files: ``views`` are those of ``page``, ``total`` how many there are."""
    if not total:
        return Page(text=texts("my-empty"))
    pages = _pages(total)
    lines = [texts("my-title", count=total), "", *(list_line(texts, view) for view in views)]
    return Page(
        text=_with_page(texts, lines, page, pages),
        keyboard=_keyboard(texts, views, page, pages, lambda at: MyPage(page=at)),
    )


def request_page(texts: Texts, number: RequestNumber, views: Sequence[MediaView], *, page: int) -> Page:
    """A request's files: ``views`` are all of them, up to `REQUEST_LIMIT`."""
    if not views:
        return Page(text=texts("request-empty", number=number))
    pages = _pages(len(views))
    page = min(page, pages - 1)
    shown = views[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
    many = "-many" if len(views) >= REQUEST_LIMIT else ""
    lines = [texts(f"request-title{many}", number=number, count=len(views)), *_counts(texts, views), ""]
    lines += [list_line(texts, view) for view in shown]
    return Page(
        text=_with_page(texts, lines, page, pages),
        keyboard=_keyboard(texts, shown, page, pages, lambda at: RequestPage(number=number, page=at)),
    )


def _pages(total: int) -> int:
    return max(1, -(-total // PAGE_SIZE))


def _counts(texts: Texts, views: Sequence[MediaView]) -> list[str]:
    counted = Counter(view.category for view in views)
    return [
        texts("request-category", category=texts.plain(f"category-{category}"), count=count)
        for category, count in counted.most_common()
    ]


def _with_page(texts: Texts, lines: list[str], page: int, pages: int) -> str:
    if pages > 1:
        lines = [*lines, "", texts("list-page", page=page + 1, pages=pages)]
    return "\n".join(lines)


def _keyboard(
    texts: Texts, views: Sequence[MediaView], page: int, pages: int, at: Callable[[int], CallbackData]
) -> InlineKeyboardMarkup | None:
    rows = rows_of([button(texts.plain("button-get", id=str(view.id)), GetMedia(id=view.id)) for view in views])
    turning: list[InlineKeyboardButton] = []
    if page > 0:
        turning.append(button(texts.plain("button-previous"), at(page - 1)))
    if page < pages - 1:
        turning.append(button(texts.plain("button-next"), at(page + 1)))
    rows += [turning] if turning else []
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None
