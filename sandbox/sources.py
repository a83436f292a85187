"""Files in arguments: uploads, `file_id`s, addresses, local paths; and the file a message gets from them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aiohttp

from sandbox import fileids, images
from sandbox.call import Call
from sandbox.errors import bad_request
from sandbox.files import Upload, mime_of
from sandbox.model import Json, StoredFile
from sandbox.pictures import add_preview, take_photo, thumbnail_fits

URL_MAX: Final = 20 * 1024 * 1024  # TELEGRAM.md, Limits: a file by URL
URL_PHOTO_MAX: Final = 5 * 1024 * 1024
_ADDRESSES: Final = ("http://", "https://")
_THUMB_BYTES: Final = 200_000
_NOUNS: Final = {"video_note": "video note"}
# The number fields of each kind that are always there in an answer.
_NUMBERS: Final = {
    "video": ("width", "height", "duration"),
    "animation": ("width", "height", "duration"),
    "audio": ("duration",),
    "voice": ("duration",),
    "video_note": ("length", "duration"),
}
_TEXTS: Final = {"audio": ("performer", "title")}
_DEFAULT_TYPES: Final = {
    "video": "video/mp4",
    "animation": "video/mp4",
    "audio": "audio/mpeg",
    "voice": "audio/ogg",
}
_UNNAMED: Final = ("voice", "video_note", "sticker")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file comes from: an upload, or `remote` (an address or a `file_id`); an uploaded thumbnail beside."""

    upload: Upload | None
    remote: str
    thumbnail: Upload | None


def find_source(call: Call, value: str, part_name: str, kind: str, thumbnail: str = "") -> Source:
    """The source in an argument `value`, or in the upload named like the argument."""
    upload = _upload(call, value, part_name)
    if upload is None and (not value or value.startswith("attach://")):
        raise bad_request(f"there is no {_NOUNS.get(kind, kind)} in the request")
    return Source(upload, value, _upload(call, thumbnail, "thumbnail"))


def _upload(call: Call, value: str, part_name: str) -> Upload | None:
    files = call.arguments.files
    if value.startswith("attach://"):
        return files.get(value.removeprefix("attach://"))
    if value.startswith("file:/") and call.world.options.local:
        return _local_file(value)
    return None if value else files.get(part_name)


def _local_file(value: str) -> Upload:
    """`file:/path` and `file:///path` on a local server."""
    path = Path("/" + unquote(value.removeprefix("file:")).lstrip("/"))
    try:
        size = path.stat().st_size
    except OSError as error:
        raise bad_request("wrong file identifier/HTTP URL specified") from error
    return Upload(path, path.name, "", size, borrowed=True)


async def stored(call: Call, source: Source, kind: str, fields: Mapping[str, Any]) -> StoredFile:
    """The file of a new message of `kind`. Its own kind may differ: a `file_id` keeps the kind it has."""
    if source.upload is not None:
        return await take_upload(call, source.upload, kind, fields, source.thumbnail)
    if source.remote.startswith(_ADDRESSES):
        upload = await _fetch(call, source.remote, URL_PHOTO_MAX if kind == "photo" else URL_MAX)
        return await take_upload(call, upload, kind, fields, source.thumbnail)
    return known_file(call, source.remote, kind)


def check_remote(call: Call, source: Source, kind: str) -> None:
    """Raises the error of a source that is no upload, no address and no `file_id` fit for `kind`."""
    if source.upload is None and not source.remote.startswith(_ADDRESSES):
        known_file(call, source.remote, kind)


def known_file(call: Call, file_id: str, kind: str) -> StoredFile:
    """The file of one of this bot's `file_id`s, fit to be sent as `kind`: photos only as photos, the rest freely."""
    if "." in file_id or "/" in file_id:
        raise bad_request("wrong file identifier/HTTP URL specified")
    found_kind, number = fileids.decode(call.bot, file_id)
    file = call.world.state.numbers.get(number)
    if file is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if (found_kind == "photo") != (kind == "photo") or found_kind == "thumbnail":
        raise bad_request(f"can't use file of type {fileids.TITLES[found_kind]} as {fileids.TITLES[kind]}")
    return call.world.state.files[file.parent] if file.parent else file


