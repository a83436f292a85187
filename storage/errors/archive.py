"""Telegram, as the storage layer sees it."""

from storage.errors.base import MediagateError


class ArchiveError(MediagateError):
    """Something between us and Telegram. ``method`` names the call."""

    code = "archive_error"


class Postponed(ArchiveError):
    """The call had no effect and may be made again after ``retry_after`` seconds."""

    code = "postponed"

    def __init__(self, *, retry_after: float, method: str | None = None) -> None:
        super().__init__(retry_after=retry_after, method=method)
        self.retry_after = retry_after


class FloodWait(Postponed):
    """Telegram asks to wait."""

    code = "flood_wait"


class Unreachable(Postponed):
    """No connection could be made."""

    code = "unreachable"


class NoLane(Postponed):
    """No bot can work in any of the channels at present."""

    code = "no_lane"


class OutcomeUnknown(ArchiveError):
    """The call may or may not have had its effect: a lost answer, a time-out, a 5xx."""

    code = "outcome_unknown"


class CallRefused(ArchiveError):
    """Telegram refused the call for good; it had no effect. ``description`` is Telegram's text."""

    code = "call_refused"

    @property
    def description(self) -> str:
        return str(self.fields.get("description", ""))


class MessageMissing(CallRefused):
    """The message is not there (any more)."""

    code = "message_missing"


class MessageLocked(MessageMissing):
    """It may not be copied or forwarded: the chat restricts saving content, or it is none with content.

    For those who look for a message of ours there is none; but it is not known to be gone.
    """

    code = "message_locked"


class FileGone(CallRefused):
    """The message is there, but no bot gets its file."""

    code = "file_gone"


class FileTooBig(CallRefused):
    """Over what the Bot API server takes or gives back."""

    code = "file_too_big"


class ChannelUnavailable(CallRefused):
    """The bot cannot post to the chat: kicked, no rights, not found, blocked."""

    code = "channel_unavailable"


class BotUnavailable(ChannelUnavailable):
    """The bot can do nothing at all: its token is not known (any more), or it is none of ours."""

    code = "bot_unavailable"


class PartDamaged(ArchiveError):
    """What came back from Telegram is not what went there, or nothing came back."""

    code = "part_damaged"


class PartLost(PartDamaged):
    """Its bytes were lost from the spool before Telegram had them (``part``, counted from 1)."""

    code = "part_lost"
