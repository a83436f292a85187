"""Photos: their sizes, and what makes none."""

import io

import pytest
from aiogram import Bot
from aiogram.types import BufferedInputFile
from PIL import Image

from sandbox.client import SandboxClient
from tests.contract.sandbox.driving import REQUESTS, Raw

TOO_BIG = "file of size 10485761 bytes is too big for a photo; the maximum size is 10485760 bytes"


def jpeg(width: int, height: int, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, kind)
    return out.getvalue()


async def downloaded(bot: Bot, file_id: str) -> bytes:
    out = io.BytesIO()
    await bot.download(file_id, out)
    return out.getvalue()


async def test_photos_come_as_jpegs_in_several_sizes(bot: Bot, client: SandboxClient) -> None:
    for kind in ("JPEG", "PNG", "WEBP", "GIF"):
        message = await bot.send_photo(REQUESTS, BufferedInputFile(jpeg(1600, 900, kind), "p.jpg"))
        assert message.photo is not None
        sizes = [(size.width, size.height) for size in message.photo]
        assert sizes == [(320, 180), (800, 450), (1280, 720)]
        for size in message.photo:
            data = await downloaded(bot, size.file_id)
            picture = Image.open(io.BytesIO(data))
            assert (picture.format, picture.size, len(data)) == ("JPEG", (size.width, size.height), size.file_size)
    small = (await bot.send_photo(REQUESTS, BufferedInputFile(jpeg(300, 200), "p.jpg"))).photo
    assert small is not None
    assert [(size.width, size.height) for size in small] == [(300, 200)]


async def test_photos_keep_their_bytes_when_they_are_not_recompressed(bot: Bot, client: SandboxClient) -> None:
    await client.options(recompress_photos=False)
    for kind in ("JPEG", "PNG", "WEBP", "GIF"):
        data = jpeg(1600, 900, kind)
        message = await bot.send_photo(REQUESTS, BufferedInputFile(data, "p.jpg"))
        assert message.photo is not None
        assert [(size.width, size.height) for size in message.photo] == [
            (320, 180),
            (800, 450),
            (1280, 720),
            (1600, 900),
        ]
        assert await downloaded(bot, message.photo[-1].file_id) == data
        small = Image.open(io.BytesIO(await downloaded(bot, message.photo[0].file_id)))
        assert small.size == (320, 180)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "file must be non-empty"),
        (b"no picture", "IMAGE_PROCESS_FAILED"),
        (jpeg(8000, 2100), "PHOTO_INVALID_DIMENSIONS"),
        (jpeg(2100, 100), "PHOTO_INVALID_DIMENSIONS"),
        (bytes(10_485_761), TOO_BIG),
    ],
    ids=["empty", "text", "too large", "too long", "too heavy"],
)
async def test_what_makes_no_photo(raw: Raw, data: bytes, error: str) -> None:
    status, body = await raw.upload("sendPhoto", {"photo": ("p.jpg", data)}, chat_id=REQUESTS)
    assert (status, body["description"]) == (400, f"Bad Request: {error}")
