"""A request's files as one ZIP, in folders that say where in the work each belongs."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import tzinfo
from functools import partial

from storage.catalog.request_files import Obstacle, RequestFile
from storage.delivery.delivering import Delivery
from storage.delivery.zipping import Entry, local_time, unique_paths, zipped
from storage.domain import Caller, MediaId, Role
from storage.filenames import clean_filename
from storage.request_numbers import RequestNumber

_SYSTEM = Caller(owner="system", role=Role.ADMIN)
"""Whoever asks for the ZIP was asked for their right to the request before."""

_HEADER = (
    "Not in this ZIP / Нет в этом архиве / Bu arxivda yoʻq:",
    "",
)
_FOOTER = (
    "",
    "Ask the Telegram bot for them: /get and the number.",
    "Попросите их у бота в Telegram: /get и номер.",
    "Ularni Telegramdagi botdan soʻrang: /get va raqam.",
    "",
)
_REASONS = {
    Obstacle.ONLY_TELEGRAM: "only in Telegram / только в Telegram / faqat Telegramda",
    Obstacle.DAMAGED: "damaged / повреждён / shikastlangan",
    None: "cannot be read now / сейчас не читается / hozir oʻqib boʻlmaydi",
}


class RequestZips:
    """The use case."""

    def __init__(self, *, delivery: Delivery, timezone: tzinfo) -> None:
        self._delivery = delivery
        self._timezone = timezone

    def stream(self, files: Sequence[RequestFile]) -> AsyncGenerator[bytes, None]:
        """The ZIP of ``files``, in their order. Raises `ArchiveError`s in the middle of a file that breaks off."""
        named = list(zip(_paths(files), files, strict=True))
        by_path = dict(named)
        lost = [path for path, file in named if not file.readable]

        def missing(unreached: list[str]) -> str | None:
            gone = [*lost, *unreached]
            return _told([(path, by_path[path]) for path in gone]) if gone else None

        return zipped([self._entry(path, file) for path, file in named if file.readable], missing)

    def _entry(self, path: str, file: RequestFile) -> Entry:
        view = file.view
        return Entry(
            path=path,
            size=view.file_size or 0,
            modified=local_time(view.uploaded_at, self._timezone),
            open=partial(self._opened, view.id),
        )

    @asynccontextmanager
    async def _opened(self, media_id: MediaId) -> AsyncIterator[AsyncIterator[bytes]]:
        deliverable = await self._delivery.open(_SYSTEM, media_id)
        async with self._delivery.stream(deliverable, 0, deliverable.size) as chunks:
            yield chunks


def zip_name(number: RequestNumber) -> str:
    return f"request-{number}.zip"


def zip_size(files: Sequence[RequestFile]) -> int:
    """About how many bytes the ZIP has: those of its files."""
    return sum(file.view.file_size or 0 for file in files if file.readable)


def _paths(files: Sequence[RequestFile]) -> list[str]:
    names = (clean_filename(file.view.filename, mime=file.view.content_type) for file in files)
    return unique_paths(f"{file.side}/{name}" for file, name in zip(files, names, strict=True))


def _told(missing: Sequence[tuple[str, RequestFile]]) -> str:
    lines = [f"{file.view.id}  {path}: {_reason(file)}" for path, file in missing]
    return "\r\n".join((*_HEADER, *lines, *_FOOTER))


def _reason(file: RequestFile) -> str:
    obstacle = None if file.obstacle is Obstacle.SHIPPING else file.obstacle
    return _REASONS[obstacle]
