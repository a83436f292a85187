"""Writing a setting into ``.env``: other lines stay, the file is private, and it is whole or as it was."""

import os
from pathlib import Path


def set_in_env_file(path: Path, name: str, value: str) -> None:
    """Put ``name=value`` where the file says ``name``, else at its end. Raises OSError where it cannot be written."""
    before = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    line = f"{name}={value}"
    lines = [line if _names(one, name) else one for one in before]
    if line not in lines:
        lines.append(line)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            os.fsync(descriptor)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _names(line: str, name: str) -> bool:
    key = line.removeprefix("export ").partition("=")[0]
    return "=" in line and key.strip() == name
