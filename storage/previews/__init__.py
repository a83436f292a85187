"""Pictures of media, made in processes that may fail.

`ThumbnailMaker` makes what goes into channel messages; `Previews` what HTTP shows, cached on disk.
"""

from storage.previews.kinds import drawable, measurable
from storage.previews.maker import MAX_BYTES, MAX_SIDE, ThumbnailMaker
from storage.previews.values import Thumbnail, UnusableImage

__all__ = ["MAX_BYTES", "MAX_SIDE", "Thumbnail", "ThumbnailMaker", "UnusableImage", "drawable", "measurable"]
