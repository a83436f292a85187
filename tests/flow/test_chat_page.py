"""Talking on the chat page: texts, keyboards, media, the drawer, a phone."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.flow.chat_page import DESK, PHONE, Scene, browsing, picture, scene

NASTY = "<img src=x onerror=window.hacked=1>.txt"
SECONDS = """async url => {
  const bytes = await (await fetch(url)).arrayBuffer();
  return (await new AudioContext().decodeAudioData(bytes)).duration;
}"""
DRAG = "name => { const data = new DataTransfer(); data.items.add(new File(['plain words'], name)); return data; }"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Any]:
    async with browsing() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Any, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(browser, tmp_path, DESK) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def phone(browser: Any, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(browser, tmp_path, PHONE) as opened:
        yield opened


async def test_first_talk(desk: Scene) -> None:
    """The empty chat says what to do; the bot's answer, its buttons and edits arrive without a reload."""
    await desk.page.get_by_text("Send /start or drop a photo").wait_for()
    await desk.page.get_by_role("button", name="Send /start").click()
    await desk.sees("Hello")
    assert await desk.page.locator(".words strong").inner_text() == "Hello"
    await desk.page.get_by_role("button", name="Warn me").click()
    await desk.page.get_by_role("dialog").get_by_text("Mind the gap").wait_for()
    await desk.page.get_by_role("button", name="OK").click()
    await desk.page.get_by_role("button", name="Change it").click()
    await desk.page.locator(".toast", has_text="Done at once").wait_for()
    await desk.sees("Changed by the button")
    await desk.sees("edited")


async def test_keyboards_and_commands(desk: Scene) -> None:
    """ "/" lists the bot's commands, Enter sends; a reply keyboard writes for one; the typing bot is seen."""
    await desk.say("/keys")
    await desk.page.get_by_role("button", name="Yes, please").click()
    await desk.sees("Got text Yes, please")
    await desk.page.get_by_role("textbox", name="Message").fill("/")
    await desk.page.get_by_role("option", name="/help").wait_for()
    await desk.page.keyboard.press("Enter")
    await desk.sees("Got text /help")
    await desk.say("/slow")
    await desk.page.get_by_role("status").get_by_text("is typing").wait_for()
    await desk.sees("Sorry for the wait")


async def test_reply_and_edit(desk: Scene) -> None:
    """A message is answered from its menu, and one's own last is edited with the arrow key."""
    await desk.say("first")
    await desk.sees("Got text first")
    await desk.page.locator(".message.theirs .bubble").last.click(button="right")
    await desk.page.get_by_role("menuitem", name="Reply").click()
    await desk.page.keyboard.type("an answer")
    await desk.page.keyboard.press("Enter")
    await desk.sees("Got text an answer")
    reply = desk.bot.got[-1].reply_to_message
    assert reply is not None
    assert reply.text == "Got text first"
    await desk.page.keyboard.press("ArrowUp")
    await desk.page.keyboard.type(" corrected")
    await desk.page.keyboard.press("Enter")
    await desk.sees("an answer corrected")


async def test_photo_and_album(desk: Scene) -> None:
    """A photo is shown in the chat; two with a caption become one album for both sides."""
    await desk.choose("Photo or video", picture(640, 480, "pump.jpg"))
    await desk.page.keyboard.press("Enter")
    await desk.sees("Got photo")
    await desk.page.wait_for_function("document.querySelector('.visual img').naturalWidth > 0")
    await desk.choose("Photo or video", picture(500, 500, "a.jpg"), picture(400, 600, "b.jpg"))
    await desk.page.keyboard.type("Two views #250926-001")
    await desk.page.keyboard.press("Enter")
    await desk.sees("Two views #250926-001")
    await desk.bot_has(3)
    first, second = desk.bot.got[1:]
    assert first.media_group_id == second.media_group_id is not None
    assert first.caption == "Two views #250926-001"
    assert await desk.page.locator(".visual-album .album-cell").count() == 2


