"""Counters and the last calls, for tests and the chat page."""

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Final

from sandbox.model import Json

_REMEMBERED: Final = 10_000


@dataclass(slots=True, kw_only=True)
class CallRecord:
    """`at` is sandbox time, `seconds` real time; `status` 0 means that the connection was cut."""

    id: int
    at: float
    bot_id: int
    method: str
    chat_id: int | None
    status: int
    description: str | None
    seconds: float
    bytes: int


@dataclass
class Stats:
    calls: Counter[str] = field(default_factory=Counter)
    by_chat: dict[str, Counter[str]] = field(default_factory=dict)
    bytes_in: int = 0
    bytes_out: int = 0
    floods: int = 0
    errors: int = 0
    log: deque[CallRecord] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    last_call: int = 0

    def note(self, record: CallRecord) -> None:
        self.calls[record.method] += 1
        if record.chat_id is not None:
            self.by_chat.setdefault(str(record.chat_id), Counter())[record.method] += 1
        self.bytes_in += record.bytes
        self.floods += record.status == 429  # noqa: PLR2004 - an HTTP status
        self.errors += record.status >= 400  # noqa: PLR2004 - an HTTP status
        self.log.append(record)

    def next_call(self) -> int:
        self.last_call += 1
        return self.last_call

    def reset(self) -> None:
        self.calls.clear()
        self.by_chat.clear()
        self.bytes_in = self.bytes_out = self.floods = self.errors = 0

    def as_json(self, messages: int) -> Json:
        return {
            "calls": dict(self.calls),
            "by_chat": {chat: dict(counts) for chat, counts in self.by_chat.items()},
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "floods": self.floods,
            "errors": self.errors,
            "messages": messages,
        }

    def last_calls(self, after: int, limit: int) -> list[Json]:
        found = [asdict(record) for record in self.log if record.id > after]
        return found[:limit] if after else found[-limit:]
