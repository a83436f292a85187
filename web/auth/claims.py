"""From a token's claims, or an introspection's answer, to the caller."""

from collections.abc import Mapping
from typing import Any

from storage.domain import Caller
from storage.errors import InvalidToken
from web.auth.rights import RightsTable

_LONGEST_NAME = 200


def caller_from(claims: Mapping[str, Any], table: RightsTable) -> Caller:
    """``user:<sub>`` for a person, ``service:<client_id>`` for client credentials.

    Those are told by their subject: there is none, or it is the client itself (RFC 9068 §5). The client is in
    ``client_id``, or ``azp`` (OpenID). Raises `InvalidToken` where there is neither a subject nor a client.
    """
    subject = _name(claims.get("sub"))
    client = _name(claims.get("client_id")) or _name(claims.get("azp"))
    rights = table.of(claims)
    if client is not None and subject in (None, client):
        return Caller.service(client, rights.scopes)
    if subject is None:
        raise InvalidToken(reason="subject")
    return Caller.user(subject, rights.scopes, rights.role)


def require_audience(claims: Mapping[str, Any], audience: str) -> None:
    """Raises `InvalidToken`."""
    given = claims.get("aud")
    if audience != given and not (isinstance(given, list) and audience in given):
        raise InvalidToken(reason="audience")


def _name(given: object) -> str | None:
    """A name that may stand in rows, logs and headers. Raises `InvalidToken` for one that may not."""
    if given is None:
        return None
    if not isinstance(given, str) or not 0 < len(given) <= _LONGEST_NAME or not given.isprintable():
        raise InvalidToken(reason="subject")
    return given
