"""Programs: Windows, Linux, macOS, Java, Android, WebAssembly, and scripts that name their interpreter."""

import re
from types import MappingProxyType

PE = "application/vnd.microsoft.portable-executable"
SCRIPT = "text/x-shellscript"
_SHEBANG = re.compile(rb"(?:\xef\xbb\xbf)?#![ \t]*/")
_FAT_MAGIC = b"\xca\xfe\xba\xbe"
_FIRST_JAVA_VERSION = 45  # Mach-O counts a handful of architectures where Java has its class file version
_MAGIC = MappingProxyType(
    {
        b"\x7fELF": "application/x-executable",
        b"\xfe\xed\xfa\xce": "application/x-mach-binary",
        b"\xfe\xed\xfa\xcf": "application/x-mach-binary",
        b"\xce\xfa\xed\xfe": "application/x-mach-binary",
        b"\xcf\xfa\xed\xfe": "application/x-mach-binary",
        b"\xca\xfe\xba\xbf": "application/x-mach-binary",
        b"\x00asm": "application/wasm",
        b"xar!": "application/x-xar",
        b"\xed\xab\xee\xdb": "application/x-rpm",
    }
)
_LONG_MAGIC = (
    (b"dex\n0", "application/vnd.android.dex"),
    (b"!<arch>\ndebian", "application/vnd.debian.binary-package"),
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0", "application/x-ms-shortcut"),
)


def program(head: bytes) -> str | None:
    """The content type of a program, by the first bytes."""
    known = _MAGIC.get(head[:4])
    if known:
        return known
    if head.startswith(b"MZ"):
        return PE if _is_dos_program(head) else None
    if head.startswith(_FAT_MAGIC) and len(head) >= 8:  # noqa: PLR2004 - magic and one number
        java = int.from_bytes(head[4:8], "big") >= _FIRST_JAVA_VERSION
        return "application/java-vm" if java else "application/x-mach-binary"
    if _SHEBANG.match(head):
        return SCRIPT
    return next((mime for magic, mime in _LONG_MAGIC if head.startswith(magic)), None)


def _is_dos_program(head: bytes) -> bool:
    """``MZ`` may also begin a letter: a program has binary fields in its header, or a PE header where it points."""
    offset = int.from_bytes(head[0x3C:0x40], "little")
    if head[offset : offset + 2] in {b"PE", b"NE", b"LE", b"LX"}:
        return True
    return any(byte < 0x09 for byte in head[2:0x40])  # noqa: PLR2004 - control characters below tab
