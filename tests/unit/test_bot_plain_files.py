"""What counts as a file and nothing more."""

from typing import Any

import pytest

from bot.inbox.plain import is_plain_file

Json = dict[str, Any]


def sent(**message: Any) -> Json:
    chat = {"id": 7, "type": "private"}
    return {"update_id": 1, "message": {"chat": chat, "from": {"id": 7, "is_bot": False}, **message}}


@pytest.mark.parametrize("kind", ["photo", "video", "document", "voice", "sticker"])
def test_a_file_in_a_private_chat_is_plain_with_a_caption_or_without(kind: str) -> None:
    assert is_plain_file(sent(**{kind: {}}))
    assert is_plain_file(sent(**{kind: {}}, caption="Kitchen", forward_origin={}))


@pytest.mark.parametrize(
    "message",
    [
        {"text": "hello"},
        {"photo": [], "media_group_id": "1"},
        {"photo": [], "reply_to_message": {}},
        {"photo": [], "sender_chat": {"id": 7}},
        {"photo": [], "chat": {"id": -5, "type": "group"}},
        {"photo": [], "chat": {"id": 8, "type": "private"}},
        {"photo": [], "chat": None},
        {"photo": [], "from": "me"},
        {"photo": [], "from": {"id": 7, "is_bot": True}},
    ],
)
def test_anything_more_is_not(message: Json) -> None:
    assert not is_plain_file(sent(**message))


@pytest.mark.parametrize(
    "raw", [{}, {"update_id": 1}, {"update_id": 1, "message": None}, {"update_id": 1, "edited_message": {"photo": []}}]
)
def test_other_updates_are_not(raw: Json) -> None:
    assert not is_plain_file(raw)
