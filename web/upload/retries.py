"""`Idempotency-Key`: a retry gets the first result."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

from storage.errors import IdempotencyMismatch
from storage.intake.idempotency import FirstCall, FirstResult
from web.upload.call import Call, Outcome
from web.upload.reading import content_of


async def once(call: Call, run: Callable[[Call], Awaitable[Outcome]]) -> Outcome:
    """Run the call, or answer what it answered the first time under the same key.

    Raises `IdempotencyRunning`, `IdempotencyMismatch`, and what ``run`` raises; the key is free again then.
    """
    key = call.options.idempotency_key
    if key is None:
        return await run(call)
    idempotency = call.deps.idempotency
    first = await idempotency.begin(call.caller, key, _fingerprint(call), upload_id=call.options.upload_id)
    if isinstance(first, FirstResult):
        return await _replay(call, first)
    call.first = first
    try:
        outcome = await run(call)
        if outcome.kept:
            await _keep(call, first, outcome)
            return outcome
    except BaseException:
        await _let_go(call, first)
        raise
    await idempotency.release(first)
    return outcome


async def _replay(call: Call, first: FirstResult) -> Outcome:
    content = await content_of(call)
    if first.content is not None and not content.is_that_of(first.content):
        raise IdempotencyMismatch(key=call.options.idempotency_key)
    return Outcome(status=first.status, answer=first.answer, content=content, kept=True, replayed=True)


async def _keep(call: Call, first: FirstCall, outcome: Outcome) -> None:
    content = None if outcome.content is None else outcome.content.as_json()
    result = FirstResult(status=outcome.status, content=content, answer=outcome.answer)
    await call.deps.idempotency.complete(first, result)


async def _let_go(call: Call, first: FirstCall) -> None:
    """After a failure. Shielded: it must reach the table even while the request is being cancelled."""
    idempotency = call.deps.idempotency
    await asyncio.shield(idempotency.interrupt(first) if call.kept else idempotency.release(first))


def _fingerprint(call: Call) -> bytes:
    """Of what is known before the body: the call, the query, and whether the body is a form."""
    request = call.request
    told = (request.method, request.path, sorted(request.query.items()), call.boundary is not None)
    return hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).digest()
