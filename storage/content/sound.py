"""MP3 and AAC streams: they have no header, only frames, so two frames in a row are asked for.

Sources: ISO/IEC 11172-3 §2.4.1.3 (MPEG audio frames), ISO/IEC 13818-7 §6.2 (ADTS), ID3v2.4 structure §3.1.
"""

from collections.abc import Callable

_KBITS_MPEG1_III = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_MPEG1_II = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_KBITS_MPEG2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HERTZ = (44100, 48000, 32000)
_MPEG_25, _RESERVED, _MPEG_2, _MPEG_1 = range(4)
_LAYER_III, _LAYER_II = 1, 2
_TAG_HEADER = 10
_MPEG_HEADER, _ADTS_HEADER = 4, 7


def sound(head: bytes, *, complete: bool) -> str | None:
    """``audio/mpeg``, ``audio/aac`` or ``audio/flac``, also behind an ID3 tag; None for anything else."""
    start = _after_id3(head)
    if start:
        if head[start : start + 4] == b"fLaC":
            return "audio/flac"
        return "audio/aac" if _adts_length(head, start) else "audio/mpeg"
    if _repeats(head, _mpeg_length, complete=complete):
        return "audio/mpeg"
    return "audio/aac" if _repeats(head, _adts_length, complete=complete) else None


def _after_id3(head: bytes) -> int:
    """Where the sound starts behind an ID3v2 tag, 0 if there is none."""
    tag = head[:_TAG_HEADER]
    if len(tag) < _TAG_HEADER or tag[:3] != b"ID3" or max(tag[6:]) > 0x7F:  # noqa: PLR2004 - sizes have seven bits a byte
        return 0
    return _TAG_HEADER + ((tag[6] << 21) | (tag[7] << 14) | (tag[8] << 7) | tag[9])


def _repeats(head: bytes, length_at: Callable[[bytes, int], int], *, complete: bool) -> bool:
    """Whether a second frame follows the first; one that ends exactly with a complete file will do."""
    first = length_at(head, 0)
    return first > 0 and (length_at(head, first) > 0 or (complete and first == len(head)))


def _mpeg_length(head: bytes, at: int) -> int:
    """The length of the MPEG 1, 2 or 2.5 frame of layer II or III at this place, 0 if there is none."""
    frame = head[at : at + _MPEG_HEADER]
    if len(frame) < _MPEG_HEADER or frame[0] != 0xFF or frame[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - eleven sync bits
        return 0
    version, layer = frame[1] >> 3 & 3, frame[1] >> 1 & 3
    rate, hertz, padding = frame[2] >> 4, frame[2] >> 2 & 3, frame[2] >> 1 & 1
    if version == _RESERVED or layer not in {_LAYER_II, _LAYER_III} or rate in {0, 15} or hertz == len(_HERTZ):
        return 0
    table = _KBITS_MPEG2
    if version == _MPEG_1:
        table = _KBITS_MPEG1_III if layer == _LAYER_III else _KBITS_MPEG1_II
    frequency = _HERTZ[hertz] >> {_MPEG_1: 0, _MPEG_2: 1, _MPEG_25: 2}[version]
    samples_factor = 72 if layer == _LAYER_III and version != _MPEG_1 else 144
    return samples_factor * 1000 * table[rate] // frequency + padding


def _adts_length(head: bytes, at: int) -> int:
    """The length of the ADTS frame at this place, 0 if there is none."""
    frame = head[at : at + _ADTS_HEADER]
    if len(frame) < _ADTS_HEADER or frame[0] != 0xFF or frame[1] & 0xF6 != 0xF0:  # noqa: PLR2004 - sync bits, layer 0
        return 0
    length = (frame[3] & 3) << 11 | frame[4] << 3 | frame[5] >> 5
    return length if length > _ADTS_HEADER and frame[2] >> 2 & 15 < 13 else 0  # noqa: PLR2004 - 13 sampling rates
