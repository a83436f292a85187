"""Bytes in and out, file ids, limits."""

import io
import json
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, FSInputFile
from aiohttp import web
from PIL import Image

from sandbox.client import SandboxClient
from sandbox.server import RunningSandbox
from tests.contract.sandbox.driving import AZIZA, OTHER_TOKEN, REQUESTS, TOKEN, MakeBot, Raw

GIB_AND_A_HALF = 1536 * 1024 * 1024


def jpeg(width: int, height: int, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, kind)
    return out.getvalue()


async def downloaded(bot: Bot, file_id: str) -> bytes:
    out = io.BytesIO()
    await bot.download(file_id, out)
    return out.getvalue()


async def test_bytes_come_back_as_they_went(bot: Bot, tmp_path: Path) -> None:
    path = tmp_path / "план.bin"
    path.write_bytes(bytes(range(256)) * 20_000)
    message = await bot.send_document(REQUESTS, FSInputFile(path), disable_content_type_detection=True)
    assert message.document is not None
    assert (message.document.file_name, message.document.file_size) == ("план.bin", 5_120_000)
    assert await downloaded(bot, message.document.file_id) == path.read_bytes()
    file = await bot.get_file(message.document.file_id)
    assert file.file_path is not None
    assert file.file_path.startswith("documents/file_")
    assert file.file_path.endswith(".bin")


async def test_file_ids_are_per_bot_and_a_forward_gets_the_other_its_own(
    bot: Bot, client: SandboxClient, make_bot: MakeBot, raw: Raw
) -> None:
    await client.bot(token=OTHER_TOKEN)
    other = make_bot(OTHER_TOKEN)
    await client.member(REQUESTS, other.id, "administrator")
    message = await bot.send_document(REQUESTS, BufferedInputFile(b"abc", "a.txt"))
    assert message.document is not None
    with pytest.raises(TelegramBadRequest, match="wrong remote file identifier specified: can't unserialize it"):
        await other.send_document(REQUESTS, message.document.file_id)
    error = await raw.error("getFile", token=OTHER_TOKEN, file_id=message.document.file_id)
    assert error.startswith("Bad Request: wrong remote file identifier specified")
    forward = await other.forward_message(REQUESTS, REQUESTS, message.message_id)
    assert forward.document is not None
    assert forward.document.file_id != message.document.file_id
    assert forward.document.file_unique_id == message.document.file_unique_id
    assert await downloaded(other, forward.document.file_id) == b"abc"


async def test_a_file_id_sends_again_without_bytes_under_its_own_kind(bot: Bot, raw: Raw) -> None:
    first = await bot.send_document(REQUESTS, BufferedInputFile(b"abc", "a.txt"))
    assert first.document is not None
    again = await bot.send_video(REQUESTS, first.document.file_id)
    assert again.document is not None
    assert again.document.file_unique_id == first.document.file_unique_id
    error = await raw.error("sendPhoto", chat_id=REQUESTS, photo=first.document.file_id)
    assert error == "Bad Request: can't use file of type Document as Photo"
    photo = (await bot.send_photo(REQUESTS, BufferedInputFile(jpeg(40, 30), "p.jpg"))).photo
    assert photo is not None
    error = await raw.error("sendDocument", chat_id=REQUESTS, document=photo[-1].file_id)
    assert error == "Bad Request: can't use file of type Photo as Document"
    copy = (await bot.send_photo(REQUESTS, photo[-1].file_id)).photo
    assert copy is not None
    assert [size.file_unique_id for size in copy] == [size.file_unique_id for size in photo]


async def test_several_file_ids_of_a_file_are_valid_at_once(bot: Bot) -> None:
    document = (await bot.send_document(REQUESTS, BufferedInputFile(b"abc", "a.txt"))).document
    assert document is not None
    ids = {document.file_id}
    for _ in range(3):
        copy = (await bot.send_document(REQUESTS, document.file_id)).document
        assert copy is not None
        ids.add(copy.file_id)
    assert len(ids) == 4
    assert {await downloaded(bot, one) for one in ids} == {b"abc"}