async def _fetch(call: Call, url: str, limit: int) -> Upload:
    """A file by its address. What the real server says of unreachable ones is unverified."""
    upload = call.world.store.upload(Path(urlsplit(url).path).name, "")
    call.arguments.uploads.append(upload)  # dropped with the call's other uploads if no message takes it
    try:
        async with call.world.client().get(url) as answer:
            answer.raise_for_status()
            data = await answer.content.read(limit + 1)
            while len(data) <= limit and (more := await answer.content.read(limit + 1 - len(data))):
                data += more
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise bad_request("failed to get HTTP URL content") from error
    if len(data) > limit:
        raise bad_request("failed to get HTTP URL content")
    upload.size = len(data)
    await asyncio.to_thread(upload.path.write_bytes, data)
    return upload


async def take_upload(
    call: Call, upload: Upload, kind: str, fields: Mapping[str, Any], thumbnail: Upload | None = None
) -> StoredFile:
    """Make a file of an upload after the checks of its kind."""
    if not upload.size:
        raise bad_request("file must be non-empty")
    if kind == "photo":
        return await take_photo(call, upload)
    attrs = attributes(kind, upload, fields)
    if kind in ("document", "animation") and not _says_document(fields):
        kind, attrs = _detected(kind, attrs, fields, upload)
    file = call.world.store.adopt(upload, kind, attrs)
    if thumbnail is not None:
        add_thumbnail(call, file, thumbnail)
    if file.thumb is None:
        await add_preview(call.world.store, file)
    return file


def attributes(kind: str, upload: Upload, fields: Mapping[str, Any]) -> Json:
    """The Bot API fields of an uploaded file of `kind`."""
    attrs: Json = {name: _number(fields.get(name)) for name in _NUMBERS.get(kind, ())}
    attrs |= {name: fields[name] for name in _TEXTS.get(kind, ()) if fields.get(name)}
    if kind == "sticker":
        width, height = images.dimensions(upload.head(images.HEADER_BYTES)) or (512, 512)
        return {"type": "regular", "width": width, "height": height, "is_animated": False, "is_video": False}
    if kind not in _UNNAMED and upload.file_name:
        attrs["file_name"] = upload.file_name
    if kind != "video_note":
        attrs["mime_type"] = mime_of(upload.file_name, _DEFAULT_TYPES.get(kind, "application/octet-stream"))
    return attrs


def _number(value: Any) -> int:
    try:
        return int(float(value))
    except (TypeError, ValueError):
        return 0


def _says_document(fields: Mapping[str, Any]) -> bool:
    return str(fields.get("disable_content_type_detection", "")).lower() in ("true", "1", "yes")


def _detected(kind: str, attrs: Json, fields: Mapping[str, Any], upload: Upload) -> tuple[str, Json]:
    """Without `disable_content_type_detection` a document may come back as something else, and a GIF is named MP4."""
    mime_type = attrs["mime_type"]
    if mime_type == "image/gif":
        shown = attributes("animation", upload, fields)
        width, height = images.dimensions(upload.head(images.HEADER_BYTES)) or (0, 0)
        shown |= {"width": shown["width"] or width, "height": shown["height"] or height}
        return "animation", {**shown, "mime_type": "video/mp4", "file_name": upload.file_name + ".mp4"}
    if kind == "animation":
        return kind, attrs
    if mime_type == "video/mp4":
        return "video", attributes("video", upload, fields)
    if mime_type in ("audio/mpeg", "audio/mp4", "audio/flac"):
        return "audio", attributes("audio", upload, fields)
    return "document", attrs


def add_thumbnail(call: Call, file: StoredFile, thumbnail: Upload) -> None:
    """A JPEG under 200 kB and up to 320 px; anything else is ignored (whether it is an error is unverified)."""
    size = thumbnail_fits(thumbnail.head(images.HEADER_BYTES), thumbnail.size, _THUMB_BYTES)
    if size is None:
        return
    attrs = {"width": size[0], "height": size[1]}
    file.thumb = call.world.store.adopt(thumbnail, "thumbnail", attrs).uid
    call.world.state.save_file(file)


def total_size(call: Call) -> int:
    """Bytes of all uploads of a call, for the spacing of equal sizes."""
    return sum(upload.size for upload in call.arguments.uploads)
