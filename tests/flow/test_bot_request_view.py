"""A request in a chat, as staff see it: one message, one album per tap, and what was done in words."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from sandbox.client import SandboxClient
from storage.details import Details
from storage.domain import Caller, Category, Inspection, MediaId, PartState, Scope
from storage.intake.taking_in import Arrival
from storage.request_numbers import RequestNumber
from storage.tables import Media, Part
from tests import media
from tests.flow.bot_running import ADMIN, GROUP, STAFF, TENANT, Json, RunningBot, buttons, running_bot
from tests.flow.conftest import eventually

NUMBER = RequestNumber("250926-001")
OTHER = 4242
PUBLIC = "https://media.example.com"
SERVICE = Caller.service("crm", frozenset(Scope))


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    config = {"public_url": PUBLIC}
    async with running_bot(database_url, sandbox, tmp_path, config=config, staff_ids=str(STAFF)) as running:
        for person in (TENANT, STAFF, ADMIN):
            await sandbox.person(person, language_code="en")
        yield running


async def upload(bot: RunningBot, name: str, data: bytes, category: Category | None = None) -> MediaId:
    """A file of a service, stored, and attached to the request."""
    arrival = Arrival(caller=SERVICE, filename=name)
    async with bot.archive.use_cases.intake.begin(arrival) as taking:
        await taking.write(data)
        accepted = await taking.accept(await taking.finish(), Details(request_number=NUMBER, category=category))
        assert await taking.progress.wait_ended(30)
    return accepted.media.id


async def send_photos(bot: RunningBot, tmp_path: Path, count: int, person: int = TENANT) -> None:
    """Photos of a tenant, attached to the request, and all of them in the channel."""
    paths = []
    for at in range(count):
        folder = tmp_path / f"photo {at}"
        folder.mkdir()
        paths.append(media.jpeg(folder, width=400 + at, height=300))
    for start in range(0, count, 10):
        await bot.sandbox.send_files(person, paths[start : start + 10], caption=f"#{NUMBER}")

    async def stored() -> bool:
        files = await bot.archive.use_cases.request_files.of_request(SERVICE, NUMBER)
        return sum(file.view.stored and file.view.source == "telegram" for file in files) == count

    await eventually(stored)


async def after(bot: RunningBot, chat: int, said: Json, count: int) -> list[Json]:
    """At least ``count`` messages of the bot after somebody's."""
    return await bot.answers(chat, said["message_id"], until=lambda found: len(found) >= count, timeout=60)


def label(message: Json, words: str) -> Json:
    return next(one for one in buttons(message) if words in one["text"])


async def press(bot: RunningBot, person: int, message: Json, words: str) -> Json:
    return await bot.sandbox.press(person, message, data=label(message, words)["callback_data"])


async def reads(bot: RunningBot, chat: int, message: Json, *words: str) -> Json:
    """The message, once it says all of ``words``."""

    def shown(found: list[Json]) -> bool:
        return any(
            one["message_id"] == message["message_id"] and all(word in one.get("text", "") for word in words)
            for one in found
        )

    found = await bot.answers(chat, message["message_id"] - 1, until=shown, timeout=60)
    return next(one for one in found if one["message_id"] == message["message_id"])


async def test_a_group_gets_one_message_and_one_album_per_tap(bot: RunningBot, tmp_path: Path) -> None:
    await send_photos(bot, tmp_path, 12)
    said = await bot.sandbox.send_text(STAFF, "/request 250926 1", chat=GROUP)
    head, *album = await after(bot, GROUP, said, 11)
    assert len(album) == 10
    assert len({one["media_group_id"] for one in album}) == 1
    assert "Request 250926-001</b>: 12 files" in head["text"] or "Request 250926-001: 12 files" in head["text"]
    assert "12 files" in head["text"]
    assert "12 files" in head["text"]
    assert "From Aziza" in head["text"]
    assert album[0]["caption"] == "Request 250926-001 · 1–10 / 12"
    await press(bot, STAFF, head, "🖼 11–12 / 12")
    more = (await after(bot, GROUP, said, 13))[11:]
    assert [one.get("caption") for one in more] == ["Request 250926-001 · 11–12 / 12", None]
    shown = await reads(bot, GROUP, head, "12 files")
    assert not [one for one in buttons(shown) if "🖼" in one["text"]]


async def test_a_button_pressed_twice_sends_once(bot: RunningBot, tmp_path: Path) -> None:
    await send_photos(bot, tmp_path, 11)
    said = await bot.sandbox.send_text(STAFF, "/request 250926-001")
    head = (await after(bot, STAFF, said, 11))[0]
    data = label(head, "🖼 11 / 11")["callback_data"]
    await asyncio.gather(bot.press(STAFF, head, data), bot.press(STAFF, head, data))
    assert len(await after(bot, STAFF, said, 12)) == 12


async def test_others_are_told_what_they_would_be_told_of_nothing(bot: RunningBot, tmp_path: Path) -> None:
    await send_photos(bot, tmp_path, 2)
    await bot.sandbox.person(OTHER, first_name="Olim", language_code="en")
    nothing = (await bot.ask(OTHER, "/request 250926-999"))["text"]
    assert (await bot.ask(OTHER, "/request 250926-001"))["text"] == nothing.replace("999", "001")
    assert (await bot.ask(STAFF, "/request 250926-999"))["text"] == nothing
    said = await bot.sandbox.send_text(STAFF, "/request 250926-001")
    head = (await after(bot, STAFF, said, 2))[0]
    for words in ("List", "What happened"):
        await bot.press(OTHER, head, label(head, words)["callback_data"])
    assert "I find nothing" in (await bot.ask(OTHER, "/history 250926-001"))["text"]
    shown = await reads(bot, STAFF, head, "2 files")
    assert shown["text"] == head["text"]


