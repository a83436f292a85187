"""The files people send: uploads, and virtual ones that nobody has."""

import random
from collections.abc import Iterator
from typing import Any, Final

from sandbox import images
from sandbox.call import Call
from sandbox.errors import ControlError
from sandbox.files import FileStore, Upload, mime_of
from sandbox.model import Json, StoredFile
from sandbox.pictures import add_preview, join_sizes, keep_photo, take_photo
from sandbox.sources import attributes, take_upload
from sandbox.wire import Arguments
from sandbox.world import World

KINDS: Final = ("photo", "video", "audio", "voice", "video_note", "animation", "document", "sticker")
_VIRTUAL_SIZE: Final = 100_000
_PHOTO_SIZE: Final = (1280, 960)
_NAMES: Final = {"video": "video.mp4", "animation": "animation.gif.mp4", "document": "file.bin", "audio": "music.mp3"}
_MIMES: Final = {
    "video": "video/mp4",
    "animation": "video/mp4",
    "audio": "audio/mpeg",
    "voice": "audio/ogg",
    "video_note": "video/mp4",
}
_SHOWN: Final = {"width": 1280, "height": 720, "duration": 60, "length": 240}
_STICKER: Final = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}


async def file_of(world: World, bot_id: int | None, one: Json, waiting: Iterator[Upload]) -> StoredFile:
    """The file of one item of `media`: the next upload, or a virtual file. Raises ControlError and ApiError."""
    kind = one.get("kind", "document")
    if kind not in KINDS:
        raise ControlError(f"kind has to be one of {', '.join(KINDS)}")
    upload = next(waiting, None) if "virtual_size" not in one else None
    if upload is None:
        return await _imagined(world.store, kind, one)
    upload.file_name = one.get("file_name") or upload.file_name
    call = Call(world, world.bot(bot_id), "", Arguments())
    if kind == "photo":
        return await take_photo(call, upload)
    as_sent: dict[str, Any] = one if kind == "animation" else {**one, "disable_content_type_detection": "true"}
    file = await take_upload(call, upload, kind, as_sent)
    if one.get("mime_type"):
        file.attrs["mime_type"] = one["mime_type"]
        world.state.save_file(file)
    return file


async def _imagined(store: FileStore, kind: str, one: Json) -> StoredFile:
    """A file nobody has; all but a painted photo and a sticker has the fields of an upload of this name."""
    size = one.get("virtual_size", _VIRTUAL_SIZE)
    if kind == "photo":
        return _photo(store, one)
    name = one.get("file_name") or _NAMES.get(kind, "")
    mime_type = one.get("mime_type") or mime_of(name, _MIMES.get(kind, "application/octet-stream"))
    if kind == "sticker":
        return store.imagine(size, kind, dict(_STICKER), "image/webp", one.get("fill"))
    attrs = attributes(kind, Upload(store.root, name, "", size), {**_SHOWN, **one})
    if "mime_type" in attrs:
        attrs["mime_type"] = mime_type
    file = store.imagine(size, kind, attrs, mime_type, one.get("fill"))
    await add_preview(store, file)
    return file


def _photo(store: FileStore, one: Json) -> StoredFile:
    """A JPEG in the colour `fill`, or with `virtual_size` bytes that begin like one."""
    size = one.get("width", _PHOTO_SIZE[0]), one.get("height", _PHOTO_SIZE[1])
    if "virtual_size" in one:
        attrs = {"width": size[0], "height": size[1]}
        return join_sizes(store, [], store.imagine(one["virtual_size"], "photo", attrs, "image/jpeg", None))
    colour = one.get("fill") or f"#{random.Random(store.state.last_file).randrange(1 << 24):06x}"  # noqa: S311 - a colour
    return keep_photo(store, [(images.painted(scaled, colour), scaled) for scaled in images.sides_of(size)])
