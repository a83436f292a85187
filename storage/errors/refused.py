"""The caller may not."""

from storage.errors.base import MediagateError


class Refused(MediagateError):
    """The caller may not do this."""

    code = "refused"


class Unauthenticated(Refused):
    """No valid credentials."""

    code = "unauthenticated"


class InvalidToken(Unauthenticated):
    """A bearer token that does not hold. ``reason`` says why, in a word: expired, audience, issuer, signature, …"""

    code = "invalid_token"


class InvalidSignature(Unauthenticated):
    """An event of another service is not signed as it should be: ``reason`` is headers, timestamp or signature."""

    code = "invalid_signature"


class QuotaUsedUp(Refused):
    """The caller's quota in all: ``limit`` and what is ``used`` of ``unit`` (bytes, files). Waiting does not help."""

    code = "quota_used_up"


class MissingScope(Refused):
    """The credentials lack ``scope``."""

    code = "missing_scope"


class InvitationUsedUp(Refused):
    """The invitation takes no more than ``limit`` files."""

    code = "invitation_used_up"
