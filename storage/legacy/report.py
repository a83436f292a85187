"""What an import tells: counts of everything, and the rows somebody should look at."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from storage.legacy.mapping import Note
from storage.legacy.planning import Fate, Outcome
from storage.legacy.source import Row

LISTED_MOST = 1000
"""Rows that are held to be shown; all of them go to `Listing`, and stay in ``legacy_files``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A row to look at. ``what``: ``refused``, ``left``, ``vanished`` (it is gone there), or ``noted``."""

    id: int
    what: str
    notes: tuple[Note, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "what": self.what, "notes": [note.as_json() for note in self.notes]}


Listing = Callable[[Sequence[Listed]], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class LookedAt:
    """A channel of the predecessor's. ``problems`` None: Telegram was not asked; ``bound``: what came of binding it."""

    chat_id: int
    name: str | None
    purpose: str | None
    files: int
    problems: tuple[str, ...] | None = None
    bound: str | None = None

    @property
    def readable(self) -> bool:
        return "gone" not in (self.problems or ()) and "protected" not in (self.problems or ())

    def as_json(self) -> dict[str, Any]:
        return {
            "chat_id": self.chat_id,
            "name": self.name,
            "purpose": self.purpose,
            "files": self.files,
            "problems": None if self.problems is None else list(self.problems),
            "bound": self.bound,
        }


@dataclass(kw_only=True, slots=True)
class Report:
    """Grows batch by batch; its size does not depend on how many rows there are."""

    dry_run: bool
    total: int = 0
    read: int = 0
    fates: Counter[Fate] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    vanished: int = 0
    public: int = 0
    listed: list[Listed] = field(default_factory=list)
    left_off: int = 0
    channels: list[LookedAt] = field(default_factory=list)
    tags: int = 0
    unfinished: int = 0
    sessions: list[Row] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether every row of the old database is here, or was here and was changed by us."""
        return not self.fates[Fate.REFUSED] and all(one.readable or not one.files for one in self.channels)

    def take(self, outcomes: Sequence[Outcome], vanished: Sequence[int]) -> list[Listed]:
        """Count a batch; what of it is to be listed."""
        self.read += len(outcomes)
        self.vanished += len(vanished)
        found = [Listed(id=one, what="vanished") for one in vanished]
        for one in outcomes:
            self.fates[one.fate] += 1
            self.public += one.public
            self.notes.update(note.code for note in one.notes)
            if one.fate in (Fate.REFUSED, Fate.LEFT):
                found.append(Listed(id=one.id, what=one.fate.value, notes=one.notes))
            elif one.notes:
                found.append(Listed(id=one.id, what="noted", notes=one.notes))
        room = LISTED_MOST - len(self.listed)
        serious = [one for one in found if one.what != "noted"]
        self.listed += serious[:room]
        self.left_off += len(serious[room:])
        return sorted(found, key=lambda one: one.id)

    def as_json(self) -> dict[str, Any]:
        return {
            "dry_run": self.dry_run,
            "complete": self.complete,
            "total": self.total,
            "read": self.read,
            **{fate.value: self.fates[fate] for fate in Fate},
            "vanished": self.vanished,
            "public": self.public,
            "notes": dict(sorted(self.notes.items())),
            "listed": [one.as_json() for one in self.listed],
            "listed_left_off": self.left_off,
            "channels": [one.as_json() for one in self.channels],
            "tags": self.tags,
            "unfinished_uploads": self.unfinished,
            "sessions": [dict(row) for row in self.sessions],
            "seconds": round(self.seconds, 1),
        }
