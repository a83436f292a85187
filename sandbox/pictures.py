"""Photos in their sizes, and the thumbnails Telegram makes by itself.

Photos are recompressed as on the real server (TELEGRAM.md, Sending and files), unless `recompress_photos` is off. A
video's thumbnail is one plain colour: nothing here can decode a video.
"""

import asyncio
import hashlib
from typing import Final

from sandbox import images
from sandbox.call import Call
from sandbox.errors import bad_request
from sandbox.files import FileStore, Upload
from sandbox.images import Size
from sandbox.model import StoredFile

_SIDES_MAX: Final = 10_000  # TELEGRAM.md, Limits: width + height
_RATIO_MAX: Final = 20
_MOVING: Final = ("video", "animation", "video_note")
_FRAME: Final = (320, 180)


async def take_photo(call: Call, upload: Upload) -> StoredFile:
    """The photo of an upload. Raises the bad requests of what makes none."""
    most = call.world.options.photo_max
    if upload.size > most:
        text = f"file of size {upload.size} bytes is too big for a photo; the maximum size is {most} bytes"
        raise bad_request(text)
    size = images.dimensions(upload.head(images.HEADER_BYTES))
    if size is None or not all(size):
        raise bad_request("IMAGE_PROCESS_FAILED")
    if sum(size) > _SIDES_MAX or max(size) > _RATIO_MAX * min(size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    store = call.world.store
    renditions = await asyncio.get_running_loop().run_in_executor(store.pool, images.photo_sizes, upload.path)
    if not renditions:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if call.world.options.recompress_photos:
        return keep_photo(store, renditions)
    original = store.adopt(upload, "photo", {"width": size[0], "height": size[1]})
    return join_sizes(store, [_kept(store, *one) for one in renditions if max(one[1]) < max(size)], original)


def keep_photo(store: FileStore, renditions: list[tuple[bytes, Size]]) -> StoredFile:
    """A photo of JPEGs, the smallest first; the largest one's file is the photo's."""
    files = [_kept(store, data, size) for data, size in renditions]
    return join_sizes(store, files[:-1], files[-1])


def _kept(store: FileStore, data: bytes, size: Size) -> StoredFile:
    return store.keep(data, "photo", {"width": size[0], "height": size[1]})


def join_sizes(store: FileStore, smaller: list[StoredFile], largest: StoredFile) -> StoredFile:
    for one in smaller:
        one.parent = largest.uid
        store.state.save_file(one)
    largest.sizes = [one.uid for one in (*smaller, largest)]
    store.state.save_file(largest)
    return largest


async def add_preview(store: FileStore, file: StoredFile) -> None:
    """The thumbnail Telegram makes where none was sent: of pictures sent as files, and of what moves."""
    thumb: tuple[bytes, Size] | None = None
    picture = file.attrs.get("mime_type", "").startswith("image/") or file.kind == "animation"
    if picture and file.virtual is None and file.kind in ("document", "animation"):
        loop = asyncio.get_running_loop()
        thumb = await loop.run_in_executor(store.pool, images.shrink, store.path(file), images.THUMB_SIDE)
    if thumb is None and file.kind in _MOVING:
        thumb = _plain_frame(file)
    if thumb is not None:
        data, (width, height) = thumb
        file.thumb = store.keep(data, "thumbnail", {"width": width, "height": height}).uid
        store.state.save_file(file)


def _plain_frame(file: StoredFile) -> tuple[bytes, Size]:
    side = file.attrs.get("length")
    wanted = (side, side) if side else (file.attrs.get("width") or 0, file.attrs.get("height") or 0)
    size = images.fitted(wanted if all(wanted) else _FRAME, images.THUMB_SIDE)
    return images.painted(size, "#" + hashlib.blake2s(file.uid.encode(), digest_size=3).hexdigest()), size


def thumbnail_fits(head: bytes, length: int, most: int) -> Size | None:
    """The size of an uploaded thumbnail: a JPEG of up to 320 px and `most` bytes; None for anything else."""
    size = images.dimensions(head)
    if size is None or max(size) > images.THUMB_SIDE or length >= most or not head.startswith(b"\xff\xd8"):
        return None
    return size
