"""Every log line is one shape, and no secret is in any, wherever it came from."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.logging import Redactor, configure_logging

TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_1234"
URL = f"https://api.telegram.org/bot{TOKEN}/getMe"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def fail(told: str, **_whispered: str) -> None:
    raise RuntimeError(told)


def test_a_line_is_json_with_event_level_time_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json")
    structlog.contextvars.bind_contextvars(request_id="r1")
    structlog.stdlib.get_logger("storage.ship").info("part_stored", part=3, name="заявка")
    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "part_stored",
        "level": "info",
        "logger": "storage.ship",
        "part": 3,
        "name": "заявка",
        "request_id": "r1",
    }


def test_the_standard_librarys_loggers_take_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json")
    logging.getLogger("pgqueuer.worker").warning("lost %s", "listener")
    (line,) = lines(capsys)
    assert (line["event"], line["level"], line["logger"]) == ("lost listener", "warning", "pgqueuer.worker")


def test_without_a_terminal_the_format_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    structlog.stdlib.get_logger("x").info("started")
    assert lines(capsys)[0]["event"] == "started"


def test_levels_are_kept_and_access_logs_are_off(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "info")
    structlog.stdlib.get_logger("x").debug("hidden")
    logging.getLogger("aiohttp.access").info("GET /")
    logging.getLogger("sqlalchemy.engine.Engine").info("SELECT")
    structlog.stdlib.get_logger("x").info("shown")
    assert [line["event"] for line in lines(capsys)] == ["shown"]


def test_a_second_call_replaces_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "error")
    configure_logging("json", "debug")
    structlog.stdlib.get_logger("x").debug("once")
    assert [line["event"] for line in lines(capsys)] == ["once"]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_secret_is_in_messages_fields_and_tracebacks(capsys: pytest.CaptureFixture[str], log_format: Any) -> None:
    configure_logging(log_format, secrets=["hunter2-ключ", 'quo"ted\\secret'])
    log = structlog.stdlib.get_logger("x")
    log.info("called", url=URL, nested={"password": ["hunter2-ключ", 'quo"ted\\secret']})
    logging.getLogger("aiohttp.client").error("failed: %s", URL)
    try:
        fail(f"cannot reach {URL} with hunter2-ключ")
    except RuntimeError:
        log.exception("request_failed")
        logging.getLogger("aiogram").exception("update failed")
    text = capsys.readouterr().err
    assert "RuntimeError" in text
    assert text.count("123456789:[redacted]") >= 4
    for secret in ("AAE-abc", "hunter2", "ted\\secret", "ted\\\\secret"):
        assert secret not in text


def test_local_variables_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("console")
    try:
        fail("told", whispered="what a " + "user sent".upper())
    except RuntimeError:
        structlog.stdlib.get_logger("x").exception("request_failed")
    assert "USER SENT" not in capsys.readouterr().err


@given(st.text(), st.text(min_size=4), st.text())
def test_a_given_secret_never_survives(before: str, secret: str, after: str) -> None:
    assume("[redacted]" not in secret)
    redact = Redactor([secret])
    text = redact(f"{before} {secret} {after}")
    assert all(secret not in piece for piece in text.split("[redacted]"))


@given(st.integers(100_000, 10**12), st.text("abcXYZ019_-", min_size=20, max_size=60))
def test_a_bot_token_never_survives_in_paths_and_queries(bot: int, secret: str) -> None:
    redact = Redactor([])
    for text in (f"/bot{bot}:{secret}/sendDocument", f"?token={bot}%3A{secret}&x=1", f"'{bot}:{secret}'"):
        assert secret not in redact(text)
        assert str(bot) in redact(text)


def test_ordinary_text_stays() -> None:
    redact = Redactor(["", "abc"])
    for text in ("part 3 of 12:30", "127.0.0.1:8080", "sha256:0a1b", "abc"):
        assert redact(text) == text


@pytest.mark.parametrize(
    ("error", "told"),
    [(ConnectionResetError("gone"), 0), (BrokenPipeError(), 0), (ConnectionRefusedError("db"), 1), (OSError(5), 1)],
)
def test_a_client_that_leaves_is_no_error(capsys: pytest.CaptureFixture[str], error: OSError, told: int) -> None:
    """aiohttp says it with a stack trace; what refuses us is another matter."""
    configure_logging("json")
    logging.getLogger("aiohttp.server").error("Error handling request from %s", "127.0.0.1", exc_info=error)
    assert len(lines(capsys)) == told
