"""Faults on order: which calls they hit. How they are played is in `api.py` and `downloads.py`."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.errors import ControlError
from sandbox.model import Json

BEFORE_READING: Final = ("away", "reset")
# What each kind does; `/control/openapi.json` and the README say it in these words.
KINDS: Final = {
    "flood": "429 with `retry_after`",
    "hidden_flood": "a flood error inside of a 400; of an album `sent` items (default 1) are sent before it",
    "error": "the answer has `status` (default 500) and `description`",
    "slow": "`seconds` (default 1) pass before the call is handled",
    "stall": "accepted, but not handled until the fault is removed",
    "reset": "cut `when`: before, in (default) or after the body was read; nothing happens",
    "answer_lost": "handled, then cut without an answer",
    "late": "cut at once; the call takes effect after `seconds`",
    "away": "cut before anything is read, downloads too",
    "truncate": "a download ends in its middle",
    "wrong_size": "every `file_size` of the answer is off by `bytes` (default 1)",
    "duplicate": "updates that were confirmed are delivered once more (method getUpdates or webhook)",
    "revoked": "the bot's token is unknown (401) until the fault is removed",
}
FILE: Final = "file"  # the "method" of a download
_ON_FILES: Final = ("away", "truncate")
_PARAMETERS: Final = {
    "kind": str,
    "method": str,
    "bot": int,
    "chat": int,
    "count": int,
    "probability": (int, float),
    "seed": int,
    "retry_after": int,
    "seconds": (int, float),
    "status": int,
    "description": str,
    "when": str,
    "sent": int,
    "bytes": int,
}
_LATER: Final = ("duplicate", "revoked")  # asked for by name where they play, not with each call
_MOMENTS: Final = ("before", "in", "after")


@dataclass(slots=True)
class Fault:
    """`wanted` is what was posted; `left` None means until removed."""

    id: int
    kind: str
    wanted: Json
    left: int | None
    dice: random.Random
    removed: asyncio.Event = field(default_factory=asyncio.Event)
    hits: int = 0

    def number(self, name: str, default: float) -> float:
        return float(self.wanted.get(name, default))

    def as_json(self) -> Json:
        return {**self.wanted, "id": self.id, "left": self.left, "hits": self.hits}


class Faults:
    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._last = 0

    def add(self, wanted: Json) -> Fault:
        """Raises ControlError for what makes no fault."""
        _check(wanted)
        self._last += 1
        dice = random.Random(wanted.get("seed"))  # noqa: S311 - a seeded die is the point
        fault = Fault(self._last, wanted["kind"], wanted, wanted.get("count"), dice)
        self._faults[fault.id] = fault
        return fault

    def remove(self, fault_id: int) -> bool:
        fault = self._faults.pop(fault_id, None)
        if fault is not None:
            fault.removed.set()
        return fault is not None

    def clear(self) -> None:
        for fault_id in list(self._faults):
            self.remove(fault_id)

    def as_json(self) -> list[Json]:
        return [fault.as_json() for fault in self._faults.values()]

    def before_reading(self, method: str, bot_id: int | None) -> Fault | None:
        """The fault that cuts a call before its arguments are known."""
        candidates = [fault for fault in self._faults.values() if fault.kind in BEFORE_READING]
        return next((one for one in candidates if self._hits(one, method, bot_id, None)), None)

    def on_call(self, method: str, bot_id: int, chat_id: int | None) -> list[Fault]:
        """The faults that hit a call whose arguments are known, in the order they were posted."""
        apart = (*BEFORE_READING, *_LATER)
        candidates = [fault for fault in list(self._faults.values()) if fault.kind not in apart]
        return [one for one in candidates if self._hits(one, method, bot_id, chat_id)]

    def take(self, kind: str, method: str, bot_id: int) -> Fault | None:
        """A fault of this kind that hits now; it counts as played."""
        candidates = [fault for fault in self._faults.values() if fault.kind == kind]
        return next((one for one in candidates if self._hits(one, method, bot_id, None)), None)

    def _hits(self, fault: Fault, method: str, bot_id: int | None, chat_id: int | None) -> bool:
        wanted = fault.wanted
        if not _fits_method(fault, method) or fault.left == 0:
            return False
        if "bot" in wanted and wanted["bot"] != bot_id:
            return False
        if "chat" in wanted and wanted["chat"] != chat_id:
            return False
        if fault.dice.random() >= wanted.get("probability", 1):
            return False
        fault.hits += 1
        if fault.left is not None:
            fault.left -= 1
            if not fault.left and fault.kind != "stall":  # a stall that is used up still holds its calls
                self._faults.pop(fault.id, None)
        return True


def _fits_method(fault: Fault, method: str) -> bool:
    """Without a method a fault hits every call of the Bot API; only `away` and `truncate` hit downloads then."""
    named = fault.wanted.get("method")
    if named is None:
        return fault.kind != "truncate" if method != FILE else fault.kind in _ON_FILES
    return bool(named.lower() == method.lower())


def _check(wanted: dict[str, Any]) -> None:
    if wanted.get("kind") not in KINDS:
        raise ControlError(f"kind has to be one of {', '.join(KINDS)}")
    for name, value in wanted.items():
        if name not in _PARAMETERS or not isinstance(value, _PARAMETERS[name]):  # type: ignore[arg-type]
            raise ControlError(f"{name} is unknown or of a wrong type")
    if wanted["kind"] in (*BEFORE_READING, *_LATER) and "chat" in wanted:
        raise ControlError(f"{wanted['kind']} knows no chat: leave it out")
    if wanted.get("when", "in") not in _MOMENTS:
        raise ControlError(f"when has to be one of {', '.join(_MOMENTS)}")
    if wanted.get("count", 1) < 1:
        raise ControlError("count has to be positive")
