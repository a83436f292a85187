"""Showing a request to staff: the message about it, its albums, its page. Others are told what they would be told of
a request that does not exist.
"""

from dataclasses import replace
from datetime import tzinfo
from urllib.parse import urlsplit

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramRetryAfter
from aiogram.types import CallbackQuery, MaybeInaccessibleMessageUnion, Message

from bot.media.pages import Page
from bot.requests.albums import Albums, AlbumSender, albums_of
from bot.requests.pages import (
    PICTURES,
    State,
    list_page,
    overview_keyboard,
    overview_page,
    timeline_page,
)
from bot.saying import say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.catalog.request_files import RequestFile
from storage.request_numbers import RequestNumber
from storage.use_cases import UseCases
from storage.work_orders.port import WorkOrder

log = structlog.get_logger(__name__)

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class RequestViewer:
    """``local_telegram``: people sit at this machine, so that a ``public_url`` that is only local leads somewhere."""

    def __init__(
        self, *, bot: Bot, use_cases: UseCases, timezone: tzinfo, public_url: str, local_telegram: bool
    ) -> None:
        self._bot = bot
        self._use_cases = use_cases
        self._timezone = timezone
        self._public_url = public_url.rstrip("/")
        self._has_page = local_telegram or urlsplit(public_url).hostname not in _LOCAL
        self._sender = AlbumSender(bot=bot, previews=use_cases.previews)

    async def show(self, message: Message, person: PersonView, texts: Texts, number: RequestNumber) -> None:
        """The message, then the first album."""
        state = await self._now(person, State(number, url=self._url(person, number)))
        files = await self._files(person, state.number)
        albums = albums_of(files)
        first = state.after(PICTURES) if albums.pictures else state
        page = await self._overview(person, texts, first, files, albums)
        if page is None:
            await say(self._bot, message, texts("request-nothing", number=state.number))
            return
        text = page.text
        if state.number != number:
            text = f"{texts('request-now', former=number, number=state.number)}\n{text}"
        head = await say(self._bot, message, text, page.keyboard)
        if albums.pictures and await self._send(message, texts, state, albums, PICTURES) is not None:
            await self._put(head, texts, state, albums)  # the button is there to try again

    async def show_timeline(self, message: Message, person: PersonView, texts: Texts, number: RequestNumber) -> None:
        """What happened to the request, as a message of its own."""
        page = await self.timeline(person, texts, State(number, url=self._url(person, number)), 0)
        if page is None:
            await say(self._bot, message, texts("request-nothing", number=number))
        else:
            await say(self._bot, message, page.text, page.keyboard)

    def state_of(
        self, query: CallbackQuery, person: PersonView, number: RequestNumber, pictures: int, papers: int
    ) -> State:
        """What a pressed button says, and the link that its message already has."""
        markup = query.message.reply_markup if isinstance(query.message, Message) else None
        rows = markup.inline_keyboard if markup is not None else []
        url = next((one.url for row in rows for one in row if one.url and "/r/" in one.url), None)
        return State(number, max(0, pictures), max(0, papers), url or self._url(person, number))

    async def overview(self, person: PersonView, texts: Texts, state: State) -> Page | None:
        """None: there is nothing that this person may see."""
        state = await self._now(person, state)
        files = await self._files(person, state.number)
        return await self._overview(person, texts, state, files, albums_of(files))

    async def listed(self, person: PersonView, texts: Texts, state: State, page: int) -> Page | None:
        state = await self._now(person, state)
        files = await self._files(person, state.number)
        return list_page(texts, state, files, page, timezone=self._timezone) if files else None

    async def timeline(self, person: PersonView, texts: Texts, state: State, page: int) -> Page | None:
        if not person.is_staff:
            return None
        state = await self._now(person, state)
        found = await self._use_cases.timelines.of_request(person.caller, state.number)
        order = await self._order(person, state.number)
        if not found.events and order is None:
            return None
        names = await self._use_cases.names.of(event.by for event in found.events)
        return timeline_page(texts, state, found, page, names=names, timezone=self._timezone, order=order)

    async def send_next(
        self, message: MaybeInaccessibleMessageUnion, person: PersonView, texts: Texts, state: State, what: str
    ) -> str | None:
        """Send the next album, once: the message's own buttons say what was sent. What is said is for a pop-up."""
        state = await self._now(person, state)
        files = await self._files(person, state.number)
        if not files:
            return texts.plain("request-nothing", number=state.number)
        albums = albums_of(files)
        if not _next(albums, state, what) or not await self._put(message, texts, state.after(what), albums):
            return texts.plain("request-sent-already")
        failure = await self._send(message, texts, state, albums, what)
        if failure is not None:
            await self._put(message, texts, state, albums)
        return failure

    async def _now(self, person: PersonView, state: State) -> State:
        """Under the number that the request has now: a message may be older than its new number."""
        number = await self._use_cases.work_orders.gate.current(state.number)
        return state if number == state.number else replace(state, number=number, url=self._url(person, number))

    async def _send(
        self, message: MaybeInaccessibleMessageUnion, texts: Texts, state: State, albums: Albums, what: str
    ) -> str | None:
        files = _next(albums, state, what)
        span = albums.pictures_after(state.pictures) if what == PICTURES else albums.papers_after(state.papers)
        caption = texts("request-album", number=state.number, span=span or "")
        try:
            sent = await self._sender.send(message, files, caption)
        except TelegramAPIError as error:
            log.warning("album_not_sent", chat_id=message.chat.id, error=type(error).__name__)
            if isinstance(message, Message) and isinstance(error, TelegramRetryAfter):
                return texts.plain("request-album-later", seconds=error.retry_after)
            return texts.plain("request-album-failed")
        return None if sent else texts.plain("request-album-failed")

    async def _put(self, message: MaybeInaccessibleMessageUnion, texts: Texts, state: State, albums: Albums) -> bool:
        """Put the buttons of ``state`` under the message. False where they are there: somebody was quicker."""
        keyboard = overview_keyboard(texts, state, albums)
        try:
            await self._bot.edit_message_reply_markup(
                chat_id=message.chat.id, message_id=message.message_id, reply_markup=keyboard
            )
        except TelegramBadRequest as error:
            if "message is not modified" in error.message:
                return False
            log.info("buttons_not_changed", description=error.message)
        return True

    async def _order(self, person: PersonView, number: RequestNumber) -> WorkOrder | None:
        return await self._use_cases.work_orders.of_one(number) if person.is_staff else None

    async def _files(self, person: PersonView, number: RequestNumber) -> list[RequestFile]:
        if not person.is_staff:
            return []
        return await self._use_cases.request_files.of_request(person.caller, number)

    async def _overview(
        self, person: PersonView, texts: Texts, state: State, files: list[RequestFile], albums: Albums
    ) -> Page | None:
        order = await self._order(person, state.number)
        if not files and order is None:
            return None
        names = await self._use_cases.names.of(file.view.owner for file in files)
        return overview_page(texts, state, files, names=names, albums=albums, timezone=self._timezone, order=order)

    def _url(self, person: PersonView, number: RequestNumber) -> str | None:
        """The page, in the person's name; None where it would lead nowhere."""
        if not self._has_page or not person.is_staff:
            return None
        return f"{self._public_url}/r/{self._use_cases.request_links.make(person.telegram_id, number).token}"


def _next(albums: Albums, state: State, what: str) -> tuple[RequestFile, ...]:
    """The album that comes next; empty after the last."""
    found, sent = (albums.pictures, state.pictures) if what == PICTURES else (albums.papers, state.papers)
    return found[sent] if sent < len(found) else ()
