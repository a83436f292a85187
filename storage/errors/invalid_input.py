"""The caller sent something wrong."""

from storage.errors.base import MediagateError


class InvalidInput(MediagateError):
    """The caller sent something that can never work."""

    code = "invalid_input"


class MalformedBody(InvalidInput):
    """The body is not what its headers say. ``reason`` says how."""

    code = "malformed_body"


class MissingFile(InvalidInput):
    """There is no file in the upload."""

    code = "missing_file"


class EmptyFile(InvalidInput):
    """The file has no bytes."""

    code = "empty_file"


class TooManyFiles(InvalidInput):
    """More files than the call takes (``limit``)."""

    code = "too_many_files"


class IncompleteBody(InvalidInput):
    """The connection or the multipart body ended in the middle of the file."""

    code = "incomplete_body"


class DigestMismatch(InvalidInput):
    """The bytes do not have the digest the client declared."""

    code = "digest_mismatch"


class InvalidFields(InvalidInput):
    """One or more fields are wrong: ``errors`` is a list of ``{field, reason}``."""

    code = "invalid_fields"

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__(errors=[{"field": field, "reason": reason} for field, reason in errors])


class InvalidRequestNumber(InvalidInput):
    """Not ``YYMMDD-NNN`` with a real date (``value``)."""

    code = "invalid_request_number"


class UnknownRequest(InvalidInput):
    """The Request Service has no request of this ``number``."""

    code = "unknown_request"


class InvalidRange(InvalidInput):
    """No byte of the media lies in the range that was asked for (``size``)."""

    code = "invalid_range"


class FileTooLarge(InvalidInput):
    """Over ``limit`` bytes."""

    code = "file_too_large"


class TypeNotAllowed(InvalidInput):
    """The policy does not take this ``content_type``."""

    code = "type_not_allowed"


class TypeContradiction(InvalidInput):
    """``declared`` says one thing, the bytes say ``detected``."""

    code = "type_contradiction"


class InvalidHeader(InvalidInput):
    """A ``header`` cannot be used; ``reason`` says why."""

    code = "invalid_header"


class ChecksumMismatch(InvalidInput):
    """A chunk of a resumable upload does not have the checksum that came with it; the chunk is gone."""

    code = "checksum_mismatch"


class IdempotencyMismatch(InvalidInput):
    """The idempotency key was used before with other parameters."""

    code = "idempotency_mismatch"
