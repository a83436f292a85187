"""What DATA_DIR itself holds: which Telegram it serves, and the generated secret key."""

import os
import secrets
from pathlib import Path

from gateway.settings import Settings, SettingsError


def claim_data_dir(settings: Settings) -> None:
    """Make DATA_DIR, private to its user, and mark it as the sandbox's or Telegram's.

    Raises SettingsError where it serves the other kind already: message ids and file ids of one mean nothing to
    the other.
    """
    directory = settings.data_dir
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise SettingsError(f"MEDIAGATE_DATA_DIR {directory} cannot be made: {exc.strerror}") from exc
    kind = "sandbox" if settings.sandbox else "telegram"
    marker = directory / "kind"
    if not marker.exists():
        _write_once(marker, kind)
    claimed = marker.read_text().strip()
    if claimed != kind:
        here = "no bot token is set" if settings.sandbox else "MEDIAGATE_BOT_TOKENS is set"
        raise SettingsError(
            f"MEDIAGATE_DATA_DIR {directory} belongs to {claimed}, but {here}: "
            f"choose another directory. Example: MEDIAGATE_DATA_DIR=.data-{kind}"
        )


def secret_key(settings: Settings) -> bytes:
    """The key that signs links and hashes keys: SECRET_KEY, else one generated into DATA_DIR once."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    path = settings.data_dir / "secret_key"
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(32))
    return path.read_bytes().strip()


def _write_once(path: Path, text: str) -> None:
    """Write a small private file that is whole or absent, also after a power cut; an existing one stays."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(descriptor)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
