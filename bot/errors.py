"""From an error of the storage layer to what a person reads: one table, looked up along the MRO."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.sizes import size_text
from bot.texts import Texts
from storage import errors
from storage.errors import MediagateError

TEXT_KEYS: Mapping[type[MediagateError], str] = MappingProxyType(
    {
        errors.MediagateError: "error-other",
        errors.InvalidInput: "error-input",
        errors.UnknownRequest: "error-unknown-request",
        errors.RequestClosed: "error-request-closed",
        errors.RequestServiceUnavailable: "error-request-service",
        errors.EmptyFile: "error-empty",
        errors.InvalidRequestNumber: "error-number",
        errors.FileTooLarge: "error-too-large",
        errors.TypeNotAllowed: "error-type",
        errors.TypeContradiction: "error-contradiction",
        errors.Refused: "error-refused",
        errors.MissingScope: "error-staff-only",
        errors.Missing: "error-not-found",
        errors.MediaNotFound: "error-media-not-found",
        errors.MediaDeleted: "error-deleted",
        errors.RequestNotFound: "error-request-not-found",
        errors.Conflict: "error-conflict",
        errors.OnlyInTelegram: "error-only-telegram",
        errors.InSeveralParts: "error-conflict",
        errors.RecipientUnavailable: "error-conflict",
        errors.Busy: "error-busy",
        errors.QuotaExceeded: "error-quota-files",
        errors.QuotaUsedUp: "error-quota-files",
        errors.ChannelNotBound: "error-no-channel",
        errors.SourceUnavailable: "error-source",
        errors.PeerUnavailable: "error-peer",
        errors.PeerRefused: "error-peer-refused",
        errors.ArchiveError: "error-telegram",
        errors.FileTooBig: "error-too-large",
        errors.PartDamaged: "error-damaged",
    }
)


_VALUES: Mapping[str, str] = MappingProxyType(
    {"error-number": "value", "error-unknown-request": "number", "error-request-closed": "number"}
)
"""Texts that name a field of their error."""


def text_key(kind: type[MediagateError]) -> str:
    """The key of the text for an error class, or that of its nearest ancestor in the table."""
    return next(TEXT_KEYS[base] for base in kind.__mro__ if base in TEXT_KEYS)


def explain(texts: Texts, error: MediagateError) -> str:
    """What to say about ``error``, as HTML."""
    text = _explain(texts, type(error), error.fields)
    return text[:1].upper() + text[1:]  # what is wrong with a file is also the end of a sentence on cards


def explain_plain(texts: Texts, error: MediagateError) -> str:
    """The same for a pop-up, which knows no markup."""
    return _without_markup(explain(texts, error))


def as_json(error: MediagateError) -> dict[str, Any]:
    """How a card's item keeps the reason why there is no media."""
    return {"code": error.code, **error.fields}


def explain_json(texts: Texts, error: Mapping[str, Any]) -> str:
    """The reason kept by `as_json`, as plain text; a code of another version is told in general."""
    return _without_markup(_explain(texts, _by_code().get(str(error.get("code")), MediagateError), error))


def every_error(root: type[MediagateError] = MediagateError) -> list[type[MediagateError]]:
    """The whole tree of `storage.errors`."""
    return [root, *(found for child in root.__subclasses__() for found in every_error(child))]


def _explain(texts: Texts, kind: type[MediagateError], fields: Mapping[str, Any]) -> str:
    key = text_key(kind)
    if key == "error-too-large" and isinstance(fields.get("limit"), int):
        return texts("error-too-large-limit", limit=size_text(texts, fields["limit"]))
    if key == "error-quota-files" and fields.get("unit") == "bytes":
        return texts("error-quota-bytes")
    if key in _VALUES:
        return texts(key, value=str(fields.get(_VALUES[key], ""))[:64])
    return texts(key)


def _by_code() -> dict[str, type[MediagateError]]:
    return {kind.code: kind for kind in every_error()}


def _without_markup(text: str) -> str:
    for tag in ("<b>", "</b>", "<code>", "</code>"):
        text = text.replace(tag, "")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
