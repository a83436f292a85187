"""Which of Telegram's own small pictures is kept for a file that came through a chat."""

from datetime import UTC, datetime
from typing import Any

from aiogram.types import Chat, Message, PhotoSize, Video, Voice

from bot.media.incoming import telegram_file


def message(**content: Any) -> Message:
    chat = Chat(id=5, type="private")
    return Message(message_id=1, date=datetime(2025, 9, 26, tzinfo=UTC), chat=chat, **content)


def size(name: str, width: int, height: int) -> PhotoSize:
    return PhotoSize(file_id=name, file_unique_id=f"u{name}", width=width, height=height, file_size=width * 10)


def test_a_video_has_its_thumbnail() -> None:
    video = Video(
        file_id="film", file_unique_id="ufilm", width=1280, height=720, duration=60, thumbnail=size("still", 320, 180)
    )
    file = telegram_file(message(video=video), bot_id=7)
    assert file is not None
    assert (file.file_id, file.thumbnail_file_id, file.thumbnail_size) == ("film", "still", 3200)


def test_a_photo_has_its_next_smaller_size() -> None:
    sizes = [size("small", 90, 60), size("middle", 320, 213), size("large", 1280, 853)]
    file = telegram_file(message(photo=sizes), bot_id=7)
    assert file is not None
    assert (file.file_id, file.thumbnail_file_id) == ("large", "middle")
    alone = telegram_file(message(photo=sizes[:1]), bot_id=7)
    assert alone is not None
    assert alone.thumbnail_file_id is None


def test_a_voice_has_none() -> None:
    file = telegram_file(message(voice=Voice(file_id="v", file_unique_id="uv", duration=3)), bot_id=7)
    assert file is not None
    assert (file.thumbnail_file_id, file.thumbnail_size) == (None, None)
