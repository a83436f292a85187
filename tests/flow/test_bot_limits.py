"""Who may use the bot, and how much: the phone number at the door, a flood of words, and a day's quota."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.limiting import Patience, Verdict
from sandbox.client import SandboxClient
from storage.callers.people import Access
from storage.domain import Caller, Quota, Role
from tests import media
from tests.flow.bot_running import ADMIN, GROUP, STAFF, TENANT, Json, RunningBot, running_bot
from tests.flow.conftest import eventually


@pytest.fixture
async def tenant(sandbox: SandboxClient) -> int:
    await sandbox.person(TENANT, language_code="en")
    return TENANT


@pytest.fixture
async def limited(database_url: str, sandbox: SandboxClient, tmp_path: Path, tenant: int) -> AsyncIterator[RunningBot]:
    """Four things a minute, and three files a day."""
    config = {"person_rate": 4, "person_quota": Quota(day_files=3)}
    async with running_bot(database_url, sandbox, tmp_path, config=config) as running:
        yield running


def test_a_flood_is_warned_of_once_and_then_met_with_silence_for_a_minute() -> None:
    now = 100.0
    patience = Patience(3, monotonic=lambda: now)
    assert [patience.judge(1) for _ in range(3)] == [Verdict.ANSWER] * 3
    assert [patience.judge(1) for _ in range(50)] == [Verdict.WARN] + [Verdict.IGNORE] * 49
    assert patience.judge(2) is Verdict.ANSWER, "others are heard"
    now += 59
    assert patience.judge(1) is Verdict.IGNORE
    now += 1
    assert [patience.judge(1) for _ in range(4)] == [Verdict.ANSWER] * 3 + [Verdict.WARN], "a whole minute again"
    assert Patience(0).judge(1) is Verdict.ANSWER


async def test_words_are_limited_and_files_are_not(limited: RunningBot, tmp_path: Path, tenant: int) -> None:
    for at in range(12):
        await limited.sandbox.send_text(tenant, f"/nonsense {at}")
    await limited.sandbox.send_files(tenant, [media.jpeg(tmp_path)])
    found = await limited.answers(tenant, until=lambda found: "Stored" in str(found), timeout=30)
    answers = [one["text"] for one in found]
    assert sum("do not know this command" in text for text in answers) == 4
    assert [text for text in answers if "a lot at once" in text] == [answers[4]], "one warning, and at once"
    assert len(answers) == 6
    assert "Hello" in (await limited.ask(ADMIN, "/start"))["text"], "others are answered"


async def test_a_press_beyond_the_limit_is_ended_all_the_same(limited: RunningBot, tmp_path: Path, tenant: int) -> None:
    (sent,) = await limited.sandbox.send_files(tenant, [media.jpeg(tmp_path)])
    card = await limited.card(tenant, sent["message_id"], "Stored")
    for _ in range(4):
        await limited.ask(tenant, "/help")
    pressed = await limited.sandbox.press(tenant, card, row=0, column=0)
    assert pressed["answered"]
    assert "a lot at once" in pressed["text"]
    pressed = await limited.sandbox.press(tenant, card, row=0, column=0)
    assert pressed["answered"]
    assert not pressed["text"]
    assert "Stored" in (await limited.answers(tenant, sent["message_id"]))[0]["text"], "nothing was deleted"


async def test_what_people_say_to_each_other_in_a_group_counts_for_nothing(limited: RunningBot) -> None:
    await limited.sandbox.person(STAFF, language_code="en")
    for at in range(10):
        await limited.sandbox.send_text(STAFF, f"lunch {at}?", chat=GROUP)
        await limited.sandbox.send_text(STAFF, "/help@another_bot", chat=GROUP)
    answer = await limited.ask(STAFF, "/help@mediagate_bot", chat=GROUP)
    assert "For staff" in answer["text"]


async def test_beyond_the_days_quota_there_is_one_warning_and_then_a_reaction(
    limited: RunningBot, tmp_path: Path, tenant: int
) -> None:
    files = [media.jpeg(tmp_path, width=100 + at) for at in range(6)]
    sent: list[Json] = []
    for file in files:
        sent += await limited.sandbox.send_files(tenant, [file])
    too_many = "as many files as you can send in a day"
    answers = await limited.answers(
        tenant, until=lambda found: str(found).count("Stored") == 3 and too_many in str(found)
    )
    warnings = [one for one in answers if too_many in one["text"]]
    assert [one["reply_to_message"]["message_id"] for one in warnings] == [sent[3]["message_id"]]

    async def marked() -> bool:
        found = {one["message_id"]: one.get("reactions") for one in await limited.sandbox.messages(tenant)}
        return [bool(found[one["message_id"]]) for one in sent] == [False] * 4 + [True] * 2

    await eventually(marked)
    owner = Caller.person(tenant, Role.USER)
    assert (await limited.archive.use_cases.reading.own(owner, limit=10, offset=0))[1] == 3
    (staffs,) = await limited.sandbox.send_files(ADMIN, [files[5]])
    await limited.card(ADMIN, staffs["message_id"], "Stored")


async def test_a_quota_of_bytes(database_url: str, sandbox: SandboxClient, tmp_path: Path, tenant: int) -> None:
    path = media.jpeg(tmp_path)
    config = {"person_quota": Quota(day_bytes=path.stat().st_size * 100)}
    async with running_bot(database_url, sandbox, tmp_path, config=config) as bot:
        (sent,) = await sandbox.send_files(tenant, [path])
        await bot.card(tenant, sent["message_id"], "Stored")
        large = await sandbox.send_virtual(tenant, path.stat().st_size * 100, kind="document", file_name="plan.pdf")
        await bot.card(tenant, large["message_id"], "as much as you can send in a day")


async def test_the_phone_number_is_shared_with_a_button(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, tenant: int
) -> None:
    async with running_bot(database_url, sandbox, tmp_path, config={"access": Access.CONTACT}) as bot:
        asked = await bot.ask(tenant, "/start")
        (key,) = asked["reply_markup"]["keyboard"][0]
        await sandbox.press_key(tenant, asked, key["text"])
        welcome = await bot.card(tenant, asked["message_id"], "Thank you, Aziza")
        assert welcome["reply_markup"] == {"remove_keyboard": True}
        (sent,) = await sandbox.send_files(tenant, [media.jpeg(tmp_path)])
        await bot.card(tenant, sent["message_id"], "Stored")


async def test_someone_elses_number_opens_nothing_however_often(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, tenant: int
) -> None:
    card = {"phone_number": "+998901111001", "first_name": "Sergey", "user_id": STAFF}
    async with running_bot(database_url, sandbox, tmp_path, config={"access": Access.CONTACT}) as bot:
        await bot.ask(tenant, "/start")
        for _ in range(9):
            await sandbox.send(tenant, tenant, contact=card)
        await sandbox.send(tenant, tenant, contact={**card, "user_id": tenant})
        answers = await bot.answers(tenant, until=lambda found: "Thank you" in str(found), timeout=30)
        refusals = [one for one in answers if "somebody else's contact" in one["text"]]
        assert len(refusals) == 5
