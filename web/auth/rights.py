"""The company's roles and scopes as ours: a table that the settings give."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from storage.domain import Role, Scope, higher_role

_OWN = frozenset({Scope.MEDIA_READ, Scope.MEDIA_WRITE, Scope.MEDIA_DELETE})

SCOPES_OF: Mapping[Role, frozenset[Scope]] = {
    Role.USER: _OWN,
    Role.STAFF: _OWN | {Scope.REQUESTS_WRITE},
    Role.ADMIN: frozenset(Scope),
}
"""What somebody with a role may call."""

_CLAIMS = ("roles", "role", "groups")
_NESTED = (("realm_access", "roles"),)
"""Where issuers write roles; the second as Keycloak does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    role: Role = Role.USER
    scopes: frozenset[Scope] = frozenset()

    def joined(self, other: "Rights") -> "Rights":
        return Rights(role=higher_role(self.role, other.role), scopes=self.scopes | other.scopes)


@dataclass(frozen=True, slots=True)
class RightsTable:
    """``lines``: by the name of a role or scope over there. Our own scopes mean themselves without a line."""

    lines: Mapping[str, Rights] = field(default_factory=dict)

    def of(self, claims: Mapping[str, Any]) -> Rights:
        """What a token's claims give in all. Names that nobody knows give nothing."""
        rights = Rights(scopes=frozenset(scope for scope in Scope if scope.value in _scopes(claims)))
        for name in {*_scopes(claims), *_roles(claims)} & self.lines.keys():
            rights = rights.joined(self.lines[name])
        return rights


def rights_line(targets: Iterable[str]) -> Rights:
    """A line from its words: our roles, which bring their scopes, and our scopes. Raises ValueError."""
    rights = Rights()
    for word in targets:
        if word in set(Role):
            rights = rights.joined(Rights(role=Role(word), scopes=SCOPES_OF[Role(word)]))
        else:
            rights = rights.joined(Rights(scopes=frozenset({Scope(word)})))
    return rights


def _scopes(claims: Mapping[str, Any]) -> set[str]:
    """``scope`` (RFC 8693) and ``scp`` (others' habit): a text with spaces, or a list."""
    return {word for name in ("scope", "scp") for word in _words(claims.get(name))}


def _roles(claims: Mapping[str, Any]) -> set[str]:
    found = {word for name in _CLAIMS for word in _words(claims.get(name))}
    for outer, inner in _NESTED:
        nested = claims.get(outer)
        found |= set(_words(nested.get(inner))) if isinstance(nested, Mapping) else set()
    return found


def _words(given: object) -> list[str]:
    if isinstance(given, str):
        return given.split()
    return [word for word in given if isinstance(word, str)] if isinstance(given, list) else []
