"""There is nothing the caller may see."""

from storage.errors.base import MediagateError


class Missing(MediagateError):
    """There is nothing here that the caller may see."""

    code = "not_found"


class MediaNotFound(Missing):
    """No such media, or not the caller's to see: both answer alike."""

    code = "media_not_found"


class MediaDeleted(Missing):
    """The media was there and is deleted."""

    code = "media_deleted"


class UploadNotFound(Missing):
    """No such upload of this caller."""

    code = "upload_not_found"


class RequestNotFound(Missing):
    """No such request, or not the caller's to see."""

    code = "request_not_found"


class KeyNotFound(Missing):
    """No such key."""

    code = "key_not_found"


class IncidentNotFound(Missing):
    """No such incident, or it is over 30 days old."""

    code = "incident_not_found"


class WebhookNotFound(Missing):
    """No such webhook."""

    code = "webhook_not_found"


class DeliveryNotFound(Missing):
    """No such delivery of this webhook, or it is over 30 days old."""

    code = "delivery_not_found"


class UploadGone(Missing):
    """The resumable upload is over; ``reason`` says how: terminated, expired, refused, joined, or lost."""

    code = "upload_gone"


class InvitationNotFound(Missing):
    """No such invitation of this caller."""

    code = "invitation_not_found"


class InvitationEnded(Missing):
    """The invitation is over; ``reason`` says how: expired or revoked."""

    code = "invitation_ended"


class NoPreview(Missing):
    """There is no picture of this media."""

    code = "no_preview"


class LinkNotFound(Missing):
    """No such link, or one that was revoked."""

    code = "link_not_found"


class LinkExpired(Missing):
    """The link's time is over."""

    code = "link_expired"


class LinkUsedUp(Missing):
    """As many downloads as the link allowed were made."""

    code = "link_used_up"


class HookNotFound(Missing):
    """No events are taken from a service of that name."""

    code = "hook_not_found"


class AvatarNotFound(Missing):
    """The user has no avatar, or no longer that one."""

    code = "avatar_not_found"


class AccountNotLinked(Missing):
    """No Telegram account is linked to the user."""

    code = "account_not_linked"
