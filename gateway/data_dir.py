"""What DATA_DIR itself holds: which Telegram it serves, and the generated secret key."""

import os
import secrets
from pathlib import Path
from uuid import uuid4

from gateway.settings import Settings, SettingsError


def claim_data_dir(settings: Settings) -> None:
    """Make DATA_DIR, private to its user, and mark it as the sandbox's or Telegram's.

    Raises SettingsError where it serves the other kind already: message ids and file ids of one mean nothing to
    the other.
    """
    directory, kind = settings.data_dir, _kind(settings)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        claimed = _read_or_write(directory / "kind", kind)
    except OSError as exc:
        raise SettingsError(f"MEDIAGATE_DATA_DIR {directory} cannot be used: {exc.strerror}") from exc
    if claimed != kind:
        here = "no bot token is set" if settings.sandbox else "MEDIAGATE_BOT_TOKENS is set"
        raise SettingsError(
            f"MEDIAGATE_DATA_DIR {directory} belongs to {claimed}, but {here}: "
            f"choose another directory. Example: MEDIAGATE_DATA_DIR=.data-{kind}"
        )


def serves_the_other(settings: Settings) -> bool:
    """Whether DATA_DIR belongs to the local Telegram where a token is set, or the other way round."""
    marked = settings.data_dir / "kind"
    return marked.exists() and marked.read_text().strip() != _kind(settings)


def _kind(settings: Settings) -> str:
    return "sandbox" if settings.sandbox else "telegram"


def secret_key(settings: Settings) -> bytes:
    """The key that signs links and hashes keys: SECRET_KEY, else one generated into DATA_DIR once."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    return _read_or_write(settings.data_dir / "secret_key", secrets.token_urlsafe(32)).encode()


def node_name(settings: Settings) -> str:
    """The name under which the spool's bytes are known: it stays the same for a DATA_DIR."""
    return _read_or_write(settings.data_dir / "node", uuid4().hex[:12])


def _read_or_write(path: Path, text: str) -> str:
    """What the file holds, which is ``text`` where it was not there."""
    if not path.exists():
        write_once(path, text)
    return path.read_text().strip()


def write_once(path: Path, text: str) -> None:
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
