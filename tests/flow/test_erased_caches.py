"""What lies on this disk of media that were erased elsewhere, or by a process that was killed before it got to it."""

from pathlib import Path
from uuid import UUID, uuid4

from storage.catalog.deleting import Eraser
from storage.clock import SystemClock
from storage.database import Sessions
from storage.delivery.cache.part_cache import PartCache
from storage.domain import Category, FileType, Inspection, MediaStatus, Purpose
from storage.previews.cache import PreviewCache
from storage.spool import Spool
from storage.tables import Media


def media(status: MediaStatus) -> Media:
    return Media(
        key=uuid4(), owner="service:test", source="http", filename="a.txt", content_type="text/plain", file_size=4,
        file_type=FileType.DOCUMENT, category=Category.OTHER, purpose=Purpose.REQUESTS, status=status,
        inspection=Inspection.DONE, verified=True,
    )  # fmt: skip


def kept_part(root: Path, key: UUID) -> Path:
    """As an earlier process left it."""
    path = root / key.hex[:2] / f"{key.hex}.000000"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"text")
    return path


async def test_caches_keep_nothing_of_erased_media(sessions: Sessions, tmp_path: Path) -> None:
    erased, kept = media(MediaStatus.DELETED), media(MediaStatus.ACTIVE)
    async with sessions.begin() as session:
        session.add_all([erased, kept])
    gone, stays = kept_part(tmp_path / "parts", erased.key), kept_part(tmp_path / "parts", kept.key)
    async with (
        PartCache(tmp_path / "parts", 1 << 20).opened() as parts,
        PreviewCache(tmp_path / "previews", 1 << 20).opened() as previews,
    ):
        for one in (erased, kept):
            await previews.put(one.key, "small", b"picture")
        spool = Spool(tmp_path / "spool", 1 << 20)
        eraser = Eraser(sessions=sessions, spool=spool, caches=(parts, previews), clock=SystemClock())
        await eraser.forget_erased()
        assert parts.keys() == previews.keys() == {kept.key}
        assert (gone.exists(), stays.exists()) == (False, True)
        assert await previews.read(kept.key, "small") == b"picture"
