"""W3C trace context: which call of which other service belongs to what somebody asked of us."""

import re
import secrets
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?", re.ASCII)
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16
_RECORDED = "01"

_trace: ContextVar[tuple[str, str] | None] = ContextVar("trace", default=None)
"""Trace id and flags of what is being done; like the log's context it belongs to the task."""


def continue_trace(traceparent: str | None) -> str:
    """Go on with the trace of a request's header; a new one where it says none. Returns the trace id."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    known = found is not None and not found[0].startswith("ff") and found[1] != _NO_TRACE and found[2] != _NO_SPAN
    trace = (found[1], found[3]) if found is not None and known else (secrets.token_hex(16), _RECORDED)
    _trace.set(trace)
    return trace[0]


def traceparent() -> str:
    """The header for one call of ours: the trace at hand, or a new one, with a span id of its own."""
    trace_id, flags = _trace.get() or (secrets.token_hex(16), _RECORDED)
    return f"00-{trace_id}-{secrets.token_hex(8)}-{flags}"
