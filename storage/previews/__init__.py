"""Small JPEGs of images, made in processes that may fail."""

from storage.previews.maker import MAX_BYTES, MAX_SIDE, ThumbnailMaker
from storage.previews.worker import Thumbnail, UnusableImage

__all__ = ["MAX_BYTES", "MAX_SIDE", "Thumbnail", "ThumbnailMaker", "UnusableImage"]
