"""Lines about media, shared by cards and lists. HTML, every name escaped and cut."""

import re
from collections.abc import Sequence
from datetime import tzinfo

from bot.sizes import size_text
from bot.texts import Texts
from storage.domain import FileType, MediaStatus
from storage.views import MediaView

NAME_SHOWN = 60
_NUMBERS_SHOWN = 5
_TAIL = 12
WORDS_SHOWN = 200
_UNSEEN = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF])
"""Marks that turn the direction of what follows, or stand for nothing: a name must not disturb the lines around it."""

_KINDS = "|".join(sorted(FileType, key=len, reverse=True))
_MADE_UP = re.compile(
    rf"(?P<kind>{_KINDS})_[\w-]+\.\w{{1,8}}"  # ours: `storage.intake.adopting`
    r"|sticker\.webp|AnimatedSticker\.tgs|(?:animation\.gif|mp4|video)\.mp4"  # those of Telegram's clients
)

ICONS = {
    FileType.PHOTO: "🖼",
    FileType.VIDEO: "🎬",
    FileType.AUDIO: "🎵",
    FileType.VOICE: "🎤",
    FileType.ANIMATION: "🎞",
    FileType.VIDEO_NOTE: "⭕️",
    FileType.STICKER: "🙂",
    FileType.DOCUMENT: "📄",
}


def short_name(name: str, limit: int = NAME_SHOWN) -> str:
    """A name of at most ``limit`` characters on one line; the middle goes, the extension stays."""
    name = " ".join(name.translate(_UNSEEN).split())
    return name if len(name) <= limit else f"{name[: limit - _TAIL - 1]}…{name[-_TAIL:]}"


def is_made_up(view: MediaView) -> bool:
    """Whether nobody gave it its name: Telegram's photos have none. Of what was deleted there is none left."""
    unnamed = view.source == "telegram" and _MADE_UP.fullmatch(view.filename) is not None
    return unnamed or view.status is MediaStatus.DELETED


def shown_name(texts: Texts, view: MediaView, timezone: tzinfo, *, dated: bool = True) -> str:
    """What people see as its name, short: ``leak.jpg``, or its kind and when it came, ``Photo, 26.09. 14:05``.

    Not ``dated`` where the day is seen anyway: ``Photo, 14:05``.
    """
    if not is_made_up(view):
        return short_name(view.filename)
    at = view.uploaded_at.astimezone(timezone)
    return f"{_kind(texts, view.file_type)}, {at:{'%d.%m. %H:%M' if dated else '%H:%M'}}"


def name_alone(texts: Texts, filename: str) -> str:
    """The same where nothing but the name is known: ``Photo``."""
    match = _MADE_UP.fullmatch(filename)
    return short_name(filename) if match is None else _kind(texts, match["kind"] or FileType.DOCUMENT)


def _kind(texts: Texts, kind: str) -> str:
    name = texts.plain(f"kind-{kind}")
    return name[:1].upper() + name[1:]


def short_words(words: str, limit: int = WORDS_SHOWN) -> str:
    """The beginning of a description, on one line."""
    words = " ".join(words.translate(_UNSEEN).split())
    return words if len(words) <= limit else f"{words[: limit - 1]}…"


def facts_line(texts: Texts, view: MediaView) -> str:
    """Kind and size, and the requests it is attached to: ``photo, 48 KB · request 250926-001``.

    What is called by its kind does not say it twice.
    """
    facts = [size_text(texts, view.file_size) if is_made_up(view) and view.file_size else _kind_and_size(texts, view)]
    if view.request_numbers:
        facts.append(
            texts("card-requests", count=len(view.request_numbers), numbers=numbers_text(view.request_numbers))
        )
    return " · ".join(facts)


def numbers_text(numbers: Sequence[str]) -> str:
    """The first few of them."""
    more = " …" if len(numbers) > _NUMBERS_SHOWN else ""
    return ", ".join(numbers[:_NUMBERS_SHOWN]) + more


def list_line(texts: Texts, view: MediaView, timezone: tzinfo) -> str:
    """One line of a list: id, kind, name, size, requests."""
    # The facts are made of our own texts and checked numbers: putting them in as a value would escape nothing twice.
    return texts(
        "list-line",
        id=str(view.id),
        icon=ICONS[view.file_type],
        name=shown_name(texts, view, timezone),
        facts=facts_line(texts, view),
    )


def _kind_and_size(texts: Texts, view: MediaView) -> str:
    kind = texts(f"kind-{view.file_type}")
    if view.file_size is None:
        return texts("card-facts-no-size", kind=kind)
    return texts("card-facts", kind=kind, size=size_text(texts, view.file_size))
