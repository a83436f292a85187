"""aiogram's exceptions as ours. What had no effect is told apart from what may have had one.

Error texts are those of TELEGRAM.md, *Error texts*. No message of the client library is passed on: it may hold
the URL, and with it the token.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from aiogram import exceptions as tg

from storage.errors import (
    ArchiveError,
    BotUnavailable,
    CallRefused,
    ChannelUnavailable,
    FileTooBig,
    FloodWait,
    MessageLocked,
    MessageMissing,
    OutcomeUnknown,
    Unreachable,
)

_HIDDEN_FLOOD = re.compile(r"retry after (\d+)", re.IGNORECASE)
_MISSING = re.compile(r"message to (copy|forward|edit|delete) not found|there are no messages to forward")
_LOCKED = re.compile(r"message can't be (copied|forwarded)")
_CHANNEL_LOST = re.compile(r"chat not found|need administrator rights|not enough rights|CHAT_WRITE_FORBIDDEN")
_TOO_BIG = re.compile(r"file is too big|too big for|Request Entity Too Large")
_UNREACHABLE_RETRY = 5.0


@contextmanager
def translated(method: str) -> Iterator[None]:
    """Raise our errors for aiogram's. ``method`` is the Bot API method, for the logs."""
    try:
        yield
    except (tg.TelegramAPIError, tg.ClientDecodeError, aiohttp.ClientError, TimeoutError) as error:
        raise _translate(error, method) from error


def _translate(error: Exception, method: str) -> ArchiveError:
    if isinstance(error, tg.TelegramRetryAfter):
        return FloodWait(retry_after=float(error.retry_after), method=method)
    match error:
        case tg.TelegramServerError():  # a 5xx, `restart` too: nobody says whether the call was carried out
            return OutcomeUnknown(method=method, reason="server_error")
        case tg.TelegramNetworkError():
            return _network(error.__cause__, method)
        case tg.TelegramAPIError():
            return _refused(error, method)
        case tg.ClientDecodeError():
            return _undecodable(error, method)
        case _:
            return _network(error, method)


def _refused(error: tg.TelegramAPIError, method: str) -> ArchiveError:
    text = error.message
    if (flood := _HIDDEN_FLOOD.search(text)) is not None:
        return FloodWait(retry_after=float(flood[1]), method=method)
    if _MISSING.search(text):
        return MessageMissing(method=method, description=text)
    if _LOCKED.search(text):
        return MessageLocked(method=method, description=text)
    if _TOO_BIG.search(text) or isinstance(error, tg.TelegramEntityTooLarge):
        return FileTooBig(method=method, description=text)
    if isinstance(error, tg.TelegramUnauthorizedError):
        return BotUnavailable(method=method, description=text)
    lost = isinstance(error, tg.TelegramForbiddenError) or _CHANNEL_LOST.search(text)
    return (ChannelUnavailable if lost else CallRefused)(method=method, description=text)


def _undecodable(error: tg.ClientDecodeError, method: str) -> ArchiveError:
    """An empty body is how the server's HTTP layer refuses what is too large; anything else says nothing."""
    if error.data in ("", b""):
        return FileTooBig(method=method)
    return OutcomeUnknown(method=method, reason="undecodable_answer")


def _network(error: BaseException | None, method: str) -> ArchiveError:
    if isinstance(error, aiohttp.ClientConnectorError):
        return Unreachable(retry_after=_UNREACHABLE_RETRY, method=method)
    return OutcomeUnknown(method=method, reason=type(error).__name__)
