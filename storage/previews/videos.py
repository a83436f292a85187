"""Videos and sounds, in a worker: FFmpeg through PyAV.

The demuxer is chosen by the content type, never by FFmpeg's own guess: playlists and the like, which name other files
to open, are so never read. Of a large file only some spans are there; packets outside them are passed over.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from storage.previews.kinds import demuxer_of
from storage.previews.values import Measure, Source, UnusableImage

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream
    from PIL.Image import Image as Picture

_MAX_PIXELS = 8192 * 8192
_MOST_PACKETS = 600
_MOST_FRAMES = 50
_DARK = 20
"""Mean brightness (0-255) up to which a frame is passed over where a brighter one follows: films fade in."""

_SWAPPED = (90, 270)
_MICROSECONDS = 1_000_000
_TURN = 360
_LARGEST_SIDE = 1280
_NARROWEST, _WIDEST = 0.1, 10


def frame(source: Source) -> "Picture":
    """The first frame that is not dark, else the first, upright and with square pixels."""
    with _opened(source) as container:
        stream = _video_of(container)
        best: Picture | None = None
        for number, decoded in enumerate(_frames(container, stream, source)):
            picture = _picture(decoded, stream)
            if number == 0:
                best = picture
            if _brightness(picture) > _DARK:
                return picture
            if number >= _MOST_FRAMES:
                break
        if best is None:
            raise UnusableImage("no frame could be decoded")
        return best


def measure(source: Source) -> Measure:
    """Width and height as shown, and the duration: of the container, its streams, or, failing these, its packets."""
    with _opened(source) as container:
        duration = _duration(container, source)
        if not container.streams.video or "attached_pic" in str(container.streams.video[0].disposition):
            return Measure(duration=duration)
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        width, height = stream.codec_context.width, stream.codec_context.height
        if not width or not height:
            return Measure(duration=duration)
        turned = width * height <= _MAX_PIXELS and _rotation(container, stream, source) % _TURN in _SWAPPED
        width = _square(width, stream)
        return Measure(width=height if turned else width, height=width if turned else height, duration=duration)


def _opened(source: Source) -> "InputContainer":
    import av  # noqa: PLC0415 - only workers load it

    av.logging.set_level(None)
    return av.open(source.path, format=demuxer_of(source.mime), options={"protocol_whitelist": "file"})


def _video_of(container: "InputContainer") -> "VideoStream":
    if not container.streams.video:
        raise UnusableImage("there is no picture in it")
    stream = container.streams.video[0]
    if stream.codec_context.width * stream.codec_context.height > _MAX_PIXELS:
        raise UnusableImage(f"{stream.codec_context.width}x{stream.codec_context.height} pixels are too many")
    stream.codec_context.thread_count = 1
    return stream


def _frames(container: "InputContainer", stream: "VideoStream", source: Source) -> "Iterator[VideoFrame]":
    """Decoded frames, until bytes are missing, the decoder gives up, or enough packets were read."""
    import av  # noqa: PLC0415 - only workers load it

    try:
        for number, packet in enumerate(container.demux(stream)):
            if number >= _MOST_PACKETS:
                return
            if not _is_here(packet, source):
                yield from packet.stream.decode(None)  # what the decoder holds back
                return
            yield from packet.decode()
    except (av.FFmpegError, EOFError):
        return


def _is_here(packet: "Packet[VideoStream]", source: Source) -> bool:
    """Whether the bytes of the packet are in the file, as far as the demuxer says where they are."""
    if not source.spans or packet.pos is None or packet.pos < 0:
        return True
    return any(start <= packet.pos and packet.pos + packet.size <= stop for start, stop in source.spans)


def _picture(decoded: "VideoFrame", stream: "VideoStream") -> "Picture":
    from PIL import Image  # noqa: PLC0415 - only workers load it

    width, height = _square(decoded.width, stream), decoded.height
    scale = min(1.0, _LARGEST_SIDE / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture: Picture = decoded.to_image(width=size[0], height=size[1])  # type: ignore[no-untyped-call]  # PyAV types half of it
    turn = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
    rotation = decoded.rotation % _TURN
    return picture.transpose(turn[rotation]) if rotation in turn else picture


def _brightness(picture: "Picture") -> float:
    small = picture.convert("L").resize((16, 16))
    return sum(small.tobytes()) / 256


def _square(width: int, stream: "VideoStream") -> int:
    """The width with square pixels."""
    ratio = stream.sample_aspect_ratio
    return round(width * ratio) if ratio and _NARROWEST < ratio < _WIDEST else width


def _rotation(container: "InputContainer", stream: "VideoStream", source: Source) -> int:
    """Only a decoded frame tells it, in degrees against the clock."""
    return next((decoded.rotation for decoded in _frames(container, stream, source)), 0)


def _duration(container: "InputContainer", source: Source) -> float | None:
    if container.duration is not None and container.duration > 0:
        return float(round(container.duration / _MICROSECONDS, 3))
    known = [float(s.duration * s.time_base) for s in container.streams if s.duration and s.time_base]
    if known:
        return round(max(known), 3)
    return None if source.spans else _last_packet(container)


def _last_packet(container: "InputContainer") -> float | None:
    """Recordings of browsers say nothing about their length: their packets do. Only where all of the file is here."""
    import av  # noqa: PLC0415 - only workers load it

    end = 0.0
    try:
        for packet in container.demux():
            if packet.pts is not None and packet.time_base:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        container.seek(0)
    except av.FFmpegError:
        return round(end, 3) or None
    return round(end, 3) or None
