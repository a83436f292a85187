"""A call of a Bot API method, and what methods ask of it."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from sandbox.errors import bad_request
from sandbox.faults import Fault
from sandbox.markup import reply_markup
from sandbox.model import Bot, Json
from sandbox.parsing import formatted
from sandbox.wire import Arguments
from sandbox.world import World

CAPTION_MAX: Final = 1024  # code points after parsing (TELEGRAM.md, Limits)
TEXT_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class Done:
    """A result with a `description` beside it."""

    result: Any
    description: str


@dataclass(frozen=True, slots=True)
class Call:
    world: World
    bot: Bot
    method: str
    arguments: Arguments
    faults: tuple[Fault, ...] = ()

    def fault(self, kind: str) -> Fault | None:
        """The fault of this kind that hits the call."""
        return next((one for one in self.faults if one.kind == kind), None)

    def formatted(self, name: str, entities: str, source: Json | None = None) -> tuple[str, list[Json]]:
        """A text argument after `parse_mode` or with its explicit entities; of `source`, an InputMedia, if given."""
        if source is None:
            text, mode = self.arguments.text(name), self.arguments.text("parse_mode")
            explicit = self.structure(entities)
        else:
            text, mode = source.get(name) or "", source.get("parse_mode") or ""
            explicit = source.get(entities)
        return formatted(text, mode, explicit)

    def text_body(self) -> Json:
        """`text` and `entities`. Text errors come before the chat's (TELEGRAM.md, Error texts)."""
        text, entities = self.formatted("text", "entities")
        if not text:
            raise bad_request("message text is empty")
        if len(text) > TEXT_MAX:
            raise bad_request("message is too long")
        return {"text": text, "entities": entities}

    def caption_body(self, source: Json | None = None) -> Json:
        text, entities = self.formatted("caption", "caption_entities", source)
        if len(text) > CAPTION_MAX:
            raise bad_request("message caption is too long")
        return {"caption": text, "caption_entities": entities} if text else {}

    def markup(self) -> Json | None:
        return reply_markup(self.arguments.text("reply_markup"))

    def structure(self, name: str) -> Any:
        try:
            return self.arguments.structure(name)
        except json.JSONDecodeError as error:
            raise bad_request(f"can't parse {name} JSON object") from error

    def message_id(self, name: str = "message_id") -> int:
        return self.arguments.integer(name)

    def message_ids(self) -> list[int]:
        """`message_ids`, at most 100. The texts of its errors are unverified."""
        ids = self.structure("message_ids")
        if not isinstance(ids, list) or not all(isinstance(one, int) for one in ids):
            raise bad_request("message identifiers are not specified")
        if len(ids) > 100:  # noqa: PLR2004 - TELEGRAM.md, Limits
            raise bad_request("too many message identifiers specified")
        return ids


Method = Callable[[Call], Awaitable[Any]]
