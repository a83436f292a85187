"""From a message to the file in it and to what its caption says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from aiogram.types import (
    Animation,
    Audio,
    Document,
    Message,
    PhotoSize,
    Sticker,
    Video,
    VideoNote,
    Voice,
)

from storage.details import DESCRIPTION_LIMIT, NO_DETAILS, TAGS_LIMIT, Details, clean_tags
from storage.domain import FileType, Stage
from storage.intake.adopting import TelegramFile
from storage.request_numbers import RequestNumber, find_hashtags, find_request_numbers

_LONGEST_NUMBER = 4
"""Words a request number may be spread over: ``№ 250926 1``."""

_PUNCTUATION = ",.;:!?()[]«»\"'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Caption:
    """What people write about a file: request numbers and hashtags, and the rest as its description.

    ``stage`` is said otherwise, by a command or a session. ``elsewhere``: so are the numbers, an edit of the caption
    takes nothing of them back.
    """

    numbers: tuple[RequestNumber, ...] = ()
    stage: Stage | None = None
    elsewhere: bool = False
    tags: tuple[str, ...] = ()
    description: str | None = None

    @property
    def details(self) -> Details:
        """For taking in; numbers after the first are attached afterwards."""
        number = self.numbers[0] if self.numbers else None
        return Details(request_number=number, tags=self.tags, description=self.description)

    def details_of(self, file_type: FileType) -> Details:
        """`details` for a file of this type, in the category of the stage."""
        return self.details if self.stage is None else replace(self.details, category=self.stage.category(file_type))

    def __bool__(self) -> bool:
        return self.details != NO_DETAILS

    def after(self, before: "Caption") -> "Caption":
        """With what was said before: the earlier numbers where there are none here, the tags, and the words first."""
        words = [said for said in (before.description, self.description) if said]
        return Caption(
            numbers=self.numbers or before.numbers,
            stage=self.stage,
            elsewhere=self.elsewhere or not self.numbers,
            tags=clean_tags([*before.tags, *self.tags])[:TAGS_LIMIT],
            description="\n".join(words)[:DESCRIPTION_LIMIT] or None,
        )


def read_caption(text: str | None, *, today: date) -> Caption:
    """Never raises: what is no number is description."""
    if not text:
        return Caption()
    numbers, tags = find_request_numbers(text, today=today), find_hashtags(text)
    lines = [_rest(line, today, set(numbers), set(tags)) for line in text.splitlines()]
    description = "\n".join(lines).strip()[:DESCRIPTION_LIMIT]
    return Caption(numbers=tuple(numbers), tags=clean_tags(tags)[:TAGS_LIMIT], description=description or None)


def telegram_file(message: Message, *, bot_id: int) -> TelegramFile | None:
    """The file in a message, None where there is none. An animation also sets ``document``: it counts as itself."""
    found = _media(message)
    if found is None:
        return None
    kind, media = found
    small = _smaller(message.photo, media) if message.photo else getattr(media, "thumbnail", None)
    return TelegramFile(
        bot_id=bot_id,
        chat_id=message.chat.id,
        message_id=message.message_id,
        file_id=media.file_id,
        file_unique_id=media.file_unique_id,
        file_type=kind,
        file_name=getattr(media, "file_name", None),
        mime_type=_sticker_type(media) if isinstance(media, Sticker) else getattr(media, "mime_type", None),
        file_size=media.file_size,
        width=getattr(media, "width", None),
        height=getattr(media, "height", None),
        duration=getattr(media, "duration", None),
        thumbnail_file_id=None if small is None else small.file_id,
        thumbnail_size=None if small is None else small.file_size,
    )


def largest(sizes: Sequence[PhotoSize]) -> PhotoSize:
    return max(sizes, key=lambda size: (size.width * size.height, size.file_size or 0))


def _smaller(sizes: Sequence[PhotoSize], than: "_Media") -> PhotoSize | None:
    """The next smaller size of a photo: what Telegram itself shows for it."""
    others = [size for size in sizes if size.file_unique_id != than.file_unique_id]
    return largest(others) if others else None


_Media = PhotoSize | Animation | Video | Audio | Voice | VideoNote | Sticker | Document


def _media(message: Message) -> tuple[FileType, _Media] | None:
    if message.photo:
        return FileType.PHOTO, largest(message.photo)
    kinds: dict[FileType, _Media | None] = {
        FileType.ANIMATION: message.animation,
        FileType.VIDEO: message.video,
        FileType.AUDIO: message.audio,
        FileType.VOICE: message.voice,
        FileType.VIDEO_NOTE: message.video_note,
        FileType.STICKER: message.sticker,
        FileType.DOCUMENT: message.document,
    }
    return next(((kind, media) for kind, media in kinds.items() if media is not None), None)


def _sticker_type(sticker: Sticker) -> str:
    if sticker.is_animated:
        return "application/x-tgsticker"
    return "video/webm" if sticker.is_video else "image/webp"


def _rest(line: str, today: date, numbers: set[RequestNumber], tags: set[str]) -> str:
    """The line without the request numbers and hashtags that were found in the whole."""
    words, kept, at = line.split(), [], 0
    while at < len(words):
        length = _number_length(words, at, today, numbers)
        if length == 0 and not _is_tag(words[at], tags):
            kept.append(words[at])
        at += length or 1
    return " ".join(kept)


def _number_length(words: list[str], at: int, today: date, numbers: set[RequestNumber]) -> int:
    """How many words from ``at`` make up a number; 0: none begins there."""
    for length in range(1, min(_LONGEST_NUMBER, len(words) - at) + 1):
        found = find_request_numbers(" ".join(words[at : at + length]), today=today)
        if found and set(found) <= numbers:
            # A number that begins at a later word is found from there: the shortest run that has it begins with it.
            tail = find_request_numbers(" ".join(words[at + 1 : at + length]), today=today)
            return 0 if tail == found else length
    return 0


def _is_tag(word: str, tags: set[str]) -> bool:
    bare = word.strip(_PUNCTUATION)
    return bare.startswith("#") and bare.count("#") == 1 and bare[1:].lower() in tags
