"""Files for a gallery: photographs of twelve megapixels, short films in 720p, PDFs; each one different."""

import random
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageFilter


@dataclass(frozen=True)
class Made:
    path: Path
    mime: str
    kind: str


def make_files(place: Path, count: int) -> list[Made]:
    """Three fifths images, a fifth videos, a fifth PDFs."""
    folder = place / "files"
    folder.mkdir()
    texture = Image.effect_noise((1000, 750), 90).filter(ImageFilter.GaussianBlur(1))
    made = []
    for number in range(count):
        match number % 5:
            case 3:
                made.append(Made(film(folder / f"{number}.mp4", number), "video/mp4", "video"))
            case 4:
                made.append(Made(document(folder / f"{number}.pdf", number), "application/pdf", "pdf"))
            case _:
                made.append(Made(photo(folder / f"{number}.jpg", texture, number), "image/jpeg", "image"))
    return made


def photo(path: Path, texture: Image.Image, number: int) -> Path:
    """Coloured noise blown up: about as hard to decode, and as large, as a photograph."""
    chosen = random.Random(number)
    planes = [texture.rotate(chosen.randrange(4) * 90).resize((4000, 3000)) for _ in range(3)]
    exif = Image.Exif()
    exif[0x0112] = chosen.choice((1, 3, 6, 8))
    Image.merge("RGB", planes).save(path, quality=88, exif=exif)
    return path


def film(path: Path, number: int) -> Path:
    """Two seconds with the index at the end, as phones write it."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for index in range(50):
            frame = av.VideoFrame(1280, 720, "yuv420p")
            for plane in frame.planes:
                row = bytes((index * 3 + number + column // 8) % 256 for column in range(plane.line_size))
                plane.update(row * plane.height)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def document(path: Path, number: int) -> Path:
    """Twenty pages of text."""
    lines = " ".join(f"1 0 0 1 40 {780 - 14 * line} Tm (Document {number}, line {line}) Tj" for line in range(50))
    text = f"BT /F1 11 Tf {lines} ET".encode()
    kids = " ".join(f"{4 + page} 0 R" for page in range(20))
    fonts = "/Resources << /Font << /F1 3 0 R >> >>"
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 24 0 R {fonts} >>".encode()
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count 20 >>".encode()]
    objects += [b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", *[page] * 20]
    objects += [b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text)]
    body, offsets = b"%PDF-1.4\n", []
    for index, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (index, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    path.write_bytes(body + end % (count, table, count, len(body)))
    return path