async def test_papers_come_apart_and_what_is_missing_is_named(bot: RunningBot, tmp_path: Path) -> None:
    """Photos of a service are shown by their previews; documents come when they are asked for."""
    await upload(bot, "leak.jpg", media.jpeg(tmp_path, width=900, height=600).read_bytes())
    await upload(bot, "done.jpg", media.jpeg(tmp_path).read_bytes(), Category.COMPLETION_PHOTO)
    acts = [await upload(bot, f"act {at}.txt", b"words " * 20) for at in range(2)]
    huge = await upload(bot, "huge.txt", b"many words")
    torn = await upload(bot, "torn.txt", b"torn words")
    async with bot.sessions.begin() as session:
        await session.execute(update(Media).where(Media.id == huge).values(inspection=Inspection.IMPOSSIBLE))
        await session.execute(update(Part).where(Part.media_id == torn).values(state=PartState.DAMAGED))
    said = await bot.sandbox.send_text(ADMIN, "/request №250926-001")
    head, *album = await after(bot, ADMIN, said, 3)
    assert all("photo" in one for one in album)
    assert f"Only in Telegram, too large for the page: {huge}. Get one with /get {huge}" in head["text"]
    assert f"Damaged in Telegram: {torn}" in head["text"]
    assert "completion photos: 1" in head["text"]
    await press(bot, ADMIN, head, "📄 1–3 / 3")
    papers = (await after(bot, ADMIN, said, 6))[3:]
    assert [one["document"]["file_name"] for one in papers] == ["act 0.txt", "act 1.txt", "huge.txt"]
    await press(bot, ADMIN, await reads(bot, ADMIN, head, "6 files"), "List")
    listed = await reads(bot, ADMIN, head, "act 1.txt", "leak.jpg")
    assert f"📎 {acts[0]}" in [one["text"] for one in buttons(listed)]
    await press(bot, ADMIN, listed, "Request")
    assert (await reads(bot, ADMIN, head, "Damaged"))["text"] == head["text"]


async def test_the_timeline_and_the_page(bot: RunningBot, tmp_path: Path) -> None:
    await send_photos(bot, tmp_path, 1)
    said = await bot.sandbox.send_text(STAFF, "/request 250926-001")
    head = (await after(bot, STAFF, said, 2))[0]
    url = label(head, "one page")["url"]
    assert url.startswith(f"{PUBLIC}/r/")
    link = await bot.archive.use_cases.request_links.find(url.rpartition("/")[2])
    assert (link.number, link.telegram_id) == (NUMBER, STAFF)
    await press(bot, STAFF, head, "What happened")
    shown = await reads(bot, STAFF, head, "What happened: 250926-001", "Aziza: attached #1", "Aziza: received #1")
    assert label(shown, "one page")["url"] == url


async def test_without_a_public_address_there_is_no_link(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    async with running_bot(database_url, sandbox, tmp_path, staff_ids=str(STAFF)) as bot:
        await sandbox.person(STAFF, language_code="en")
        await upload(bot, "act.txt", b"words " * 20)
        head = await bot.ask(STAFF, "/request 250926-001")
        assert not [one for one in buttons(head) if "url" in one]
        answer = await bot.sandbox.press(STAFF, head, data=label(head, "one page")["callback_data"])
        assert "PUBLIC_URL" in answer["text"]
    local = {"local_telegram": True, "public_url": "http://127.0.0.1:8080"}
    async with running_bot(database_url, sandbox, tmp_path, config=local, staff_ids=str(STAFF)) as bot:
        head = await bot.ask(STAFF, "/request 250926-001")
        assert label(head, "one page")["url"].startswith("http://127.0.0.1:8080/r/")


async def told(bot: RunningBot, person: int, text: str, *words: str, reply_to: int | None = None) -> str:
    """What the bot answers, once it says all of ``words``; cards and tidings may come between."""

    def right(found: list[Json]) -> list[str]:
        texts = [one.get("text", "") for one in found]
        return [one for one in texts if all(word in one for word in words)]

    said = await bot.sandbox.send_text(person, text, reply_to=reply_to)
    return right(await bot.answers(person, said["message_id"], until=right, timeout=60))[0]


async def test_the_history_of_a_file(bot: RunningBot, tmp_path: Path) -> None:
    await send_photos(bot, tmp_path, 1)
    media_id = (await bot.archive.use_cases.request_files.of_request(SERVICE, NUMBER))[0].view.id
    for person in (TENANT, STAFF):
        assert await told(bot, person, f"/history {media_id}", "Aziza: attached 250926-001", "Aziza: received")
    assert await told(bot, STAFF, "/history", "/history 17")
    await bot.sandbox.person(OTHER, first_name="Stranger", language_code="en")
    assert await told(bot, OTHER, f"/history {media_id}", "no such file")
    async with bot.sessions.begin() as session:
        source = (await session.execute(select(Media.source_message_id).where(Media.id == media_id))).scalar_one()
    assert await told(bot, TENANT, "/history", f"File {media_id}", reply_to=source)
    assert await told(bot, STAFF, "/history 250926-001", "What happened: 250926-001")
