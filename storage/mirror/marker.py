"""The marker file: what makes a directory a mirror, so that the empty mount point of a disk is never taken for one."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from storage.mirror.sealed import MirrorKey
from storage.mirror.troubles import MirrorTrouble, Trouble, disk_errors

NAME = "mediagate-mirror.json"
_FORMAT = 1
_ALWAYS_THERE = frozenset({"lost+found"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Marker:
    """``check``: `MirrorKey.check` of an encrypted mirror, else null."""

    id: UUID
    check: str | None

    def require(self, key: MirrorKey | None) -> None:
        """Raise `MirrorTrouble` unless ``key`` is the one that this mirror was begun with."""
        if self.check != (None if key is None else key.check(self.id)):
            raise MirrorTrouble(Trouble.WRONG_KEY)


def read_marker(root: Path) -> Marker | None:
    """None where there is none. Raises `MirrorTrouble`."""
    with disk_errors():
        try:
            text = (root / NAME).read_text()
        except (FileNotFoundError, NotADirectoryError):
            return None
    try:
        found = json.loads(text)
        if found["mediagate_mirror"] != _FORMAT:
            raise MirrorTrouble(Trouble.FOREIGN, "its marker file is of a newer version")
        return Marker(id=UUID(found["id"]), check=found["check"])
    except (ValueError, KeyError, TypeError) as error:
        raise MirrorTrouble(Trouble.FOREIGN, "its marker file cannot be read") from error


def begin_mirror(root: Path, key: MirrorKey | None) -> Marker:
    """Make a mirror of an empty directory, which is made too where its parent is there. Raises `MirrorTrouble`."""
    with disk_errors():
        root.mkdir(mode=0o700, exist_ok=True)
        if any(entry.name not in _ALWAYS_THERE for entry in root.iterdir()):
            raise MirrorTrouble(Trouble.NOT_EMPTY)
        mirror_id = uuid4()
        marker = Marker(id=mirror_id, check=None if key is None else key.check(mirror_id))
        _write(root, {"mediagate_mirror": _FORMAT, "id": str(mirror_id), "check": marker.check})
    return marker


def _write(root: Path, content: dict[str, object]) -> None:
    draft = root / f"{NAME}.{os.getpid()}"
    with draft.open("x") as file:
        file.write(json.dumps(content) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(root / NAME)
    sync_directory(root)


def sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
