"""What cards and lists say."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.cards.text import Item, render_card
from bot.keyboards import DeleteMedia, MyFilters, MyPage, RestoreMedia
from bot.lines import list_line, name_alone, short_name
from bot.media.pages import my_page
from bot.texts import load_catalogue
from storage.domain import Category, FileType, MediaId, MediaStatus
from storage.views import MediaView

catalogue = load_catalogue()
EN = catalogue("en")


def view(media_id: int = 17, *, stored: bool = True, **fields: Any) -> MediaView:
    values: dict[str, Any] = {
        "id": MediaId(media_id),
        "owner": "telegram:5",
        "uploaded_by": None,
        "uploaded_by_name": None,
        "uploaded_by_language": None,
        "source": "telegram",
        "filename": "leak.jpg",
        "file_size": 48 * 1024,
        "content_type": "image/jpeg",
        "file_type": FileType.PHOTO,
        "category": Category.REQUEST_PHOTO,
        "description": None,
        "tags": (),
        "external_id": None,
        "request_numbers": (),
        "sha256": None,
        "width": None,
        "height": None,
        "duration": None,
        "status": MediaStatus.ACTIVE,
        "stored": stored,
        "verified": True,
        "unverified_request": False,
        "duplicate_of": None,
        "uploaded_at": datetime(2025, 9, 25, 22, 0, tzinfo=UTC),
        "archived_at": None,
        "expires_at": None,
        "telegram": None,
        "deliverable": True,
        "previewable": False,
    }
    return MediaView(**{**values, **fields})


def rendered(*items: Item, album: bool = False) -> tuple[str, list[str]]:
    card = render_card(EN, items, album=album, timezone=ZoneInfo("Asia/Tashkent"))
    rows = card.keyboard.inline_keyboard if card.keyboard else []
    return card.text, [button.callback_data or "" for row in rows for button in row]


def test_a_stored_file() -> None:
    text, buttons = rendered(Item(message_id=1, view=view(request_numbers=("250926-001",))))
    assert text == "✅ <b>leak.jpg</b>\nphoto, 48 KB · request 250926-001 · ID <code>17</code>\nStored"
    assert buttons == [DeleteMedia(id=17, card=True).pack()]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (Item(message_id=1, view=view(stored=False)), "being stored"),
        (Item(message_id=1, view=view(stored=False), waiting=True), "waiting for Telegram"),
        (Item(message_id=1, view=view(deliverable=False)), "/get 17"),
        (Item(message_id=1, view=view(), duplicate=True), "on 26.09.2025 already"),
        (Item(message_id=1, error={"code": "file_too_large", "limit": 1 << 30}), "larger than 1 GB"),
        (Item(message_id=1, view=view(), error={"code": "type_contradiction"}), "Not kept"),
    ],
)
def test_states(item: Item, words: str) -> None:
    assert words in rendered(item)[0]


def test_deleting_can_be_undone_and_deleted_cannot() -> None:
    text, buttons = rendered(Item(message_id=1, view=view(status=MediaStatus.DELETING)))
    assert "undo" in text
    assert buttons == [RestoreMedia(id=17, card=True).pack()]
    text, buttons = rendered(Item(message_id=1, view=view(status=MediaStatus.DELETED)))
    assert "undo" not in text
    assert buttons == []


@pytest.mark.parametrize("fields", [{"duplicate": True}, {"deletable": False}, {"error": {"code": "empty_file"}}])
def test_only_ones_own_new_media_can_be_deleted(fields: dict[str, Any]) -> None:
    assert rendered(Item(message_id=1, view=view(), **fields))[1] == []


def test_an_album_is_one_text_and_says_which_button_is_for_which() -> None:
    text, buttons = rendered(*(Item(message_id=at, view=view(at)) for at in (1, 2, 3)), album=True)
    assert text.startswith("<b>Album: 3 files</b>")
    assert text.count("Stored") == 3
    assert len(buttons) == 3


def test_the_worst_card_fits_a_message() -> None:
    numbers = tuple(f"250926-{at:09d}" for at in range(200))
    name = "<&" * 200 + ".jpeg"
    worst = [
        Item(message_id=at, view=view(10**15 + at, filename=name, request_numbers=numbers, deliverable=False))
        for at in range(40)
    ]
    text, buttons = rendered(*worst, album=True)
    assert len(text) <= 4096
    assert "more files" in text
    assert "<&" not in text
    assert len(buttons) <= 20


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a.jpg", "a.jpg"), ("a\nb.jpg", "a b.jpg"), ("x" * 300 + ".tar.gz", "x" * 47 + "…xxxxx.tar.gz")],
)
def test_names_are_cut_in_the_middle(name: str, shown: str) -> None:
    assert short_name(name) == shown
    assert len(shown) <= 60


def test_pages_turn_both_ways() -> None:
    page = my_page(EN, [view(at) for at in range(1, 9)], page=1, total=20, timezone=UTC)
    assert page.keyboard is not None
    assert [button.callback_data for button in page.keyboard.inline_keyboard[-1]] == [
        MyPage(page=0).pack(),
        MyFilters().pack(),
        MyPage(page=2).pack(),
    ]
    assert page.text.endswith("Page 2 of 3")
    assert my_page(EN, [], page=0, total=0, timezone=UTC).keyboard is None


def test_callback_data_fits() -> None:
    """TELEGRAM.md, Limits: 64 bytes."""
    assert len(DeleteMedia(id=2**63, card=True).pack()) <= 64


@pytest.mark.parametrize(
    ("filename", "kind", "shown"),
    [
        ("photo_8.jpg", FileType.PHOTO, "Photo, 26.09. 03:00"),
        ("voice_AgADuQAD-x_1.ogg", FileType.VOICE, "Voice message, 26.09. 03:00"),
        ("video_note_12.mp4", FileType.VIDEO_NOTE, "Video message, 26.09. 03:00"),
        ("photo_of_the_roof in may.jpg", FileType.PHOTO, "photo_of_the_roof in may.jpg"),
        ("leak.jpg", FileType.PHOTO, "leak.jpg"),
    ],
)
def test_a_name_that_nobody_gave_is_not_shown(filename: str, kind: FileType, shown: str) -> None:
    line = list_line(EN, view(filename=filename, file_type=kind), ZoneInfo("Asia/Tashkent"))
    assert f" {shown} – " in line
    made_up = shown != filename
    assert line.endswith("– 48 KB" if made_up else f"– {EN.plain(f'kind-{kind}')}, 48 KB"), "the kind is said once"
    assert name_alone(EN, filename) == (shown.partition(",")[0] if made_up else filename)


def test_a_card_is_called_by_kind_and_time() -> None:
    """The day is seen in the chat."""
    text, _ = rendered(Item(message_id=1, view=view(filename="photo_8.jpg")))
    assert text == "✅ <b>Photo, 03:00</b>\n48 KB · ID <code>17</code>\nStored"


def test_a_name_that_a_service_gave_stays() -> None:
    assert "photo_8.jpg" in list_line(EN, view(filename="photo_8.jpg", source="http"), UTC)
