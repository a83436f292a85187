"""What a message and its caption say."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from aiogram.types import Message
from hypothesis import given
from hypothesis import strategies as st

from bot.arguments import media_id, request_number
from bot.inbox.inbox import chat_key, storable
from bot.media.incoming import read_caption, telegram_file
from storage.domain import FileType
from storage.errors import InvalidRequestNumber, MediaNotFound

TODAY = date(2025, 9, 26)


@pytest.mark.parametrize(
    ("text", "numbers", "tags", "description"),
    [
        (None, (), (), None),
        ("", (), (), None),
        ("Leak in the cellar", (), (), "Leak in the cellar"),
        ("#250926-001", ("250926-001",), (), None),
        ("Leak #250926-001 #Urgent", ("250926-001",), ("urgent",), "Leak"),
        ("№ 250926 1 leak", ("250926-001",), (), "leak"),
        ("по заявке № 250926 1 сделано", ("250926-001",), (), "по заявке сделано"),
        ("001 is not a number, #001 is", ("250926-001",), (), "001 is not a number, is"),
        ("250926-001, 250926-002", ("250926-001", "250926-002"), (), None),
        ("one\n#r250926_004\ntwo", ("250926-004",), (), "one\n\ntwo"),
        ("кв №5", (), (), "кв №5"),
        ("259999-001", (), (), "259999-001"),
        ("#крыша. Течёт", (), ("крыша",), "Течёт"),
    ],
)
def test_captions(text: str | None, numbers: tuple[str, ...], tags: tuple[str, ...], description: str | None) -> None:
    caption = read_caption(text, today=TODAY)
    assert (caption.numbers, caption.tags, caption.description) == (numbers, tags, description)
    assert bool(caption) == bool(numbers or tags or description)


@given(st.text(max_size=200))
def test_no_caption_is_too_strange(text: str) -> None:
    caption = read_caption(text, today=TODAY)
    assert len(caption.description or "") <= 200


def message(**fields: Any) -> Message:
    chat = {"id": 5, "type": "private"}
    return Message.model_validate({"message_id": 7, "date": datetime.now(UTC), "chat": chat, **fields})


FILE = {"file_id": "F", "file_unique_id": "U", "file_size": 10}
FRAME = {"width": 3, "height": 4, "duration": 5}


def test_the_largest_photo_is_the_photo() -> None:
    sizes = [{**FILE, "file_id": str(side), "width": side, "height": side} for side in (90, 1280, 320)]
    found = telegram_file(message(photo=sizes), bot_id=1)
    assert found is not None
    assert (found.file_id, found.file_type, found.width) == ("1280", FileType.PHOTO, 1280)


@pytest.mark.parametrize(
    ("fields", "kind", "mime"),
    [
        ({"video": {**FILE, **FRAME, "mime_type": "video/mp4"}}, FileType.VIDEO, "video/mp4"),
        ({"audio": {**FILE, "duration": 1}}, FileType.AUDIO, None),
        ({"voice": {**FILE, "duration": 1, "mime_type": "audio/ogg"}}, FileType.VOICE, "audio/ogg"),
        ({"video_note": {**FILE, "length": 240, "duration": 1}}, FileType.VIDEO_NOTE, None),
        (
            {"document": {**FILE, "file_name": "a.pdf", "mime_type": "application/pdf"}},
            FileType.DOCUMENT,
            "application/pdf",
        ),
        ({"animation": {**FILE, **FRAME}, "document": FILE}, FileType.ANIMATION, None),
    ],
)
def test_kinds(fields: dict[str, Any], kind: FileType, mime: str | None) -> None:
    found = telegram_file(message(**fields), bot_id=1)
    assert found is not None
    assert (found.chat_id, found.message_id, found.file_type, found.mime_type) == (5, 7, kind, mime)


@pytest.mark.parametrize(
    ("animated", "video", "mime"),
    [(False, False, "image/webp"), (True, False, "application/x-tgsticker"), (False, True, "video/webm")],
)
def test_stickers_have_a_type(animated: bool, video: bool, mime: str) -> None:
    looks = {"type": "regular", "width": 512, "height": 512, "is_animated": animated, "is_video": video}
    found = telegram_file(message(sticker={**FILE, **looks}), bot_id=1)
    assert found is not None
    assert (found.file_type, found.mime_type) == (FileType.STICKER, mime)


def test_a_text_has_no_file() -> None:
    assert telegram_file(message(text="hello"), bot_id=1) is None


@pytest.mark.parametrize(("args", "wanted"), [("17", 17), ("#17", 17), (" 17 ", 17), (None, None), ("", None)])
def test_media_ids(args: str | None, wanted: int | None) -> None:
    assert media_id(args) == wanted


@pytest.mark.parametrize("args", ["x", "0", "-1", "1 2", "9" * 19, "9" * 400, "١٧", "<b>"])
def test_what_can_be_no_id_is_not_found(args: str) -> None:
    with pytest.raises(MediaNotFound):
        media_id(args)


def test_request_numbers() -> None:
    assert request_number("1", today=TODAY) == "250926-001"
    assert request_number(" ", today=TODAY) is None
    with pytest.raises(InvalidRequestNumber):
        request_number("x" * 4000, today=TODAY)


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ({"update_id": 1, "message": {"chat": {"id": -5}, "from": {"id": 7}}}, -5),
        ({"update_id": 1, "edited_message": {"chat": {"id": 5}}}, 5),
        ({"update_id": 1, "callback_query": {"from": {"id": 7}, "message": {"chat": {"id": 5}}}}, 5),
        ({"update_id": 1, "callback_query": {"from": {"id": 7}, "inline_message_id": "x"}}, 7),
        ({"update_id": 1, "inline_query": {"from": {"id": 7}}}, 7),
        ({"update_id": 1, "poll": {"id": "x"}}, 0),
        ({"update_id": 1}, 0),
    ],
)
def test_updates_are_ordered_by_chat_else_by_person(raw: dict[str, Any], key: int) -> None:
    assert chat_key(raw) == key


def test_updates_are_made_fit_for_the_database() -> None:
    assert storable({"a\x00": ["b\x00c", {"d": "\ud800", "e": 1, "f": None}]}) == {
        "a": ["bc", {"d": "?", "e": 1, "f": None}]
    }
