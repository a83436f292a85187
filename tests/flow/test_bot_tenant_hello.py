"""The first hello: the language is asked with it, and kept."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from tests.flow.bot_running import TENANT, RunningBot, buttons, labelled, running_bot

PATIENT = 40


@pytest.fixture
async def bot(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(database_url, sandbox, tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    ("telegram", "hello", "choice", "chosen"),
    [
        ("de", "Hello, Aziza", "Русский", "Здравствуйте, Aziza"),
        ("ru", "Здравствуйте, Aziza", "Oʻzbekcha", "Assalomu alaykum, Aziza"),
        ("uz", "Assalomu alaykum, Aziza", "English", "Hello, Aziza"),
    ],
)
async def test_the_language_is_asked_once_in_all_of_them(
    bot: RunningBot, telegram: str, hello: str, choice: str, chosen: str
) -> None:
    await bot.sandbox.person(TENANT, language_code=telegram)
    first = await bot.ask(TENANT, "/start", timeout=PATIENT)
    assert first["text"].startswith(hello)
    assert "Tilni tanlang · Выберите язык · Choose a language" in first["text"]
    assert [one["text"] for one in buttons(first)] == ["Oʻzbekcha", "Русский", "English"]
    await bot.sandbox.press(TENANT, first, data=labelled(first, choice))
    first = await bot.card(TENANT, first["message_id"] - 1, chosen, timeout=PATIENT)
    assert buttons(first) == []
    second = await bot.ask(TENANT, "/start", timeout=PATIENT)
    assert second["text"].startswith(chosen)
    assert buttons(second) == [], "who has chosen is not asked again"


@pytest.mark.parametrize("command", ["/lang", "/language", "/LANG"])
async def test_it_can_be_changed_at_any_time(bot: RunningBot, command: str) -> None:
    question = await bot.ask(TENANT, command, timeout=PATIENT)
    await bot.sandbox.press(TENANT, question, data=labelled(question, "Русский"))
    await bot.card(TENANT, question["message_id"] - 1, "говорим по-русски", timeout=PATIENT)
    assert "Такой команды я не знаю" in (await bot.ask(TENANT, "/nonsense", timeout=PATIENT))["text"]
