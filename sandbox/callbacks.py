"""Callback queries between a press of a button and its answer."""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Final

from sandbox.clock import SandboxClock
from sandbox.errors import OLD_QUERY, bad_request
from sandbox.model import Json

LIFETIME: Final = 60.0  # seconds; the real one is not documented


@dataclass(slots=True)
class _Query:
    bot_id: int
    chat_id: int
    expires: float
    answer: asyncio.Future[Json]


class Callbacks:
    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._open: dict[str, _Query] = {}

    def ask(self, bot_id: int, chat_id: int) -> tuple[str, asyncio.Future[Json]]:
        """A new query's id and the answer to wait for."""
        now = self._clock.now()
        for old in [key for key, query in self._open.items() if query.expires < now]:
            del self._open[old]
        query_id = str(secrets.randbits(62))
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._open[query_id] = _Query(bot_id, chat_id, now + LIFETIME, answer)
        return query_id, answer

    def answer(self, bot_id: int, query_id: str, answer: Json) -> int:
        """The chat of the query that is answered. A second answer, or one too late, is an error."""
        query = self._open.get(query_id)
        if query is None or query.bot_id != bot_id or query.expires < self._clock.now():
            raise bad_request(OLD_QUERY)
        del self._open[query_id]
        if not query.answer.done():
            query.answer.set_result(answer)
        return query.chat_id
