"""A typed async client of Mediagate: upload, download, search, attach, and check webhooks.

`Mediagate` is the client; the README shows it at work.
"""

from mediagate_client.client import Mediagate
from mediagate_client.errors import (
    ApiError,
    Conflict,
    Forbidden,
    Gone,
    MediagateError,
    NotFound,
    NotReached,
    Refused,
    Spoilt,
    Unauthorized,
    Unavailable,
)
from mediagate_client.models import Link, Media, Page, Progress, Uploaded
from mediagate_client.webhooks import Event, verify_webhook

__all__ = [
    "ApiError",
    "Conflict",
    "Event",
    "Forbidden",
    "Gone",
    "Link",
    "Media",
    "Mediagate",
    "MediagateError",
    "NotFound",
    "NotReached",
    "Page",
    "Progress",
    "Refused",
    "Spoilt",
    "Unauthorized",
    "Unavailable",
    "Uploaded",
    "verify_webhook",
]
