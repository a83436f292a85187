"""Careless and hostile people: never silent in private, nothing leaks to others, nothing goes wrong on our side."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from sandbox.client import SandboxClient
from storage.domain import Caller, InboxState, Role
from storage.tables import InboxUpdate, Media
from tests import media
from tests.flow.bot_running import ADMIN, BOT_ID, GROUP, REQUESTS, STAFF, TENANT, Json, RunningBot, buttons, running_bot
from tests.flow.conftest import eventually

MALLORY = 1666
SECRET = "250926-077"


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    """At the end of every test nothing has gone wrong."""
    async with running_bot(database_url, sandbox, tmp_path, delete_grace="10m") as running:
        for person in (TENANT, STAFF):
            await sandbox.person(person, language_code="en")
        await sandbox.person(MALLORY, first_name="<b>Mal</b>&lory</a>", language_code="en")
        yield running
        await running.calm()


NONSENSE = (
    "/",
    "//",
    "/@mediagate_bot",
    "/get@mediagate_bot",
    "/GET 1",
    "/get 0",
    "/get -1",
    "/get 99999999999999999999999999",
    "/get ١٧",
    "/get 1; DROP TABLE media",
    "/delete <b>1</b>",
    "/attach",
    "/attach 999999-999",
    "/attach 250926-001 250926-002 nonsense",
    "/request " + "9" * 900,
    "/start i" + "A" * 63,
    "/start r_250926-001",
    "/start m_1",
    "/start \u0000",
    "/language xx",
    "/my -5",
    "/help " + "x" * 3000,
    "/invite now",
    "/" + "a" * 4000,
    "/имя 17",
    "x" * 4096,
    "<" * 4096,
    "&lt;b&gt;" * 400,
    "😀" * 100,
    "🏳️‍🌈👩‍👩‍👧‍👦",
    "\u200b\u200d\u2060\ufeff.",
    "\u202eevil\u202c reversed",
    "مرحبا كيف حالك",
    "שלום #250926-001",
    "e\u0301" * 500,
    "Z̸̨̛a̷͝l̸g̶o̴" * 50,
    "null",
    "{}",
    "%s %d {0} { $name }",
    "-- \\ ' \" `",
    "25092600100000000000000",
)


async def test_in_private_no_nonsense_stays_without_an_answer(bot: RunningBot) -> None:
    for text in NONSENSE:
        said = await bot.sandbox.send_text(MALLORY, text)
        answers = await bot.sandbox.wait_for(MALLORY, partial(_heard, said["message_id"]), timeout=30)
        assert "Something went wrong" not in str(answers[-1]), text[:60]


def _heard(message_id: int, messages: list[Json]) -> bool:
    """Whether the bot has answered a message, in words or with a reaction."""
    answered = any(one["message_id"] > message_id and one["from"]["id"] == BOT_ID for one in messages)
    return answered or any(one["message_id"] == message_id and one["reactions"] for one in messages)


@pytest.mark.parametrize(
    "name",
    [
        "<b>Bob</b> & <a href='x'>co</a>",
        "</b></code>&amp;",
        "\u202e\u202dgnp.exe",
        "\u200b\u2060",
        "😀" * 60,
        "a" * 256,
        "{ $name } %s {0}",
    ],
)
async def test_names_are_text_and_nothing_else(bot: RunningBot, tmp_path: Path, name: str) -> None:
    """A person's and a file's: shown as they are, cut where they are long, never markup of ours."""
    await bot.sandbox.person(77, first_name=name, language_code="en")
    hello = await bot.ask(77, "/start", timeout=30)
    assert "Hello" in hello["text"]
    for _, text in _marked(hello, "bold"):
        assert "Bob" not in text
    item = {"kind": "document", "file_name": f"{name[:200]}.pdf".replace("/", ""), "mime_type": "application/pdf"}
    (sent,) = await bot.sandbox.send_files(77, [media.pdf(tmp_path)], media=[item], caption=name)
    card = await bot.card(77, sent["message_id"], "Stored", timeout=30)
    assert len(card["text"]) < 1000
    assert "Your files: 1" in (await bot.ask(77, "/my", timeout=30))["text"]


def _marked(message: Json, kind: str) -> list[tuple[int, str]]:
    """What a message shows in ``kind``."""
    units = message["text"].encode("utf-16-le")
    return [
        (one["offset"], units[2 * one["offset"] : 2 * (one["offset"] + one["length"])].decode("utf-16-le"))
        for one in message.get("entities", [])
        if one["type"] == kind
    ]


async def secret_media(bot: RunningBot, tmp_path: Path) -> tuple[str, Json]:
    """A media of the tenant's that is nobody else's business: its id and its card."""
    (sent,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)], caption=f"Safe code 4711 {SECRET}")
    card = await bot.card(TENANT, sent["message_id"], "Stored", SECRET, timeout=30)
    return card["text"].split("ID ")[1].split()[0], card


def every_data(media_id: str) -> list[str]:
    """Callback data as one makes it up who knows all about the bot but its rules."""
    made_up = [f"{verb}:{media_id}:{card}" for verb in ("del", "undo") for card in (0, 1)]
    made_up += [f"get:{media_id}", f"req:{SECRET}:0", "my:0", "my:-1", "lang:en"]
    nonsense = ["", ":", "del", "del:", "del:x:y", f"del:{'9' * 40}:1", "get:-1", "get:1e3", "my:NaN", "req::"]
    return [*made_up, *nonsense, "x" * 64, "\u202e", "undo:None:1", "lang:../../x"]


async def test_forged_presses_open_nothing(bot: RunningBot, tmp_path: Path) -> None:
    """With another person's data, on another person's card, on a message of one's own, and without a message."""
    media_id, card = await secret_media(bot, tmp_path)
    own = await bot.ask(MALLORY, "/start", timeout=30)
    seen = await bot.sandbox.messages(TENANT)
    real = [one["callback_data"] for one in buttons(card) if "callback_data" in one]
    for data in [*real, *every_data(media_id)]:
        await bot.press(MALLORY, own, data)
    for data in real:
        await bot.press(MALLORY, card, data)
    await bot.calm()
    told = [one.get("text", "") + one.get("caption", "") for one in await bot.answers(MALLORY)]
    assert not [text for text in told if "4711" in text or SECRET in text]
    assert not [one for one in await bot.answers(MALLORY) if "photo" in one]
    after = await bot.sandbox.messages(TENANT)
    assert [one.get("text") for one in after if one["message_id"] != card["message_id"]] == [
        one.get("text") for one in seen if one["message_id"] != card["message_id"]
    ]
    assert "photo" in await bot.ask(TENANT, f"/get {media_id}", timeout=30), "nothing was deleted"