async def test_a_thumbnail_comes_back_with_the_document(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    small = jpeg(200, 100)
    files = {"document": ("a.bin", b"abc"), "thumb": ("t.jpg", small)}
    _, body = await raw.upload("sendDocument", files, chat_id=REQUESTS, thumbnail="attach://thumb")
    document = body["result"]["document"]
    assert document["thumb"] == document["thumbnail"]
    assert (document["thumbnail"]["width"], document["thumbnail"]["height"]) == (200, 100)
    assert await downloaded(bot, document["thumbnail"]["file_id"]) == small


async def test_documents_may_come_back_as_something_else(bot: Bot) -> None:
    gif = BufferedInputFile(jpeg(10, 10, "GIF"), "a.gif")
    plain = await bot.send_document(REQUESTS, gif, disable_content_type_detection=True)
    assert plain.content_type == "document"
    detected = await bot.send_document(REQUESTS, gif)
    assert detected.animation is not None
    assert detected.document is not None
    assert detected.animation.mime_type == "video/mp4"
    audio = await bot.send_document(REQUESTS, BufferedInputFile(b"ID3", "a.mp3"))
    assert audio.content_type == "audio"


async def test_a_file_over_20_mib_cannot_be_fetched_but_copied(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    message = await client.send_virtual(AZIZA, GIB_AND_A_HALF, file_name="film.mp4")
    video = message["video"]
    assert video["file_size"] == GIB_AND_A_HALF
    assert await raw.error("getFile", file_id=video["file_id"]) == "Bad Request: file is too big"
    copy = await bot.copy_message(REQUESTS, AZIZA, message["message_id"])
    stored = (await client.messages(REQUESTS))[-1]
    assert stored["message_id"] == copy.message_id
    assert stored["video"]["file_unique_id"] == video["file_unique_id"]


async def test_virtual_bytes_are_the_same_however_they_are_read(client: SandboxClient, sandbox: RunningSandbox) -> None:
    message = await client.send_virtual(AZIZA, GIB_AND_A_HALF)
    uid = message["video"]["file_unique_id"]
    whole = await client.file(uid, start=0, end=3_000_000)
    assert whole[4:8] == b"ftyp"
    assert await client.file(uid, start=1_048_570, end=1_200_001) == whole[1_048_570:1_200_001]
    tail = await client.file(uid, start=GIB_AND_A_HALF - 10)
    assert len(tail) == 10
    assert len({whole[at : at + 65536] for at in range(0, 2_000_000, 65536)}) == 31
    other = await client.send_virtual(AZIZA, 100_000)
    assert await client.file(other["video"]["file_unique_id"]) != whole[:100_000]
    on_disk = [path.stat().st_size for path in (sandbox.world.store.root / "files").rglob("*") if path.is_file()]
    assert sum(on_disk) < 10_000  # two thumbnails


async def test_a_virtual_file_small_enough_is_fetched_through_the_bot_api(bot: Bot, client: SandboxClient) -> None:
    message = await client.send_virtual(AZIZA, 200_000, kind="document", file_name="a.txt", fill="dome ")
    assert await downloaded(bot, message["document"]["file_id"]) == b"dome " * 40_000


@pytest.mark.parametrize("kind", ["photo", "video", "audio", "voice", "video_note", "animation", "document", "sticker"])
async def test_every_kind_can_be_sent_without_a_file(bot: Bot, client: SandboxClient, kind: str) -> None:
    await client.send(AZIZA, AZIZA, media=[{"kind": kind}])
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.content_type == kind
    copy = await bot.copy_message(AZIZA, AZIZA, update.message.message_id)
    assert kind in (await client.messages(AZIZA))[copy.message_id - 1]


async def test_previews_are_served_to_the_page(client: SandboxClient, raw: Raw, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(900, 600))
    for kind in ("photo", "document"):
        (message,) = await client.send_files(AZIZA, [tmp_path / "a.jpg"], kind=kind)
        media = message["photo"][-1] if kind == "photo" else message["document"]
        url = f"{raw.url}/control/files/{media['file_unique_id']}"
        async with raw.session.get(f"{url}/thumbnail") as answer:
            assert answer.content_type == "image/jpeg"
            assert Image.open(io.BytesIO(await answer.read())).size == (320, 213)
        async with raw.session.get(url) as answer:
            assert answer.headers["Content-Security-Policy"] == "sandbox"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_ranges_are_served_unless_switched_off(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    message = await bot.send_document(REQUESTS, BufferedInputFile(b"0123456789", "a.txt"))
    assert message.document is not None
    path = (await bot.get_file(message.document.file_id)).file_path
    url, headers = f"{raw.url}/file/bot{TOKEN}/{path}", {"Range": "bytes=2-5"}
    async with raw.session.get(url, headers=headers) as answer:
        assert (answer.status, await answer.read()) == (206, b"2345")
        assert answer.headers["Content-Range"] == "bytes 2-5/10"
    async with raw.session.get(url, headers={"Range": "bytes=10-"}) as answer:
        assert answer.status == 416
    await client.options(range_on_file=False)
    async with raw.session.get(url, headers=headers) as answer:
        assert (answer.status, await answer.read()) == (200, b"0123456789")


async def test_a_path_ends_after_an_hour_and_belongs_to_its_bot(bot: Bot, client: SandboxClient, raw: Raw) -> None:
    await client.bot(token=OTHER_TOKEN)
    message = await bot.send_document(REQUESTS, BufferedInputFile(b"x", "a.txt"))
    assert message.document is not None
    path = (await bot.get_file(message.document.file_id)).file_path
    async with raw.session.get(f"{raw.url}/file/bot{OTHER_TOKEN}/{path}") as answer:
        assert answer.status == 404
    await client.advance(3590)
    async with raw.session.get(f"{raw.url}/file/bot{TOKEN}/{path}") as answer:
        assert answer.status == 200
    await client.advance(20)
    async with raw.session.get(f"{raw.url}/file/bot{TOKEN}/{path}") as answer:
        assert answer.status == 404


async def test_a_persons_files_arrive_byte_for_byte(bot: Bot, client: SandboxClient, tmp_path: Path) -> None:
    picture, note = tmp_path / "leak.jpg", tmp_path / "note.pdf"
    picture.write_bytes(jpeg(640, 480))
    note.write_bytes(b"%PDF-1.4 x")
    (photo,) = await client.send_files(AZIZA, [picture], caption="250926-001")
    assert photo["caption"] == "250926-001"
    (kept,) = await client.send_files(AZIZA, [picture], kind="document")
    assert kept["document"]["file_name"] == "leak.jpg"
    assert kept["document"]["thumbnail"]["width"] == 320
    (pdf,) = await client.send_files(AZIZA, [note])
    updates = await bot.get_updates()
    assert [update.message.content_type for update in updates if update.message] == ["photo", "document", "document"]
    last = updates[-1].message
    assert last is not None
    assert last.document is not None
    assert await downloaded(bot, last.document.file_id) == b"%PDF-1.4 x"
    assert pdf["document"]["mime_type"] == "application/pdf"


async def test_several_files_of_a_person_are_an_album(bot: Bot, client: SandboxClient, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.jpg" for number in range(3)]
    for path in paths:
        path.write_bytes(jpeg(64, 64))
    album = await client.send_files(AZIZA, paths, caption="stairs")
    assert len({message["media_group_id"] for message in album}) == 1
    apart = await client.send_files(AZIZA, paths, album=False)
    assert all("media_group_id" not in message for message in apart)


async def test_a_file_by_its_address(raw: Raw) -> None:
    async def hello(_request: web.Request) -> web.Response:
        return web.Response(body=b"hello")

    app = web.Application()
    app.router.add_get("/dir/hello.txt", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        result = await raw.result("sendDocument", chat_id=REQUESTS, document=f"{base}/dir/hello.txt")
        assert (result["document"]["file_name"], result["document"]["file_size"]) == ("hello.txt", 5)
        error = await raw.error("sendDocument", chat_id=REQUESTS, document=f"{base}/missing.txt")
        assert error == "Bad Request: failed to get HTTP URL content"
    finally:
        await runner.cleanup()


async def test_album_errors_name_the_item(raw: Raw, client: SandboxClient) -> None:
    async def send(*sources: str) -> str:
        media = json.dumps([{"type": "photo", "media": source} for source in sources])
        files = {"good": ("a.jpg", jpeg(9, 9)), "bad": ("b.jpg", b"no picture")}
        status, body = await raw.upload("sendMediaGroup", files, chat_id=REQUESTS, media=media)
        assert status == 400
        return str(body["description"])

    refused = await send("attach://good", "abcd")
    assert refused == "Bad Request: wrong remote file identifier specified: can't unserialize it"
    assert await client.messages(REQUESTS) == []
    refused = await send("attach://good", "attach://bad")
    assert refused == 'Bad Request: failed to send message #2 with the error message "IMAGE_PROCESS_FAILED"'