async def test_file_with_a_hostile_name(desk: Scene) -> None:
    """A dropped file keeps its name and bytes; a name that is markup is only a name."""
    dragged = await desk.page.evaluate_handle(DRAG, NASTY)
    await desk.page.dispatch_event("body", "dragenter", {"dataTransfer": dragged})
    await desk.page.get_by_text("Drop as files").dispatch_event("drop", {"dataTransfer": dragged})
    await desk.page.get_by_role("dialog").get_by_text(NASTY).wait_for()
    await desk.page.keyboard.press("Enter")
    await desk.sees("Got document")
    document = desk.bot.got[-1].document
    assert document is not None
    assert document.file_name == NASTY
    async with desk.page.expect_download() as download:
        await desk.page.get_by_title(f"Download {NASTY}").click()
    path = await (await download.value).path()
    assert Path(path).read_bytes() == b"plain words"
    assert await desk.page.evaluate("window.hacked") is None


async def test_pretend_video_and_voice(desk: Scene) -> None:
    """A 1.5 GiB video costs no bytes; a voice message comes from the microphone as Ogg, as Telegram's do."""
    await desk.attach("Pretend 1.5 GiB video")
    await desk.sees("Got video")
    video = desk.bot.got[-1].video
    assert video is not None
    assert video.file_size == 3 * 1024**3 / 2
    await desk.page.get_by_role("button", name="Record a voice message").click()
    await desk.page.get_by_role("timer").get_by_text("0:01").wait_for()
    await desk.page.get_by_role("button", name="Send the recording").click()
    await desk.sees("Got voice")
    await desk.page.get_by_role("button", name="Play voice message").wait_for()
    voice = desk.bot.got[-1].voice
    assert voice is not None
    assert voice.mime_type == "audio/ogg"
    assert await desk.page.evaluate(SECONDS, f"/control/files/{voice.file_unique_id}") > 0.5


async def test_drawer(desk: Scene) -> None:
    """The drawer shows the bot's calls, moves the clock, and switches rules and faults."""
    await desk.say("hello")
    await desk.sees("Got text hello")
    await desk.page.get_by_role("button", name="What the API saw").click()
    drawer = desk.page.get_by_role("complementary", name="What the API saw")
    await drawer.get_by_text("sendMessage").first.wait_for()
    before = (await desk.api("/control/clock"))["now"]
    await drawer.get_by_role("button", name="+49 hours").click()
    await desk.page.locator(".day", has_not_text="Today").wait_for()
    assert (await desk.api("/control/clock"))["now"] - before >= 49 * 3600
    await drawer.get_by_role("switch", name="Flood limits").uncheck()
    lost = drawer.get_by_role("switch", name="Answers get lost")
    async with desk.page.expect_response("**/control/faults"):
        await lost.check()
    state = await desk.api("/control/state")
    assert state["options"]["flood"]["enabled"] is False
    assert [fault["kind"] for fault in state["faults"]] == ["answer_lost"]
    await lost.uncheck()


async def test_phone_and_somebody_new(phone: Scene) -> None:
    """On a phone one goes from list to chat and back; somebody new can be made up there."""
    await phone.page.locator(".chat-row").first.wait_for()
    await phone.page.get_by_role("button", name="Switch").click()
    await phone.page.get_by_role("button", name="Somebody new").click()
    await phone.page.get_by_label("First name").fill("Dilnoza")
    await phone.page.keyboard.press("Enter")
    await phone.page.get_by_role("button", name="Dilnoza").wait_for()
    await phone.page.locator(".chat-row").first.click()
    await phone.say("hello from the phone")
    await phone.sees("Got text hello from the phone")
    sender = phone.bot.got[-1].from_user
    assert sender is not None
    assert sender.first_name == "Dilnoza"
    assert await phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await phone.page.get_by_role("button", name="Back to the chats").click()
    await phone.page.locator(".chat-row").first.wait_for()
