"""File names from strangers: made harmless once on the way in, and written into headers on the way out."""

import re
import unicodedata
from urllib.parse import quote, unquote_to_bytes

from storage.content import extension_of
from storage.content.charset import guess_charset

MAX_BYTES = 255
"""The most UTF-8 bytes in a name: the limit of Linux file systems, and API.md's."""

_MAX_EXTENSION = 32
_WINDOWS_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs"})  # controls, bidi and zero-width marks, private use
_SPACE_CATEGORIES = frozenset({"Zl", "Zp", "Zs"})
_ATTR_CHARS = "!#$&+-.^_`|~"  # RFC 8187 §3.2.1, besides letters and digits
_PARAMETER = re.compile(r';\s*([\w!#$&+.^`|~*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.DOTALL)
_EXTENDED_VALUE = re.compile(r"([\w-]*)'[^']*'(\S*)")
_BROWSER_ESCAPES = (("%22", '"'), ("%0D", "\r"), ("%0A", "\n"))  # WHATWG HTML, multipart/form-data encoding


def clean_filename(raw: str | bytes | None, *, mime: str | None) -> str:
    """A name that is safe on any system and in any header, and that its sender would recognise.

    NFC, no path, no control, bidi or zero-width characters, no characters or device names that Windows refuses, no
    leading dots, no trailing dots and spaces, 1 to 255 bytes of UTF-8 with the extension kept. What is left
    empty becomes ``file`` with the extension of ``mime``. Cleaning a clean name changes nothing.
    """
    text = _decode(raw)
    text = re.split(r"[/\\]", text)[-1]
    text = unicodedata.normalize("NFC", _visible(text))
    text = _tidy(_WINDOWS_FORBIDDEN.sub("_", text))
    if not text:
        return "file" + (extension_of(mime) if mime else "")
    if _RESERVED.fullmatch(text.split(".", 1)[0].rstrip()):
        text = f"_{text}"
    return _shorten(text)


def content_disposition(name: str, *, attachment: bool) -> str:
    """A ``Content-Disposition`` value by RFC 6266: an ASCII name for old clients, and the real one."""
    kind = "attachment" if attachment else "inline"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r'[\x00-\x1f\x7f"\\%]', "_", plain)
    if not plain.strip(" ._"):
        plain = "file"
    elif plain.startswith("."):
        plain = f"file{plain}"
    value = f'{kind}; filename="{plain}"'
    if plain != name:
        encoded = quote(name.encode("utf-8", "replace"), safe=_ATTR_CHARS)
        value += f"; filename*=UTF-8''{encoded}"
    return value


def parse_content_disposition_filename(header: str) -> str | None:
    """The name in a ``Content-Disposition`` header, not cleaned yet; the extended form wins. None without one.

    Understands what clients really send: ``filename*`` (RFC 8187), quoted with escapes, a bare token, percent-encoded
    UTF-8 in a plain ``filename``, and raw bytes that the HTTP parser gave as surrogates or Latin-1.
    """
    parameters = {match[1].lower(): match for match in reversed([*_PARAMETER.finditer(f";{header}")])}
    extended = parameters.get("filename*")
    if extended:
        parsed = _EXTENDED_VALUE.match((extended[2] or extended[3] or "").strip())
        name = _decode_extended(parsed[1], parsed[2]) if parsed else ""
        if name:
            return name
    plain = parameters.get("filename")
    if plain is None:
        return None
    value = plain[3].strip(' "') if plain[2] is None else re.sub(r'\\(["\\])', r"\1", plain[2])
    return _repair(value) or None


def _decode(raw: str | bytes | None) -> str:
    if raw is None:
        return ""
    if isinstance(raw, bytes):
        return _decode_bytes(raw)
    try:
        return _decode_bytes(raw.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # half a surrogate pair that stands for no byte
        return raw.encode("utf-8", "replace").decode()


def _decode_bytes(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode(guess_charset(raw), "replace").replace("\ufffd", "_")


def _decode_extended(charset: str, value: str) -> str:
    raw = unquote_to_bytes(value)
    if charset.lower() in {"", "utf-8"}:
        return _decode_bytes(raw)
    try:
        return raw.decode(charset)
    except (LookupError, UnicodeError):
        return _decode_bytes(raw)


def _repair(value: str) -> str:
    """Bytes that an HTTP parser could only give as surrogates or Latin-1, and percent-encoding, back to text.

    A percent sign is ordinary in names, so ASCII loses only the three escapes browsers use.
    """
    if "%" in value and value.isascii():
        decoded = unquote_to_bytes(value)
        if not decoded.isascii():
            return _decode_bytes(decoded)
        for escape, char in _BROWSER_ESCAPES:
            value = value.replace(escape, char)
        return value
    if any("\udc80" <= char <= "\udcff" for char in value):
        return _decode(value)
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _visible(text: str) -> str:
    """Without what cannot be seen; all kinds of spaces become plain ones."""
    kept = []
    for char in text:
        category = unicodedata.category(char)
        if category in _SPACE_CATEGORIES or char in "\t\n\r":
            kept.append(" ")
        elif category not in _DROPPED_CATEGORIES and not _is_noncharacter(ord(char)):
            kept.append(char)
    return "".join(kept)


def _is_noncharacter(code: int) -> bool:
    """Unassigned ones stay: they may be emoji newer than this Python."""
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # noqa: PLR2004 - Unicode §23.7


def _tidy(text: str) -> str:
    return _SPACES.sub(" ", text).lstrip(" .").rstrip(" .")


def _shorten(text: str) -> str:
    """At most 255 bytes, cut before the extension and never inside a character with its accents."""
    if len(text.encode()) <= MAX_BYTES:
        return text
    stem, dot, extension = text.rpartition(".")
    if not stem or not extension or len(extension.encode()) > _MAX_EXTENSION:
        stem, dot, extension = text, "", ""
    room = MAX_BYTES - len((dot + extension).encode())
    kept = stem.encode()[:room].decode("utf-8", "ignore")
    while kept and unicodedata.category(stem[len(kept)]).startswith("M"):
        kept = kept[:-1]
    return (kept.rstrip(" .") or "file") + dot + extension
