"""From a token's claims, or an introspection's answer, to the caller."""

from collections.abc import Mapping, Sequence
from typing import Any

from storage.domain import Caller, Scope
from storage.errors import InvalidToken

_LONGEST_NAME = 200


def caller_from(claims: Mapping[str, Any]) -> Caller:
    """``user:<sub>`` for a person, ``service:<client_id>`` for client credentials.

    Those are told by their subject: there is none, or it is the client itself (RFC 9068 §5). The client is in
    ``client_id``, or ``azp`` (OpenID). Raises `InvalidToken` where there is neither a subject nor a client.
    """
    subject = _name(claims.get("sub"))
    client = _name(claims.get("client_id")) or _name(claims.get("azp"))
    scopes = scopes_from(claims)
    if client is not None and subject in (None, client):
        return Caller.service(client, scopes)
    if subject is None:
        raise InvalidToken(reason="subject")
    return Caller.user(subject, scopes)


def scopes_from(claims: Mapping[str, Any]) -> frozenset[Scope]:
    """Those of ``scope`` (RFC 8693) and ``scp`` (others' habit) that are ours: a text with spaces, or a list."""
    given = {word for name in ("scope", "scp") for word in _words(claims.get(name))}
    return frozenset(scope for scope in Scope if scope.value in given)


def require_audience(claims: Mapping[str, Any], audience: str) -> None:
    """Raises `InvalidToken`."""
    given = claims.get("aud")
    if audience != given and not (isinstance(given, list) and audience in given):
        raise InvalidToken(reason="audience")


def _words(given: object) -> Sequence[str]:
    if isinstance(given, str):
        return given.split()
    return [word for word in given if isinstance(word, str)] if isinstance(given, list) else []


def _name(given: object) -> str | None:
    """A name that may stand in rows, logs and headers. Raises `InvalidToken` for one that may not."""
    if given is None:
        return None
    if not isinstance(given, str) or not 0 < len(given) <= _LONGEST_NAME or not given.isprintable():
        raise InvalidToken(reason="subject")
    return given
