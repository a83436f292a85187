"""Small real files, made by real encoders where there are any. Each function writes one file and returns its path.

``SAMPLES`` lists them by content type, for tests that go through all kinds.
"""

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageDraw
from pillow_heif import from_pillow

_ORIENTATION = 0x0112
_RATE = 48_000
RUSSIAN = "Заявка выполнена: течь в подвале устранена, трубы заменены.\nСпасибо!\n"


def picture(width: int = 640, height: int = 400) -> Image.Image:
    """Left half red, right half blue with a white bar, so that turning and mirroring show."""
    image = Image.new("RGB", (width, height), "red")
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width, height), fill="blue")
    draw.rectangle((width // 2, 0, width, height // 10), fill="white")
    return image


def jpeg(folder: Path, *, orientation: int = 1, width: int = 640, height: int = 400) -> Path:
    """A JPEG whose pixels are ``width`` x ``height``; EXIF orientation 6 means a viewer turns it clockwise."""
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    path = folder / f"photo{orientation}.jpg"
    picture(width, height).save(path, quality=85, exif=exif)
    return path


def png(folder: Path, *, transparent: bool = False) -> Path:
    path = folder / "picture.png"
    image = picture()
    if transparent:
        image.putalpha(0)
    image.save(path)
    return path


def heic(folder: Path) -> Path:
    path = folder / "photo.heic"
    from_pillow(picture()).save(path, quality=50)
    return path


def avif(folder: Path) -> Path:
    path = folder / "photo.avif"
    picture().save(path, quality=50, speed=10)
    return path


def gif(folder: Path, *, frames: int = 3) -> Path:
    return _frames(folder / f"moving{frames}.gif", frames)


def webp(folder: Path, *, frames: int = 1) -> Path:
    return _frames(folder / f"picture{frames}.webp", frames)


def apng(folder: Path) -> Path:
    return _frames(folder / "moving.png", 3)


def _frames(path: Path, count: int) -> Path:
    first, *others = (picture(64 + 2 * index, 48).resize((64, 48)) for index in range(count))
    first.putpixel((0, 0), (1, 2, 3))
    if others:
        first.save(path, save_all=True, append_images=others, duration=100, loop=0)
    else:
        first.save(path)
    return path


def video(folder: Path, *, suffix: str = "mp4", sound: bool = False) -> Path:
    """Half a second of grey: H.264 (with AAC) in mp4, mov and mkv, VP8 (with Opus) in webm."""
    path = folder / f"video.{suffix}"
    with av.open(str(path), "w") as output:
        picture_stream = output.add_stream("libvpx" if suffix == "webm" else "libx264", rate=10)
        picture_stream.width, picture_stream.height, picture_stream.pix_fmt = 64, 48, "yuv420p"
        sound_stream = output.add_stream("libopus" if suffix == "webm" else "aac", rate=_RATE) if sound else None
        for index in range(5):
            frame = av.VideoFrame(64, 48, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([100 + index]) * plane.buffer_size)
            frame.pts, frame.time_base = index, Fraction(1, 10)
            output.mux(picture_stream.encode(frame))
        output.mux(picture_stream.encode(None))
        if sound_stream is not None:
            _hum(output, sound_stream)
    return path


def audio(folder: Path, *, suffix: str = "mp3") -> Path:
    """Half a second of silence: mp3, m4a, aac, flac, wav, ogg (Opus), webm (Opus)."""
    codecs = {"mp3": "libmp3lame", "m4a": "aac", "aac": "aac", "flac": "flac", "wav": "pcm_s16le"}
    path = folder / f"sound.{suffix}"
    with av.open(str(path), "w", format={"aac": "adts", "m4a": "ipod"}.get(suffix)) as output:
        stream = output.add_stream(codecs.get(suffix, "libopus"), rate=_RATE)
        _hum(output, stream)
    return path


def voice(folder: Path) -> Path:
    """OGG with mono Opus, as Telegram records voice messages."""
    return audio(folder, suffix="ogg")


def _hum(output: av.container.OutputContainer, stream: object) -> None:
    assert isinstance(stream, av.AudioStream)
    for index in range(25):
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.sample_rate, frame.pts, frame.time_base = _RATE, index * 960, Fraction(1, _RATE)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def pdf(folder: Path, *, junk: bytes = b"") -> Path:
    """One empty page, with a cross-reference table that is right."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] >>",
    )
    body, offsets = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"xref\n0 4\n0000000000 65535 f \n%strailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return write(folder / "document.pdf", junk + body + end % (table, len(body)))


def archive(folder: Path, name: str, entries: Mapping[str, str | bytes], *, stored: bool = False) -> Path:
    path = folder / name
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w", method) as output:
        for entry, content in entries.items():
            output.writestr(entry, content, zipfile.ZIP_STORED if entry == "mimetype" else method)
    return path


def zipped(folder: Path) -> Path:
    return archive(folder, "files.zip", {"readme.txt": "hello", "folder/data.bin": bytes(100)})


def ooxml(folder: Path, suffix: str = "docx", *, filler: int = 0) -> Path:
    """DOCX, XLSX or PPTX; ``filler`` puts that many stored bytes before everything that tells which."""
    kind, part = {
        "docx": ("wordprocessingml.document", "word/document.xml"),
        "xlsx": ("spreadsheetml.sheet", "xl/workbook.xml"),
        "pptx": ("presentationml.presentation", "ppt/presentation.xml"),
    }[suffix]
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{part}" '
        f'ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/></Types>'
    )
    entries: dict[str, str | bytes] = {"docProps/thumbnail.jpeg": bytes(filler)} if filler else {}
    entries |= {"[Content_Types].xml": types, "_rels/.rels": "<Relationships/>", part: "<x/>"}
    return archive(folder, f"office.{suffix}", entries, stored=filler > 0)


def odt(folder: Path) -> Path:
    entries = {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"}
    return archive(folder, "office.odt", entries)


def apk(folder: Path) -> Path:
    return archive(folder, "app.apk", {"AndroidManifest.xml": b"\x03\0\x08\0", "classes.dex": b"dex\n035\0"})


def jar(folder: Path) -> Path:
    return archive(folder, "app.jar", {"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\n", "A.class": b"\0"})


def tarred(folder: Path, *, compression: str = "") -> Path:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as output:  # type: ignore[call-overload]  # typed by literals
        info = tarfile.TarInfo("readme.txt")
        info.size = 5
        output.addfile(info, io.BytesIO(b"hello"))
    return write(folder / f"files.tar{'.' if compression else ''}{compression}", buffer.getvalue())


def ole(folder: Path, stream: str = "WordDocument") -> Path:
    """A compound file with one FAT sector and a directory of two entries (MS-CFB §2.2, §2.6)."""
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header += bytes(6) + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", 0) + b"\xff" * (512 - len(header) - 4)
    fat = struct.pack("<II", 0xFFFFFFFD, 0xFFFFFFFE) + b"\xff" * 504
    directory = _ole_entry("Root Entry", 5) + _ole_entry(stream, 2) + bytes(256)
    return write(folder / "legacy.doc", header + fat + directory)


def _ole_entry(name: str, kind: int) -> bytes:
    encoded = name.encode("utf-16le") + b"\0\0"
    return encoded.ljust(64, b"\0") + struct.pack("<HB", len(encoded), kind) + bytes(61)


def text(folder: Path, content: str = RUSSIAN, *, charset: str = "utf-8", name: str = "note.txt") -> Path:
    return write(folder / name, content.encode(charset))


def windows_program(folder: Path, *, name: str = "setup.exe") -> Path:
    """The headers of a 64-bit PE file."""
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    return write(folder / name, dos + b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 0, 0, 0, 0, 240, 0x22) + bytes(240))


def linux_program(folder: Path) -> Path:
    """The header of a 64-bit ELF file."""
    header = (
        b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, 0, 64, 0, 0)
    )
    return write(folder / "program", header)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


SAMPLES: Mapping[str, Callable[[Path], Path]] = {
    "image/jpeg": jpeg,
    "image/png": png,
    "image/heic": heic,
    "image/avif": avif,
    "image/gif": gif,
    "image/webp": webp,
    "video/mp4": video,
    "video/webm": lambda folder: video(folder, suffix="webm", sound=True),
    "video/x-matroska": lambda folder: video(folder, suffix="mkv"),
    "video/quicktime": lambda folder: video(folder, suffix="mov"),
    "audio/mpeg": audio,
    "audio/mp4": lambda folder: audio(folder, suffix="m4a"),
    "audio/aac": lambda folder: audio(folder, suffix="aac"),
    "audio/flac": lambda folder: audio(folder, suffix="flac"),
    "audio/wav": lambda folder: audio(folder, suffix="wav"),
    "audio/webm": lambda folder: audio(folder, suffix="webm"),
    "audio/ogg": voice,
    "application/pdf": pdf,
    "application/msword": ole,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ooxml,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": lambda f: ooxml(f, "xlsx"),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": lambda f: ooxml(f, "pptx"),
    "application/vnd.oasis.opendocument.text": odt,
    "application/zip": zipped,
    "application/x-tar": tarred,
    "application/gzip": lambda folder: tarred(folder, compression="gz"),
    "application/x-bzip2": lambda folder: tarred(folder, compression="bz2"),
    "application/x-xz": lambda folder: tarred(folder, compression="xz"),
    "text/plain": text,
    "application/vnd.android.package-archive": apk,
    "application/java-archive": jar,
    "application/vnd.microsoft.portable-executable": windows_program,
    "application/x-executable": linux_program,
}
"""Functions that make a file, by the content type its bytes have."""
