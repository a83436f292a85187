"""Later: each has ``retry_after`` in seconds."""

from storage.errors.base import MediagateError


class Busy(MediagateError):
    """Not now; ``retry_after`` says in how many seconds."""

    code = "busy"


class RateLimited(Busy):
    """More requests than ``limit`` in ``window`` seconds."""

    code = "rate_limited"


class TooManyFailures(RateLimited):
    """Too many credentials from this address were wrong."""

    code = "too_many_failures"


class QuotaExceeded(Busy):
    """The caller's quota of the day: ``limit`` and what is ``used`` of ``unit`` (bytes, files)."""

    code = "quota_exceeded"


class PeerUnavailable(Busy):
    """Another service of the company (``service``) gave no usable answer: ``reason`` is for operators.

    One of ``unreachable``, ``timeout``, ``status NNN``, ``redirect``, ``certificate``, ``credentials``, ``too_long``,
    ``malformed``, ``schema`` and ``circuit_open`` (it failed so often that it is left alone).
    """

    code = "peer_unavailable"


class RequestServiceUnavailable(PeerUnavailable):
    """The Request Service does not answer, so nothing can be created there."""

    code = "request_service_unavailable"


class AuthUnavailable(PeerUnavailable):
    """Tokens cannot be checked: the Auth Service does not answer."""

    code = "auth_unavailable"


class UploadElsewhere(Busy):
    """The bytes of the resumable upload are on another node."""

    code = "upload_elsewhere"


class TooManyUploads(Busy):
    """The caller, or the invitation, has ``limit`` resumable uploads that are not finished."""

    code = "too_many_uploads"


class SpoolFull(Busy):
    """The spool has no room."""

    code = "spool_full"


class TooSlow(Busy):
    """The client sent nothing for too long."""

    code = "too_slow"


class ShuttingDown(Busy):
    """The process is ending."""

    code = "shutting_down"


class ChannelNotBound(Busy):
    """No channel is bound for ``purpose``."""

    code = "channel_not_bound"


class SourceUnavailable(Busy):
    """The bytes cannot be read from Telegram right now."""

    code = "source_unavailable"
