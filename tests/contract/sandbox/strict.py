"""Answers and updates against the published types of the Bot API, as aiogram's models have them.

aiogram takes unknown fields and keeps them aside, which is how they are found here.
"""

import json
from collections.abc import Iterator
from typing import Any

import aiogram.methods
from aiogram.types import Update
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, TypeAdapter, ValidationError

LEGACY = {"thumb"}  # what the real server still sends beside its newer name
_RETURNING = {
    name.lower(): TypeAdapter[Any](method.__returning__)
    for name in aiogram.methods.__all__
    if (method := getattr(aiogram.methods, name)) is not aiogram.methods.TelegramMethod
    if hasattr(method, "__returning__")
}


class TypeChecker:
    """`middleware` sees every answer; `problems` says what did not fit, `methods` whose answers were seen."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.methods: set[str] = set()

    def middleware(self) -> Middleware:
        @web.middleware
        async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
            answer = await handler(request)
            if isinstance(answer, web.Response) and "method" in request.match_info and answer.body:
                self.check_answer(request.match_info["method"], json.loads(answer.text or "{}"))
            return answer

        return check

    def check_answer(self, method: str, answer: Any) -> None:
        known = {"ok", "result", "description"} if answer["ok"] else {"ok", "error_code", "description", "parameters"}
        if not known.issuperset(answer):
            self.problems.append(f"{method}: {sorted(answer)}")
        if answer["ok"]:
            self.methods.add(method.lower())
            self._check(method, _RETURNING[method.lower()], answer["result"])

    def check_update(self, update: Any) -> None:
        """What a webhook was sent."""
        self._check("webhook", TypeAdapter(Update), update)

    def _check(self, what: str, adapter: TypeAdapter[Any], value: Any) -> None:
        try:
            parsed = adapter.validate_python(value)
        except ValidationError as error:
            self.problems.append(f"{what}: {error} in {value}")
        else:
            self.problems += [f"{what}: unknown {path}" for path in unknown_fields(parsed, what)]


def unknown_fields(value: Any, path: str) -> Iterator[str]:
    """Paths of the fields in parsed models that the Bot API does not have."""
    if isinstance(value, BaseModel):
        for name in set(value.model_extra or {}) - LEGACY:
            yield f"{path}.{name}"
        for name in value.model_fields_set & set(type(value).model_fields):
            yield from unknown_fields(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for one in value:
            yield from unknown_fields(one, f"{path}[]")