async def test_replayed_presses_do_nothing_new(bot: RunningBot, tmp_path: Path) -> None:
    """A button pressed five times, and those of a card as it was before."""
    media_id, card = await secret_media(bot, tmp_path)
    delete = next(one["callback_data"] for one in buttons(card) if one["callback_data"].startswith("del:"))
    for _ in range(5):
        await bot.press(TENANT, card, delete)
    deleted = await bot.card(TENANT, card["message_id"] - 1, "You can still undo", timeout=30)
    for one in buttons(card):
        await bot.press(TENANT, card, one["callback_data"])
    undo = buttons(deleted)[0]["callback_data"]
    for _ in range(5):
        await bot.press(TENANT, deleted, undo)
    await bot.card(TENANT, card["message_id"] - 1, "Stored", timeout=30)
    await bot.calm()
    assert "photo" in await bot.ask(TENANT, f"/get {media_id}", timeout=30)


async def test_words_about_other_peoples_media_open_nothing(bot: RunningBot, tmp_path: Path) -> None:
    """Whatever Mallory says or replies to, the answers are those for media that do not exist."""
    media_id, _ = await secret_media(bot, tmp_path)
    for command in ("/get", "/delete", "/link", "/history", "/detach", "/find", "/report"):
        await bot.sandbox.send_text(MALLORY, f"{command} {media_id}")
    for text in (f"/request {SECRET}", "/find 4711", "/find code", f"/start m_{media_id}", f"/start r_{SECRET}"):
        await bot.sandbox.send_text(MALLORY, text)
    await bot.calm()
    shown = await bot.answers(MALLORY, until=lambda found: len(found) >= 12, timeout=30)
    assert not [one for one in shown if "photo" in one or "document" in one]
    said = " ".join(one.get("text", "") + one.get("caption", "") for one in shown)
    assert "4711" not in said.replace("/find 4711", "").replace("“4711”", "").replace("4711.", "")
    owner = Caller.person(TENANT, Role.USER)
    assert (await bot.archive.use_cases.reading.own(owner, limit=1, offset=0))[1] == 1


