"""Who may see what: the one place. Ids are sequential, so this is the only guard.

A person sees their own media; staff also whatever is attached to a request or waits to be; admins
everything; a service all media (its scopes are checked at the door). A person with a token is a user, or what their
role says; what they have in Telegram is theirs here once the account is linked. What a caller may not see answers as
what does not exist.
"""

from sqlalchemy import ColumnElement, exists, or_, true

from storage.domain import Caller, Role, Scope
from storage.errors import MissingScope
from storage.tables import Attachment, Media, Upload


def visible_media(caller: Caller) -> ColumnElement[bool]:
    """The condition on `Media` under which ``caller`` may see it."""
    match caller.role:
        case None | Role.ADMIN:
            return true()
        case Role.STAFF:
            attached = exists().where(Attachment.media_id == Media.id)
            return or_(Media.owner.in_(caller.owners), Media.awaits_request, attached)
        case Role.USER:
            return Media.owner.in_(caller.owners)


def deletable_media(caller: Caller) -> ColumnElement[bool]:
    """The condition under which ``caller`` may delete a media: people their own, admins and services all."""
    if caller.role in (Role.USER, Role.STAFF):
        return Media.owner.in_(caller.owners)
    return true()


def own_uploads(caller: Caller) -> ColumnElement[bool]:
    """Uploads and their progress are the caller's own, for services too."""
    return Upload.owner == caller.owner


def may_attach_others(caller: Caller) -> bool:
    """Whether ``caller`` attaches media that are not their own."""
    return caller.role is not Role.USER


def may_override(caller: Caller) -> bool:
    """Whether ``caller`` may attach to a request that is closed: staff, admins, and who may write requests."""
    return caller.role in (Role.STAFF, Role.ADMIN) or bool(caller.scopes & {Scope.REQUESTS_WRITE, Scope.ADMIN})


def require_reading_by_number(caller: Caller) -> None:
    """Only staff, admins and services read by request number; anyone may write to one.

    Raises `MissingScope` with what would open it: with a token that is the scope ``admin``.
    """
    if caller.role is Role.USER:
        raise MissingScope(scope=Scope.ADMIN.value if caller.scopes else "staff")
