"""Not in this state."""

from storage.errors.base import MediagateError


class Conflict(MediagateError):
    """Right in itself, but not in this state."""

    code = "conflict"


class UploadIdInUse(Conflict):
    """The upload id chosen by the client exists."""

    code = "upload_id_in_use"


class IdempotencyRunning(Conflict):
    """The first call with this idempotency key still runs."""

    code = "idempotency_running"


class OnlyInTelegram(Conflict):
    """Too large to be fetched back by a bot: Telegram delivers it, HTTP cannot."""

    code = "only_in_telegram"


class WrongStatus(Conflict):
    """The media's ``status`` does not allow this."""

    code = "wrong_status"


class RequestClosed(Conflict):
    """The request ``number`` is closed and takes no more media, unless who may says so.

    Not shown, but there for who may: which ``media`` were to be attached, as which ``stage``, or what is on which
    ``staff_card``.
    """

    code = "request_closed"
    media: tuple[int, ...] = ()
    stage: str | None = None
    staff_card: int | None = None


class InSeveralParts(Conflict):
    """Too large for one message: Telegram has it in ``parts``."""

    code = "in_several_parts"


class RecipientUnavailable(Conflict):
    """The bot cannot write to ``chat_id``: unknown, blocked, never started. ``reason`` is Telegram's text."""

    code = "recipient_unavailable"


class WrongOffset(Conflict):
    """The resumable upload has come to ``offset``, not to where the client goes on."""

    code = "wrong_offset"


class UploadTakenOver(Conflict):
    """A newer request writes to the same resumable upload."""

    code = "upload_taken_over"


class UnfinishedParts(Conflict):
    """An upload that is to be put together with others is not complete, or is no partial one (``upload_id``)."""

    code = "unfinished_parts"


class FinalUpload(Conflict):
    """An upload that was put together from others takes no bytes of its own."""

    code = "final_upload"


class NotCleanable(Conflict):
    """The image's metadata cannot be told from its pixels, so it is not given away without them."""

    code = "not_cleanable"
