"""The content type of a file by its first bytes."""

import re

from storage.content.archives import ole_type, zip_type
from storage.content.charset import decode_text
from storage.content.containers import container, is_animated
from storage.content.magic_numbers import by_magic
from storage.content.markup import text_type
from storage.content.model import ContentType
from storage.content.programs import program
from storage.content.sound import sound
from storage.content.table import EMPTY

HEAD_SIZE = 64 * 1024
"""How many bytes `sniff` wants to see; fewer if the file has fewer. More are not looked at."""

_PDF = re.compile(rb"%PDF-[12]\.[0-9]")
_PDF_JUNK = 1024  # readers accept the header anywhere in the first 1024 bytes (ISO 32000-1, annex H.3.4.1)
_IMAGES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_STARTS = (
    (b"{\\rtf", "application/rtf"),
    (b"#!AMR\n", "audio/amr"),
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"%!PS", "application/postscript"),
    (b"\x04%!PS", "application/postscript"),
    (b"\xc5\xd0\xd3\xc6", "application/postscript"),
)
_ISO_MARK = slice(32769, 32774)


def sniff(head: bytes, *, complete: bool) -> ContentType:
    """What the file is whose first bytes (up to `HEAD_SIZE`) these are. Never raises, whatever they are.

    ``complete`` says that the head is the whole file, so that JSON and cut characters can be judged. The worst
    measured input takes under 4 ms, usual ones under 1 ms: call it inline, in any thread.
    """
    complete = complete and len(head) <= HEAD_SIZE
    head = head[:HEAD_SIZE]
    if not head:
        return ContentType.of(EMPTY)
    mime = _structured(head)
    if mime:
        return ContentType.of(mime, animated=is_animated(head, mime))
    text = decode_text(head, complete=complete)
    if text:
        return ContentType.of(text_type(text.text, complete=complete), charset=text.charset)
    mime = sound(head, complete=complete) or by_magic(head)
    return ContentType.of(mime, animated=is_animated(head, mime))


def _structured(head: bytes) -> str | None:
    """Formats read by their structure. Programs come first: nothing may disguise one."""
    return (
        program(head)
        or next((mime for start, mime in _IMAGES if head.startswith(start)), None)
        or zip_type(head)
        or ole_type(head)
        or container(head)
        or next((mime for start, mime in _STARTS if head.startswith(start)), None)
        or _pdf(head)
        or ("application/x-iso9660-image" if head[_ISO_MARK] == b"CD001" else None)
    )


def _pdf(head: bytes) -> str | None:
    match = _PDF.search(head, 0, _PDF_JUNK)
    if match is None:
        return None
    # Text about PDF may name the header too; a PDF behind junk goes on with objects.
    return "application/pdf" if match.start() == 0 or b" obj" in head[match.end() :] else None
