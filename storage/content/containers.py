"""Media containers, told apart by what they carry: ISO base media, Matroska, Ogg, RIFF, ASF, animated images."""

import re
from types import MappingProxyType

_QUICKTIME_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"pnot"})
_BRANDS = MappingProxyType(
    {
        b"heic": "image/heic", b"heix": "image/heic", b"heim": "image/heic", b"heis": "image/heic",
        b"hevc": "image/heic", b"hevx": "image/heic", b"hevm": "image/heic", b"hevs": "image/heic",
        b"avif": "image/avif", b"avis": "image/avif",
        b"crx ": "image/x-canon-cr3",
        b"qt  ": "video/quicktime",
        b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"M4P ": "audio/mp4", b"F4A ": "audio/mp4",
        b"M4V ": "video/x-m4v", b"M4VH": "video/x-m4v", b"M4VP": "video/x-m4v",
    }
)  # fmt: skip
_STILL_BRANDS = frozenset({b"mif1", b"msf1", b"mif2", b"miaf"})
_HANDLER = re.compile(rb"hdlr.{8}(vide|soun)", re.DOTALL)
_CODEC = re.compile(rb"\x86[\x83-\xa0]([AV])_")
_GIF_FRAME = re.compile(rb"\x21\xf9\x04.{4}\x00[\x2c\x21]", re.DOTALL)
_AUDIO_WITHIN = MappingProxyType(
    {
        "video/mp4": "audio/mp4",
        "video/3gpp": "audio/3gpp",
        "video/webm": "audio/webm",
        "video/x-matroska": "audio/x-matroska",
    }
)
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_AUDIO = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
_ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")


def container(head: bytes) -> str | None:
    """The content type of a media container; None for anything else."""
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _matroska(head)
    if head.startswith(b"OggS"):
        return _ogg(head)
    if head.startswith(_ASF):
        return "audio/x-ms-wma" if _ASF_AUDIO in head and _ASF_VIDEO not in head else "video/x-ms-wmv"
    if head[:4] in {b"RIFF", b"RF64", b"BW64"}:
        return _RIFF.get(head[8:12])
    return _base_media(head)


_RIFF = MappingProxyType(
    {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo", b"WAVE": "audio/wav", b"RMID": "audio/midi"}
)


def is_animated(head: bytes, mime: str) -> bool:
    """Whether an image moves, as far as its head shows."""
    if mime == "image/gif":
        looped = b"NETSCAPE2.0" in head or b"ANIMEXTS1.0" in head
        return looped or len(_GIF_FRAME.findall(head)) > 1
    if mime == "image/webp":
        return head[12:16] == b"VP8X" and len(head) > 20 and bool(head[20] & 0x02)  # noqa: PLR2004 - flag byte
    if mime == "image/png":
        control, data = head.find(b"acTL"), head.find(b"IDAT")
        return control >= 0 and (data < 0 or control < data)
    return mime == "image/avif" and b"avis" in head[8:64]


def _base_media(head: bytes) -> str | None:
    size = int.from_bytes(head[:4], "big")
    if head[4:8] != b"ftyp":
        old = head[4:8] in _QUICKTIME_ATOMS and (size >= 8 or size in {0, 1})  # noqa: PLR2004 - an atom's header
        return "video/quicktime" if old else None
    major = head[8:12]
    compatible = [head[at : at + 4] for at in range(16, min(size, len(head), 512) - 3, 4)]
    mime = _by_brand(major, compatible)
    return _AUDIO_WITHIN.get(mime, mime) if _only_sound(head) else mime


def _by_brand(major: bytes, compatible: list[bytes]) -> str:
    if major in _BRANDS:
        return _BRANDS[major]
    if major[:3] in {b"3gp", b"3gg", b"3gr", b"3gs", b"3ge"}:
        return "video/3gpp"
    if major[:3] == b"3g2":
        return "video/3gpp2"
    if major in _STILL_BRANDS:
        return next((_BRANDS[brand] for brand in compatible if brand in _BRANDS), "image/heif")
    return "video/mp4"


def _only_sound(head: bytes) -> bool:
    """Whether the whole movie header is in the head and knows sound tracks only. Else it counts as a video."""
    at = head.find(b"moov")
    if at < 4 or at - 4 + int.from_bytes(head[at - 4 : at], "big") > len(head):  # noqa: PLR2004 - its size field
        return False
    return {match[1] for match in _HANDLER.finditer(head, at)} == {b"soun"}


def _matroska(head: bytes) -> str | None:
    at = head.find(b"\x42\x82", 0, 80)
    length = head[at + 2] & 0x7F if 0 <= at < len(head) - 2 else 0
    doctype = head[at + 3 : at + 3 + length].rstrip(b"\0")
    mime = {b"webm": "video/webm", b"matroska": "video/x-matroska"}.get(doctype)
    if mime is None:
        return None
    tracks, cluster = head.find(b"\x16\x54\xae\x6b"), head.find(b"\x1f\x43\xb6\x75")
    codecs = {match[1] for match in _CODEC.finditer(head, max(tracks, 0))}
    only_sound = 0 <= tracks < cluster and codecs == {b"A"}
    return _AUDIO_WITHIN[mime] if only_sound else mime


def _ogg(head: bytes) -> str:
    """Ogg begins with one page for each stream, so all codecs are within the first pages."""
    first = head[:4096]
    video = any(mark in first for mark in (b"\x80theora", b"BBCD\0", b"\x01video\0\0\0"))
    return "video/ogg" if video else "audio/ogg"
