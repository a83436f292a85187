"""What another service of the company said no to."""

from storage.errors.base import MediagateError


class PeerRefused(MediagateError):
    """``service`` refused a call with a ``status`` that we did not expect: to call again would not help."""

    code = "peer_refused"
