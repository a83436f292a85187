"""Logs: structlog and the standard library's loggers through one handler, with every secret taken out at its end."""

import json
import logging
import re
import sys
from collections.abc import Iterable
from typing import Literal
from urllib.parse import quote

import structlog
from aiohttp.http_exceptions import BadHttpMessage
from structlog.typing import Processor

_BOT_TOKEN = re.compile(r"(\d{6,}(?::|%3[Aa]))[A-Za-z0-9_-]{20,}")
_CREDENTIAL = re.compile(
    r"(\bmg_[A-Za-z0-9_-]{6})[A-Za-z0-9_-]{20,}|(\beyJ)[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
)
"""Keys that we made, whose beginning is shown everywhere, and JSON Web Tokens."""
_REDACTED = "[redacted]"
_SHORTEST_SECRET = 4
"""What is shorter would take words out of every line and keeps no secret anyway."""
_CHATTY = ("aiogram", "aiohttp.access", "alembic", "asyncio", "pgqueuer", "sqlalchemy")
"""Libraries whose ``info`` is our ``debug``. Our own line for each request says more than aiohttp's access log."""


class _OfClients(logging.Filter):
    """What clients do is no error of ours. What they sent that is no HTTP is one line, without the stack that read it.

    That they left in the middle of an answer, as players do with each seek, is no line: the request's own says it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, BadHttpMessage):
            record.exc_info = None
            record.levelno, record.levelname = logging.INFO, "INFO"
        return not isinstance(error, ConnectionError) or isinstance(error, ConnectionRefusedError)


class Redactor:
    """Takes bot tokens, keys and web tokens, wherever they stand, and the given secrets out of a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spelt = {
            spelling
            for secret in secrets
            if len(secret) >= _SHORTEST_SECRET
            for spelling in (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret, safe=""))
        }
        longest_first = sorted(spelt, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first))) if spelt else None

    def __call__(self, text: str) -> str:
        text = _BOT_TOKEN.sub(rf"\g<1>{_REDACTED}", text)
        text = _CREDENTIAL.sub(rf"\g<1>\g<2>{_REDACTED}", text)
        return self._secrets.sub(_REDACTED, text) if self._secrets else text


class _RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Redacts the finished line: whatever a field, a traceback or a library put into it has passed here."""

    def __init__(self, renderers: list[Processor], redact: Redactor) -> None:
        super().__init__(foreign_pre_chain=_common(), processors=renderers)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        line = self._redact(super().format(record))
        return line.encode("utf-8", "backslashreplace").decode()  # halves of surrogate pairs, in what a client sent


def configure_logging(
    log_format: Literal["console", "json"] | None = None,
    level: Literal["debug", "info", "warning", "error"] = "info",
    secrets: Iterable[str] = (),
) -> None:
    """Send every log to standard error, one line each; ``log_format`` None: console on a terminal, else JSON.

    May be called again; the last call holds.
    """
    console = sys.stderr.isatty() if log_format is None else log_format == "console"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_RedactingFormatter(_renderers(console=console), Redactor(secrets)))
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old.formatter, _RedactingFormatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    server = logging.getLogger("aiohttp.server")
    if not any(isinstance(known, _OfClients) for known in server.filters):
        server.addFilter(_OfClients())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.NOTSET if level == "debug" else logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_common(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _common() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _renderers(*, console: bool) -> list[Processor]:
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if console:
        # The plain formatter: a pretty one prints local variables, and those hold what users sent.
        return [
            remove,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    return [
        remove,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]
