"""Life in groups: privacy mode, reactions, topics, nobody's messages, moves, and who is staff by being there."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.cards.rows import Place, put_item
from sandbox.client import SandboxClient
from storage.callers.groups import Groups
from storage.tables import Card, Media
from tests import media
from tests.flow.bot_running import ADMIN, BOT_ID, GROUP, STAFF, TENANT, RunningBot, running_bot
from tests.flow.conftest import eventually

Json = dict[str, Any]
NEIGHBOUR = 1004


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    await sandbox.person(TENANT, language_code="en")
    await sandbox.person(STAFF, language_code="en")
    await sandbox.person(NEIGHBOUR, first_name="Nodir", language_code="en")
    config = {"staff_chat": GROUP, "staff_ids": frozenset(), "member_asked_again": timedelta(0)}
    async with running_bot(database_url, sandbox, tmp_path, config=config) as running:
        yield running


async def work_group(sandbox: SandboxClient, **fields: Any) -> int:
    """A group with tenant, neighbour and admin, and the bot as a plain member: privacy mode is on."""
    group = await sandbox.chat("supergroup", "House 12", creator=ADMIN, members=[TENANT, NEIGHBOUR, STAFF], **fields)
    await sandbox.member(group["id"], BOT_ID, "member")
    return int(group["id"])


def words(message: Json) -> str:
    return str(message.get("text") or message.get("caption") or "")


async def test_where_it_sees_little_it_says_the_cure_once(bot: RunningBot) -> None:
    group = await work_group(bot.sandbox)
    told = await bot.answers(group, until=lambda found: any("privacy mode" in words(one) for one in found), timeout=40)
    assert len(told) == 1
    await bot.sandbox.member(group, BOT_ID, "left")
    await bot.sandbox.member(group, BOT_ID, "member")
    answer = await bot.ask(TENANT, "/help", chat=group, timeout=40)
    assert "privacy mode" not in answer["text"]
    assert len([one for one in await bot.answers(group) if "privacy mode" in words(one)]) == 1


async def test_an_admin_of_the_group_needs_no_cure(bot: RunningBot) -> None:
    group = await bot.sandbox.chat("supergroup", "House 13", creator=ADMIN, members=[TENANT])
    await bot.sandbox.member(group["id"], BOT_ID, "administrator", {"can_delete_messages": True})
    answer = await bot.ask(TENANT, "/help", chat=group["id"], timeout=40)
    assert "privacy mode" not in answer["text"]
    assert len(await bot.answers(group["id"])) == 1


async def test_a_photo_with_a_number_is_acknowledged_by_a_reaction(bot: RunningBot, tmp_path: Path) -> None:
    (sent,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)], chat=GROUP, caption="#250926-003")
    await bot.reacted(GROUP, sent, "👍")
    assert await bot.answers(GROUP, until=lambda _: True) == []


async def test_where_reactions_are_forbidden_a_card_says_it(bot: RunningBot, tmp_path: Path) -> None:
    refused = {"status": 400, "description": "Bad Request: REACTION_INVALID"}
    await bot.sandbox.add_fault("error", method="setMessageReaction", **refused)
    (sent,) = await bot.sandbox.send_files(STAFF, [media.jpeg(tmp_path)], chat=GROUP, caption="#250926-003")
    await bot.card(GROUP, sent["message_id"], "Stored", "250926-003", timeout=40)
    await bot.sandbox.reset_stats()
    (sent,) = await bot.sandbox.send_files(
        STAFF, [media.jpeg(tmp_path, orientation=3)], chat=GROUP, caption="#250926-004"
    )
    await bot.card(GROUP, sent["message_id"], "Stored", "250926-004", timeout=40)
    assert "setMessageReaction" not in (await bot.sandbox.stats())["calls"], "it is not tried again at once"


async def test_what_is_refused_is_said_in_words(bot: RunningBot, tmp_path: Path) -> None:
    program = tmp_path / "setup.exe"
    program.write_bytes(b"MZ" + bytes(4000))
    (sent,) = await bot.sandbox.send_files(STAFF, [program], kind="document", chat=GROUP, caption="#250926-003")
    await bot.card(GROUP, sent["message_id"], "Not kept", timeout=40)


async def test_neighbours_who_chat_are_left_alone(bot: RunningBot, tmp_path: Path) -> None:
    group = await bot.sandbox.chat("supergroup", "House 14", creator=ADMIN, members=[TENANT, NEIGHBOUR])
    await bot.sandbox.member(group["id"], BOT_ID, "administrator", {"can_delete_messages": True})
    chat = group["id"]
    (photo,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)], chat=chat, caption="our cat")
    await bot.sandbox.send_text(NEIGHBOUR, "№ 5 is nicer, see 250926-001", chat=chat, reply_to=photo["message_id"])
    await bot.sandbox.send_text(NEIGHBOUR, "/help@another_bot", chat=chat)
    await bot.sandbox.send_text(NEIGHBOUR, "@another_bot what is this", chat=chat)
    answer = await bot.ask(TENANT, "/help@mediagate_bot", chat=chat, timeout=40)
    assert len(await bot.answers(chat)) == 1
    assert answer["reply_to_message"]["text"] == "/help@mediagate_bot"
    async with bot.sessions.begin() as session:
        assert await session.scalar(select(Media.id)) is None


async def test_who_names_the_bot_means_it(bot: RunningBot, tmp_path: Path) -> None:
    group = await bot.sandbox.chat("supergroup", "House 15", creator=ADMIN, members=[TENANT])
    await bot.sandbox.member(group["id"], BOT_ID, "administrator", {"can_delete_messages": True})
    (photo,) = await bot.sandbox.send_files(
        TENANT, [media.jpeg(tmp_path)], chat=group["id"], caption="@mediagate_bot leak"
    )
    await bot.reacted(group["id"], photo, "👍")


async def test_with_privacy_mode_it_works_by_reply(bot: RunningBot, tmp_path: Path) -> None:
    group = await work_group(bot.sandbox)
    (photo,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)], chat=group)
    await bot.sandbox.send_text(STAFF, "/attach 250926-009", chat=group, reply_to=photo["message_id"])
    await bot.reacted(group, photo, "👍")


async def test_an_answer_stays_in_its_topic(bot: RunningBot, tmp_path: Path) -> None:
    group = await work_group(bot.sandbox, is_forum=True)
    topic = (await bot.sandbox.call("POST", f"/chats/{group}/topics", {"from": ADMIN, "name": "Roof"}))[
        "message_thread_id"
    ]
    await bot.answers(group, until=lambda found: any("privacy mode" in words(one) for one in found), timeout=40)
    (asked,) = await bot.sandbox.send(group, TENANT, text="/help", message_thread_id=topic)
    answer = (await bot.answers(group, asked["message_id"], timeout=40))[0]
    assert answer["message_thread_id"] == topic
    await bot.sandbox.add_fault("slow", method="sendMessage", seconds=0.5)
    (asked,) = await bot.sandbox.send(group, TENANT, text="/help", message_thread_id=topic)
    await bot.sandbox.delete(group, asked["message_id"])
    answer = (await bot.answers(group, asked["message_id"], timeout=40))[0]
    assert answer["message_thread_id"] == topic, "also where the question is gone"


async def test_nobody_is_taken_for_a_person(bot: RunningBot, tmp_path: Path) -> None:
    form = {"from": ADMIN, "anonymous": True}
    path = media.jpeg(tmp_path)
    (first,) = await bot.sandbox.send_files(STAFF, [path], chat=GROUP)
    forwarded = {"media": [{"kind": "photo", "virtual_size": 5000, "caption": "#250926-001"}]}
    await bot.sandbox.call("POST", f"/chats/{GROUP}/messages", {**form, **forwarded})
    answers = await bot.answers(GROUP, first["message_id"], timeout=40)
    assert "Remain anonymous" in answers[0]["text"]
    await bot.sandbox.call("POST", f"/chats/{GROUP}/messages", {**form, "text": "/my"})
    await bot.sandbox.call("POST", f"/chats/{GROUP}/messages", {**form, "text": "just talking"})
    await bot.ask(STAFF, "/help", chat=GROUP, timeout=40)
    assert len([one for one in await bot.answers(GROUP) if "anonymous" in words(one)]) == 1, "once is enough"
    async with bot.sessions.begin() as session:
        assert await session.scalar(select(Media.id)) is None


def groups_of(bot: RunningBot) -> Groups:
    return Groups(bot.sessions, staff_chat=GROUP)


async def test_a_removed_bot_says_nothing_more(bot: RunningBot, tmp_path: Path) -> None:
    group = await work_group(bot.sandbox)
    await bot.answers(group, until=lambda found: any("privacy mode" in words(one) for one in found), timeout=40)
    await bot.sandbox.send_text(ADMIN, "/start")
    await bot.sandbox.member(group, BOT_ID, "kicked")
    await bot.answers(
        ADMIN, until=lambda found: any("removed from the group" in words(one) for one in found), timeout=40
    )
    group_row = await groups_of(bot).get(group)
    assert group_row is not None
    assert not group_row.present
    async with bot.sessions.begin() as session:
        place = Place(chat_id=group, person_id=TENANT, language="en", message_id=5, album=None)
        await put_item(session, place, media_id=None, error={"code": "empty_file", "filename": "a.txt"})
    await bot.sandbox.reset_stats()
    await bot.ask(ADMIN, "/help", timeout=40)
    await bot.door.sweep()
    assert str(group) not in (await bot.sandbox.stats())["by_chat"], "not even a call that would be refused"


async def is_inside(bot: RunningBot, person: int, *, inside: bool) -> bool:
    known = await groups_of(bot).member(person)
    return known is not None and known.inside is inside


async def test_members_of_the_staff_chat_are_staff_while_they_are_in_it(bot: RunningBot) -> None:
    assert "Only staff" not in (await bot.ask(STAFF, "/waiting", timeout=40))["text"], "they are in the chat"
    assert "Only staff" in (await bot.ask(TENANT, "/waiting", timeout=40))["text"]
    await bot.sandbox.member(GROUP, TENANT, "member")
    await eventually(lambda: is_inside(bot, TENANT, inside=True))
    assert "Only staff" not in (await bot.ask(TENANT, "/waiting", timeout=40))["text"]
    await bot.sandbox.member(GROUP, STAFF, "left")
    await eventually(lambda: is_inside(bot, STAFF, inside=False))
    assert "Only staff" in (await bot.ask(STAFF, "/waiting", timeout=40))["text"]


async def test_where_nobody_says_who_leaves_it_asks(bot: RunningBot) -> None:
    """As a plain member the bot is told by service messages at best: each time counts what Telegram says then."""
    await bot.sandbox.member(GROUP, BOT_ID, "member")
    assert "Only staff" not in (await bot.ask(STAFF, "/waiting", timeout=40))["text"]
    await groups_of(bot).note_member(GROUP, TENANT, inside=True)
    assert "Only staff" in (await bot.ask(TENANT, "/waiting", timeout=40))["text"], "believed no longer than allowed"


async def test_a_staff_chat_that_becomes_a_supergroup_is_followed(bot: RunningBot, tmp_path: Path) -> None:
    old = await bot.sandbox.chat("group", "Dispatchers", creator=ADMIN, members=[STAFF])
    await bot.sandbox.member(old["id"], BOT_ID, "member")
    groups = Groups(bot.sessions, staff_chat=old["id"])
    new = (await bot.sandbox.upgrade(old["id"]))["id"]

    async def followed() -> bool:
        return bool(await groups.staff_chat() == new)

    await eventually(followed)
    assert await bot.ask(STAFF, "/help", chat=new, timeout=40)


async def test_a_card_of_a_group_follows_it_and_meets_no_message_of_the_new_one(
    bot: RunningBot, tmp_path: Path
) -> None:
    old = await bot.sandbox.chat("group", "House 16", creator=ADMIN, members=[TENANT, STAFF])
    await bot.sandbox.member(old["id"], BOT_ID, "administrator", {"can_delete_messages": True})
    (photo,) = await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)], chat=old["id"], caption="#250926-001")
    await bot.reacted(old["id"], photo, "👍")
    new = (await bot.sandbox.upgrade(old["id"]))["id"]

    async def moved() -> bool:
        async with bot.sessions.begin() as session:
            return bool(await session.scalar(select(Card.chat_id)) == new)

    await eventually(moved)
    for at in range(photo["message_id"] + 1):
        (again,) = await bot.sandbox.send_files(
            TENANT, [media.jpeg(tmp_path, width=80 + at)], chat=new, caption="#250926-002"
        )
        await bot.reacted(new, again, "👍")
    async with bot.sessions.begin() as session:
        assert len((await session.scalars(select(Media.id))).all()) == photo["message_id"] + 2


async def test_staff_choose_what_the_cards_of_a_group_speak(bot: RunningBot, tmp_path: Path) -> None:
    """Until then they speak what their members do; and an attachment in a group needs no words."""
    await bot.sandbox.send_files(TENANT, [media.jpeg(tmp_path)])
    (card,) = await bot.answers(GROUP, until=lambda found: len(found) == 1, timeout=40)
    assert "photo · ID 1" in str(card)
    asked = await bot.ask(STAFF, "/lang", chat=GROUP, timeout=40)
    assert "in this group" in asked["text"]
    await bot.press(TENANT, asked, "glang:uz")
    await bot.press(STAFF, asked, "glang:ru")
    await bot.answers(GROUP, until=lambda found: "фото · ID 1" in str(found) and "по-русски" in str(found), timeout=40)
    tapped = await bot.sandbox.send_text(STAFF, "/attach 250926-001", chat=GROUP, reply_to=card["message_id"])
    await bot.sandbox.wait_for(
        GROUP,
        lambda found: any(one["message_id"] == tapped["message_id"] and one.get("reactions") for one in found),
        timeout=40,
    )
