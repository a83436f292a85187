"""What is said about requests and their history, and which files go into one album."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import storage
from bot.requests.albums import ALBUM_MOST, albums_of
from bot.requests.history import ACTIONS, HistoryPage, event_line, history_page
from bot.requests.pages import PICTURES, State, list_page, overview_page, timeline_page
from bot.texts import load_catalogue
from storage.catalog.history import Change, History
from storage.catalog.request_files import RequestFile, Side, side_of
from storage.catalog.timeline import Event, Timeline
from storage.domain import Category, FileType, MediaId
from storage.request_numbers import RequestNumber
from storage.views import TelegramPlace
from tests.unit.test_bot_rendering import view

EN = load_catalogue()("en")
NUMBER = RequestNumber("250926-123456789")
NOW = datetime(2025, 9, 26, 8, 15, tzinfo=UTC)
PLACE = TelegramPlace(channel_id=-100, message_id=5, file_id="id", parts=1)


def file(media_id: int = 1, kind: FileType = FileType.PHOTO, **fields: Any) -> RequestFile:
    values: dict[str, Any] = {"file_type": kind, "source": "telegram", "telegram": PLACE, **fields}
    shown = view(media_id, **values)
    return RequestFile(view=shown, category=shown.category, attached_by="telegram:5", attached_at=NOW, damaged=False)


def sizes(files: list[RequestFile]) -> tuple[list[int], list[int]]:
    albums = albums_of(files)
    return [len(one) for one in albums.pictures], [len(one) for one in albums.papers]


def test_albums_hold_what_telegram_shows_together() -> None:
    films = [file(at, FileType.VIDEO) for at in range(3)]
    photos = [file(at) for at in range(20)]
    assert sizes([*films, *photos]) == ([ALBUM_MOST, ALBUM_MOST, 3], [])
    papers = [file(1, FileType.VOICE), file(2, FileType.DOCUMENT), file(3, FileType.AUDIO), file(4, FileType.STICKER)]
    assert sizes([*papers, file(5, FileType.DOCUMENT)]) == ([], [2, 1, 1, 1])
    by_http: dict[str, Any] = {"source": "http", "previewable": True}
    from_http = [file(1, **by_http), file(2, FileType.VIDEO, **by_http), file(3, **by_http | {"previewable": False})]
    assert sizes(from_http) == ([1], [2])


def test_what_cannot_be_sent_is_in_no_album() -> None:
    moving = file(1, telegram=None)
    split = file(2, telegram=replace(PLACE, parts=4))
    assert sizes([moving, split, replace(file(3), damaged=True)]) == ([], [])


def test_an_overview_of_a_thousand_files_fits() -> None:
    """TELEGRAM.md, Limits: 4096 characters, and 64 bytes for each button."""
    files = [
        replace(file(2**60 + at, filename="<b>&" * 60, telegram=None), category=list(Category)[at % len(Category)])
        for at in range(1000)
    ]
    state = State(NUMBER, pictures=99, papers=99, url="https://example.com/r/x")
    names = {"telegram:5": "<i>" + "A" * 300}
    overview = overview_page(EN, state, files, names=names, albums=albums_of(files), timezone=UTC)
    assert "1,000 files" in overview.text
    assert "&lt;i&gt;AAA" in overview.text
    for page in (overview, list_page(EN, state, files, 10**9, timezone=UTC)):
        assert len(page.text) < 4096
        assert page.keyboard is not None
        for button in (one for row in page.keyboard.inline_keyboard for one in row):
            assert button.callback_data is None or len(button.callback_data.encode()) <= 64
    assert len(state.send(PICTURES).pack()) <= 64
    assert len(HistoryPage(id=2**63 - 1, page=10**6).pack()) <= 64


def test_a_timeline_tells_the_newest_first_and_fits() -> None:
    events = [
        Event(
            at=NOW + timedelta(minutes=at),
            event="updated",
            by="telegram:5",
            media_id=2**60 + at,
            media=None,
            detail={"changed": ["filename", "description", "category", "tags", "external_id", "expires_at"]},
        )
        for at in range(100)
    ]
    timeline = Timeline(number=NUMBER, events=events, total_files=1)
    names = {"telegram:5": "&" * 300}
    first = timeline_page(EN, State(NUMBER), timeline, 0, names=names, timezone=UTC)
    assert first.text.splitlines()[2].startswith("26.09.2025 09:54")
    assert len(re.sub(r"&amp;", "&", first.text)) < 4096
    assert first.text.endswith("Page 1 of 9")


def test_what_is_done_to_an_album_is_one_line() -> None:
    events = [
        Event(at=NOW + timedelta(seconds=at), event=event, by="telegram:5", media_id=at + 1, media=None, detail={})
        for at in range(12)
        for event in ("attached", "taken_in")
    ]
    timeline = Timeline(number=NUMBER, events=events, total_files=12)
    page = timeline_page(EN, State(NUMBER), timeline, 0, names={"telegram:5": "Aziza"}, timezone=UTC)
    ids = ", ".join(f"#{at}" for at in range(1, 11))
    assert page.text.splitlines()[2:] == [
        f"26.09.2025 08:15 · <b>Aziza</b>: received {ids}, …",
        f"26.09.2025 08:15 · <b>Aziza</b>: attached {ids}, …",
    ]


def test_a_history_in_words() -> None:
    change = Change(
        at=NOW, action="updated", by="telegram:5", media_id=17, request_number=None, detail={"changed": ["tags"]}
    )
    history = History(media_id=MediaId(17), filename="leak.jpg", changes=[change], total=1)
    page = history_page(EN, history, 0, names={"telegram:5": "Aziza"}, timezone=UTC)
    assert page.text.endswith("26.09.2025 08:15 · <b>Aziza</b>: changed tags")
    assert page.keyboard is None


def test_who_has_no_name_is_still_somebody() -> None:
    for actor, shown in (("system", "Mediagate"), ("link:5", "somebody with a link"), ("telegram:9", "somebody")):
        line = event_line(EN, at=NOW, action="deleted", who=None, actor=actor, media_ids=[5], detail={})
        assert line == f"26.09.2025 08:15 · <b>{shown}</b>: deleted #5"


def test_every_change_of_a_media_has_words() -> None:
    """Each call of `record` or `change_row` that names a media or a request."""
    source = "\n".join(path.read_text() for path in Path(storage.__path__[0]).rglob("*.py"))
    calls = re.findall(r'\b(?:record\(\s*session,|change_row\()[^,]+,\s*"([a-z_]+)"([^)]*)', source)
    assert len(calls) > 10
    told = {action for action, rest in calls if "media_id=" in rest or "request_number=" in rest}
    assert {"attached", "deleted", "taken_in"} <= told
    assert told <= ACTIONS, told - ACTIONS


def test_every_category_has_its_side() -> None:
    assert side_of(Category.REQUEST_PHOTO) is Side.BEFORE
    assert side_of(Category.COMPLETION_VIDEO) is side_of(Category.REPORT_DOCUMENT) is Side.AFTER
    assert side_of(Category.PROCESS_VIDEO) is Side.DURING
    assert side_of(Category.AVATAR) is side_of(Category.OTHER) is Side.OTHER
