"""Inline queries between a person's typing and the bot's answer, and the results they may choose from."""

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.clock import SandboxClock
from sandbox.errors import OLD_QUERY, bad_request
from sandbox.model import Json

LIFETIME: Final = 30.0  # seconds; the real one is not documented
RESULTS_MAX: Final = 50  # TELEGRAM.md, Limits
_ID_MAX: Final = 64  # bytes
_KEPT: Final = 100


@dataclass(slots=True)
class InlineQuery:
    bot_id: int
    person_id: int
    query: str
    expires: float
    answer: asyncio.Future[Json]
    results: dict[str, Json] = field(default_factory=dict)


class InlineQueries:
    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._queries: dict[str, InlineQuery] = {}

    def ask(self, bot_id: int, person_id: int, query: str) -> tuple[str, asyncio.Future[Json]]:
        """A new query's id and the answer to wait for."""
        query_id = str(secrets.randbits(62))
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        expires = self._clock.now() + LIFETIME
        self._queries[query_id] = InlineQuery(bot_id, person_id, query, expires, answer)
        for old in list(self._queries)[:-_KEPT]:
            del self._queries[old]
        return query_id, answer

    def answer(self, bot_id: int, query_id: str, results: Any, extra: Json) -> None:
        """Take a bot's results. Raises bad requests; those of the results are unverified in their texts."""
        query = self._queries.get(query_id)
        if query is None or query.bot_id != bot_id or query.expires < self._clock.now() or query.answer.done():
            raise bad_request(OLD_QUERY)
        query.results = _checked(results)
        query.answer.set_result({"results": results, "answered": True, **extra})

    def chosen(self, query_id: str, result_id: str) -> tuple[InlineQuery, Json] | None:
        """The query and the result a person picks from its answer; None where there is none."""
        query = self._queries.get(query_id)
        if query is None or result_id not in query.results:
            return None
        return query, query.results[result_id]


def _checked(results: Any) -> dict[str, Json]:
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        raise bad_request("can't parse inline query results: expected an Array of InlineQueryResult")
    if len(results) > RESULTS_MAX:
        raise bad_request("RESULTS_TOO_MUCH")
    by_id: dict[str, Json] = {}
    for one in results:
        result_id = str(one.get("id", ""))
        if not 1 <= len(result_id.encode()) <= _ID_MAX:
            raise bad_request("RESULT_ID_INVALID")
        if result_id in by_id:
            raise bad_request("RESULT_ID_DUPLICATE")
        if one.get("type") == "article" and not (one.get("title") and one.get("input_message_content")):
            raise bad_request("can't parse inline query result: Can't find field \"input_message_content\"")
        by_id[result_id] = one
    return by_id
