"""What backup, restore and recover cannot do, each with a line for the operator.

::

    RecoveryError
    ├── NoPassphrase      ├── WrongPassphrase
    ├── BackupRunning     ├── DumpFailed
    ├── NoBackup          ├── BackupDamaged     └── BackupNewer
    ├── NotEmpty          ├── RestoreFailed     ├── DiskFull
    ├── ChannelUnusable   └── TelegramAway

They are no `MediagateError`s: nobody meets them at a door.
"""

from storage.errors import ArchiveError, OutcomeUnknown, Postponed


class RecoveryError(Exception):
    """``str()`` says what is wrong and what to do; it holds no secret."""

    code = "recovery_error"


class NoPassphrase(RecoveryError):
    code = "no_passphrase"

    def __init__(self) -> None:
        super().__init__(
            "there is no recovery passphrase that can encrypt backups: make one with /setup in the bot's chat, "
            "or with `mediagate setup --new-passphrase`"
        )


class WrongPassphrase(RecoveryError):
    code = "wrong_passphrase"

    def __init__(self) -> None:
        super().__init__("this passphrase does not open the backup: it needs the one that counted when it was made")


class BackupRunning(RecoveryError):
    code = "backup_running"

    def __init__(self) -> None:
        super().__init__("another backup is being made: wait until it has ended")


class DumpFailed(RecoveryError):
    """``reason`` is the end of what pg_dump said, or what the disk did."""

    code = "dump_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the database could not be dumped: {reason}")


class NoBackup(RecoveryError):
    code = "no_backup"

    def __init__(self, chat_id: int) -> None:
        super().__init__(
            f"there is no backup in channel {chat_id}: is it the channel that backups go to? "
            "Without one, `mediagate recover` rebuilds what captions carry"
        )


class BackupDamaged(RecoveryError):
    """A piece is missing, or is not what it was."""

    code = "backup_damaged"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the backup cannot be used: {reason}")


class BackupNewer(RecoveryError):
    code = "backup_newer"

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"the backup was made by a newer Mediagate (its database is at {revision}): install that one, and restore"
        )


class NotEmpty(RecoveryError):
    code = "not_empty"

    def __init__(self, tables: list[str]) -> None:
        super().__init__(
            f"the database is not empty (there are rows in {', '.join(tables)}): nothing was changed. "
            "Use an empty database, or another MEDIAGATE_DATA_DIR"
        )


class RestoreFailed(RecoveryError):
    code = "restore_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the dump could not be restored, and the database is as empty as before: {reason}")


class ChannelUnusable(RecoveryError):
    code = "channel_unusable"

    def __init__(self, chat_id: int, reason: str) -> None:
        super().__init__(
            f"channel {chat_id} cannot be used ({reason}): make the bot an administrator "
            "with the rights to post, edit and delete messages"
        )


class TelegramAway(RecoveryError):
    """Nothing is known of the channel: there was no answer."""

    code = "telegram_away"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"Telegram does not answer ({reason}): check the network, MEDIAGATE_TELEGRAM_API_URL and "
            "MEDIAGATE_TELEGRAM_PROXY, and run the same command again: it goes on where it stopped"
        )


class DiskFull(RecoveryError):
    """``place`` is a directory."""

    code = "disk_full"

    def __init__(self, place: str, needed: int) -> None:
        super().__init__(
            f"the disk of {place} is full, and {needed} bytes have to lie there: make room, "
            "and run the same command again: what was fetched is kept"
        )


def channel_error(chat_id: int, error: ArchiveError) -> RecoveryError:
    """What an operator is told of a channel of which Telegram said ``error``."""
    reason = str(error.fields.get("description") or error.code)
    return TelegramAway(reason) if passes(error) else ChannelUnusable(chat_id, reason)


def passes(error: ArchiveError) -> bool:
    """Whether it says nothing but that Telegram was away, or busy."""
    return isinstance(error, (Postponed, OutcomeUnknown))