async def test_a_reply_to_what_the_bot_does_not_know(bot: RunningBot) -> None:
    first = await bot.sandbox.send_text(MALLORY, "hello")
    await bot.answers(MALLORY, first["message_id"], timeout=30)
    for text in ("/attach 250926-001", "250926-001", "what is this?", "/delete", "/get"):
        answer = await bot.ask(MALLORY, text, reply_to=first["message_id"], timeout=30)
        assert answer["text"]
    gone = await bot.sandbox.send_text(MALLORY, "gone in a moment")
    asked = await bot.sandbox.send_text(MALLORY, "/attach 250926-001", reply_to=gone["message_id"])
    await bot.sandbox.delete(MALLORY, gone["message_id"])
    await bot.answers(MALLORY, asked["message_id"], timeout=30)


async def test_five_hundred_messages_at_once(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    """As the process runs it, with its limit: a few answers, one warning, silence; the files among them are kept."""
    async with running_bot(database_url, sandbox, tmp_path, config={"person_rate": 20}) as bot:
        await sandbox.person(MALLORY, first_name="Mal", language_code="en")
        path = media.jpeg(tmp_path)
        for at in range(500):
            if at % 250 == 100:
                await sandbox.send_files(MALLORY, [path])
            await sandbox.send_text(MALLORY, f"spam {at}")
        await bot.calm()
        assert "Hello" in (await bot.ask(ADMIN, "/start", timeout=30))["text"]
        told = await bot.answers(MALLORY, until=lambda found: "Stored" in str(found), timeout=60)
        assert sum("a lot at once" in one["text"] for one in told) <= 1
        assert len(told) <= 20 + 1 + 2
        async with bot.sessions.begin() as session:
            kept = await session.scalar(select(func.count()).select_from(Media))
            settled = select(func.count()).where(InboxUpdate.chat_key == MALLORY, InboxUpdate.state == InboxState.DONE)
            assert await session.scalar(settled) == 502
        assert kept == 2


async def test_an_album_of_mixed_kinds_some_of_them_refused(bot: RunningBot, tmp_path: Path) -> None:
    """One card says of each file what became of it."""
    documents = [media.pdf(tmp_path), media.windows_program(tmp_path), media.text(tmp_path)]
    sent = await bot.sandbox.send_files(MALLORY, documents, kind="document", album=True, caption="#250926-009")
    card = await bot.card(MALLORY, sent[-1]["message_id"], "Album: 3 files", "Not kept", "Stored", timeout=30)
    assert len(await bot.answers(MALLORY)) == 1
    assert card["text"].count("⚠️") == 1
    mixed = [media.jpeg(tmp_path), media.video(tmp_path)]
    sent = await bot.sandbox.send_files(MALLORY, mixed)
    await bot.card(MALLORY, sent[-1]["message_id"], "Album: 2 files", "Stored", timeout=30)


async def test_edits_of_all_kinds(bot: RunningBot, tmp_path: Path) -> None:
    """A text edited, a command edited into a caption, a caption edited into nothing, an edit of what we never saw."""
    said = await bot.sandbox.send_text(MALLORY, "hello")
    await bot.sandbox.edit(MALLORY, said["message_id"], MALLORY, text="/my")
    (sent,) = await bot.sandbox.send_files(MALLORY, [media.jpeg(tmp_path)], caption="Roof 250926-001")
    for caption in ("/delete 1", "/start", "<b>250926-002"):
        await bot.sandbox.edit(MALLORY, sent["message_id"], MALLORY, caption=caption)
    await bot.answers(MALLORY, until=lambda found: "Stored" in str(found) and "250926-002" in str(found))
    for caption in ("", "x" * 1024):
        await bot.sandbox.edit(MALLORY, sent["message_id"], MALLORY, caption=caption)
    await bot.calm()
    await bot.answers(MALLORY, until=lambda found: "250926-002" not in str(found))
    person = {"id": MALLORY, "is_bot": False, "first_name": "M"}
    chat = {"id": MALLORY, "type": "private", "first_name": "M"}
    unseen = {"message_id": 9999, "date": 1, "edit_date": 2, "chat": chat, "from": person}
    photo = [{"file_id": "made-up", "file_unique_id": "u", "width": 1, "height": 1}]
    assert await bot.feed({"edited_message": {**unseen, "text": "250926-003"}}) is InboxState.DONE
    assert await bot.feed({"edited_message": {**unseen, "photo": photo, "caption": "/help"}}) is InboxState.DONE


async def test_service_messages_channel_posts_and_what_is_yet_to_be_invented(bot: RunningBot) -> None:
    """They are settled without a word, in groups and in private."""
    group = {"id": GROUP, "type": "supergroup", "title": "Staff"}
    private = {"id": MALLORY, "type": "private", "first_name": "M"}
    channel = {"id": REQUESTS, "type": "channel", "title": "Requests"}
    person = {"id": MALLORY, "is_bot": False, "first_name": "M"}
    bodies: tuple[dict[str, Any], ...] = (
        {"new_chat_members": [person]},
        {"left_chat_member": {"id": BOT_ID, "is_bot": True, "first_name": "Mediagate"}},
        {"new_chat_title": "<b>"},
        {"delete_chat_photo": True},
        {"group_chat_created": True},
        {"pinned_message": {"message_id": 1, "date": 1, "chat": group}},
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}},
        {"forum_topic_created": {"name": "T", "icon_color": 1}},
        {"video_chat_started": {}},
        {"boost_added": {"boost_count": 1}},
        {"from_the_future": {"x": [1, 2, 3]}},
        {"dice": {"emoji": "🎲", "value": 3}, "future_field": "x"},
    )
    before = len(await bot.sandbox.messages(GROUP))
    for at, body in enumerate(bodies):
        message = {"message_id": 5000 + at, "date": 1, "chat": group, "from": person, **body}
        assert await bot.feed({"message": message}) is InboxState.DONE
    for body in ({"pinned_message": {"message_id": 1, "date": 1, "chat": private}}, {"from_the_future": {}}):
        message = {"message_id": 6000, "date": 1, "chat": private, "from": person, **body}
        assert await bot.feed({"message": message}) is InboxState.DONE
    post = {"message_id": 1, "date": 1, "chat": channel, "sender_chat": channel, "text": "/start 250926-001"}
    for kind in ("channel_post", "edited_channel_post", "message"):
        assert await bot.feed({kind: post}) is InboxState.DONE
    for unknown in ({"tomorrow": {"chat": {"id": 5}}}, {}):
        assert await bot.feed(unknown) is InboxState.DONE
    await bot.sandbox.send_text(STAFF, "lunch?", chat=GROUP)
    assert len(await bot.sandbox.messages(GROUP)) == before + 1


async def test_broken_files(bot: RunningBot, tmp_path: Path) -> None:
    """A file that Telegram does not give back, one of a byte, and one that is not what it says."""
    for name, content in (("one.pdf", b"%"), ("photo.jpg", b"%PDF-1.4 not a photo" * 50), ("a.zip", b"PK\x03\x04")):
        path = tmp_path / name
        path.write_bytes(content)
        (sent,) = await bot.sandbox.send_files(MALLORY, [path], kind="document")
        await bot.card(MALLORY, sent["message_id"], timeout=30)
    sizes = [{"file_id": "AgADmade-up", "file_unique_id": "u1", "width": 90, "height": 90, "file_size": 1000}]
    person = {"id": MALLORY, "is_bot": False, "first_name": "M", "language_code": "en"}
    chat = {"id": MALLORY, "type": "private", "first_name": "M"}
    made_up = {"message_id": 7000, "date": 1, "chat": chat, "from": person, "photo": sizes}
    assert await bot.feed({"message": made_up}) is InboxState.DONE

    async def answered() -> bool:
        return len(await bot.answers(MALLORY)) == 4

    await eventually(answered)
