"""What is inside a ZIP or an OLE compound file: office documents, books, apps, installers, or just files."""

import re
import zlib
from types import MappingProxyType

from storage.content.lookup import normalise
from storage.content.table import OLE, ZIP

_ENTRY = b"PK\x03\x04"
_CONTENT_TYPES = b"[Content_Types].xml"
_MAX_ENTRIES = 256
_MAX_INFLATED = 256 * 1024
_DEFLATED = 8
_MAIN_PART = re.compile(rb'ContentType\s*=\s*"([^"]{1,150})\.main\+xml"', re.IGNORECASE)
_MACRO_PART = re.compile(rb'ContentType\s*=\s*"([^"]{1,150}macroEnabled)\.main\+xml"', re.IGNORECASE)
_XLSB_PART = b"application/vnd.ms-excel.sheet.binary.macroEnabled.main"
_OOXML = "application/vnd.openxmlformats-officedocument."
_FOLDERS = MappingProxyType(
    {
        b"word/": _OOXML + "wordprocessingml.document",
        b"xl/": _OOXML + "spreadsheetml.sheet",
        b"ppt/": _OOXML + "presentationml.presentation",
        b"visio/": "application/vnd.ms-visio.drawing",
    }
)
_OLE_STREAMS = (
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("VisioDocument", "application/vnd.visio"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
)
_MSI_CLASS = bytes.fromhex("84100c0000000000c000000000000046")  # {000C1084-0000-0000-C000-000000000046}
_MSP_CLASS = bytes.fromhex("86100c0000000000c000000000000046")


def zip_type(head: bytes) -> str | None:
    """The type of a ZIP by the entries whose headers are in the head; None for what is no ZIP."""
    if not head.startswith((_ENTRY, b"PK\x05\x06", b"PK\x07\x08", b"PK00PK\x03\x04")):
        return None
    entries = _entries(head)
    if b"AndroidManifest.xml" in entries or b"classes.dex" in entries:
        return "application/vnd.android.package-archive"
    if next(iter(entries), None) == b"mimetype":
        return _named_inside(_content(head, *entries[b"mimetype"]))
    if _CONTENT_TYPES in entries:
        return _ooxml_type(list(entries), _content(head, *entries[_CONTENT_TYPES]))
    if b"META-INF/MANIFEST.MF" in entries:
        return "application/java-archive"
    return ZIP


def ole_type(head: bytes) -> str | None:
    """The type of an OLE compound file by its directory, as far as the head shows it; None for what is none."""
    if not head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return None
    if _MSI_CLASS in head or _MSP_CLASS in head:
        return "application/x-msi"
    for stream, mime in _OLE_STREAMS:
        # A directory entry: the name in UTF-16, padded with zeros to 64 bytes.
        if (stream.encode("utf-16le") + b"\0\0") in head:
            return mime
    return OLE


def _entries(head: bytes) -> dict[bytes, tuple[int, int]]:
    """Names of the entries whose local headers are in the head, in file order, with (data offset, method)."""
    found: dict[bytes, tuple[int, int]] = {}
    position = head.find(_ENTRY)
    while position >= 0 and len(found) < _MAX_ENTRIES:
        name_length = int.from_bytes(head[position + 26 : position + 28], "little")
        extra_length = int.from_bytes(head[position + 28 : position + 30], "little")
        name = head[position + 30 : position + 30 + name_length]
        method = int.from_bytes(head[position + 8 : position + 10], "little")
        if len(name) == name_length:
            found.setdefault(name, (position + 30 + name_length + extra_length, method))
        position = head.find(_ENTRY, position + 30)
    return found


def _content(head: bytes, start: int, method: int) -> bytes:
    """The beginning of an entry's content, at most 256 KiB whatever it would inflate to."""
    if method != _DEFLATED:
        end = head.find(b"PK", start)
        return head[start : end if end >= 0 else None]
    try:
        return zlib.decompressobj(-15).decompress(head[start:], _MAX_INFLATED)
    except zlib.error:
        return b""


def _named_inside(content: bytes) -> str:
    """OpenDocument and EPUB carry their content type as the first entry, not compressed."""
    mime = normalise(content[:128].decode("latin-1"))
    known = mime and (mime.startswith("application/vnd.oasis.opendocument.") or mime == "application/epub+zip")
    return mime if mime and known else ZIP


def _ooxml_type(names: list[bytes], content_types: bytes) -> str:
    if _XLSB_PART in content_types:
        return "application/vnd.ms-excel.sheet.binary.macroenabled.12"
    macro = _MACRO_PART.search(content_types)
    if macro:
        return f"{macro[1].decode('latin-1').lower()}.12"
    main = _MAIN_PART.search(content_types)
    if main and main[1].startswith(b"application/vnd."):
        return normalise(main[1].decode("latin-1")) or ZIP
    folder = next((mime for prefix, mime in _FOLDERS.items() if any(n.startswith(prefix) for n in names)), None)
    return folder or ZIP
