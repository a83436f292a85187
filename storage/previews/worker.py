"""What runs inside a preview process: it may crash, hang or run out of memory without harm to anybody else.

Nothing is imported at the top that the parent does not need; libvips, Pillow, FFmpeg and PDFium are loaded in the
worker. Each task is a function of this module, and what it returns and raises can be pickled.
"""

import os
import resource
import signal
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from storage.previews.values import Measure, Source, Thumbnail, UnusableImage

P = ParamSpec("P")
T = TypeVar("T")

_LARGEST_FILE = 256 * 1024 * 1024


def prepare(memory: int) -> None:
    """Run once in a new worker: limit its memory in bytes, let signals kill it at once, and load libvips.

    The limit is on address space, the only one Linux enforces for a process without cgroups.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler in Python would wait for C code that hangs
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    os.environ["VIPS_CONCURRENCY"] = "1"
    from storage.previews.images import load_vips  # noqa: PLC0415 - only workers load it, see above

    load_vips()


def guarded(alarm_after: int, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run one task. Raises `UnusableImage`, and nothing that the parent could not unpickle.

    The alarm ends a worker that hangs although its parent, who would have ended it, is gone.
    """
    signal.alarm(alarm_after)
    try:
        return task(*args, **kwargs)
    except UnusableImage:
        raise
    except Exception as error:  # noqa: BLE001 - decoders raise anything, and the parent lacks their classes
        raise UnusableImage(f"{type(error).__name__}: {error}"[:300].strip()) from None
    finally:
        signal.alarm(0)


def make_thumbnail(path: str, max_side: int, max_bytes: int) -> Thumbnail:
    """The thumbnail of one image."""
    from storage.previews.images import draw  # noqa: PLC0415 - only workers load it, see above

    drawn = draw(path, (max_side,), max_bytes)
    return Thumbnail(data=drawn.jpegs[0], source_width=drawn.width, source_height=drawn.height)


def draw_previews(source: Source, sides: tuple[int, ...]) -> list[bytes]:
    """A JPEG for each of ``sides`` (the largest first): of an image, a video's frame or a PDF's first page."""
    # Only workers load the decoders, see above.
    from storage.previews import documents, images, videos  # noqa: PLC0415
    from storage.previews.kinds import Kind, kind_of  # noqa: PLC0415

    match kind_of(source.mime):
        case Kind.IMAGE:
            return list(images.draw(source.path, sides).jpegs)
        case Kind.VIDEO:
            return images.save_all(videos.frame(source), sides)
        case Kind.PDF:
            return images.save_all(documents.first_page(source.path, sides[0]), sides)
        case _:
            raise UnusableImage("there is nothing to see in it")


def draw_squares(source: Source, sides: tuple[int, ...]) -> list[bytes]:
    """An image as square JPEGs with these sides (the largest first), upright, cropped, without metadata."""
    from storage.previews import images  # noqa: PLC0415 - only workers load it, see above

    return images.squares(source.path, sides)


def measure(source: Source) -> Measure:
    """Width, height and duration, from headers where they say it."""
    from storage.previews import images, videos  # noqa: PLC0415 - only workers load it, see above
    from storage.previews.kinds import Kind, kind_of  # noqa: PLC0415

    match kind_of(source.mime):
        case Kind.IMAGE:
            width, height = images.size_of(source.path)
            return Measure(width=width, height=height)
        case Kind.VIDEO | Kind.AUDIO:
            return videos.measure(source)
        case _:
            return Measure()


def strip_metadata(source: Source, target: str) -> None:
    """Write the image without what says where, when and with what it was taken; its pixels stay as they are."""
    from storage.previews.stripping import strip  # noqa: PLC0415 - the parent does not parse images

    strip(source.path, source.mime, target)
