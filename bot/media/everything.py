"""A list of everything somebody sent, as a text file that is made while it is sent."""

from collections.abc import AsyncGenerator

from aiogram import Bot
from aiogram.types import InputFile

from bot.texts import Texts
from storage.callers.people import PersonView
from storage.catalog.reading import Reading
from storage.domain import MediaId
from storage.views import MediaView

_AT_A_TIME = 200


class ListFile(InputFile):
    """A line per file, oldest first. A retry reads the index again; no connection is held while Telegram takes it."""

    def __init__(self, reading: Reading, person: PersonView, texts: Texts) -> None:
        super().__init__(filename=f"files-{person.telegram_id}.txt")
        self._reading = reading
        self._person = person
        self._texts = texts

    async def read(self, bot: Bot) -> AsyncGenerator[bytes, None]:  # noqa: ARG002 -- aiogram's signature
        heading = self._texts.plain("list-heading", name=_line_of(self._person.first_name))
        yield f"{heading}\n{self._texts.plain('list-columns')}\n".encode()
        last = MediaId(0)
        while views := await self._reading.own_after(self._person.caller, last, limit=_AT_A_TIME):
            yield "".join(map(self._line, views)).encode()
            last = views[-1].id

    def _line(self, view: MediaView) -> str:
        fields = (
            str(view.id),
            view.uploaded_at.isoformat(timespec="seconds"),
            view.filename,
            self._texts.plain(f"kind-{view.file_type}"),
            "" if view.file_size is None else str(view.file_size),
            " ".join(view.request_numbers),
            " ".join(f"#{tag}" for tag in view.tags),
            view.description or "",
        )
        return " | ".join(map(_line_of, fields)) + "\n"


def _line_of(text: str) -> str:
    return " ".join(text.split())
