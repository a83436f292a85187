"""What every test would make anew, and none could tell from what another made: it is made once for a process.

Compiled statements, inspected handlers, and the certificates that nobody is asked for by http.
"""

import inspect
import ssl
from functools import cache
from types import CodeType, SimpleNamespace
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.util import LRUCache

from gateway.lean_models import import_aiogram

_compiled: LRUCache[Any, Any] = LRUCache(4000)


class SharingDialect(PGDialect_asyncpg):
    """PostgreSQL by asyncpg. Statements are compiled for a dialect, and all engines of a process have the same one:
    so what is compiled for one serves the others, as it does in production, where there is one.
    """

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SharingDialect)

    def __hash__(self) -> int:
        return hash(SharingDialect)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=_compiled)


def share() -> None:
    """From now on, in this process. To be called before aiogram is imported."""
    registry.register("postgresql.asyncpg", __name__, SharingDialect.__name__)
    import_aiogram()
    from aiogram.client.session import aiohttp as session
    from aiogram.dispatcher.event import handler

    vars(handler)["inspect"] = SimpleNamespace(**vars(inspect) | {"signature": _signatures()})
    vars(session)["ssl"] = SimpleNamespace(**vars(ssl) | {"create_default_context": cache(ssl.create_default_context)})


def _signatures() -> Any:
    """`inspect.signature` for aiogram, which asks for a thousand of every bot, most of one and the same function.

    What it looks at, names and kinds of parameters, a function's code says alone.
    """
    known: dict[CodeType, inspect.Signature] = {}

    def signature(asked: Any) -> inspect.Signature:
        if not inspect.isfunction(asked) or hasattr(asked, "__signature__"):
            return inspect.signature(asked)
        if asked.__code__ not in known:
            known[asked.__code__] = inspect.signature(asked)
        return known[asked.__code__]

    return signature
