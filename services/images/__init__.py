"""Posters and backdrops: re-typed by their bytes, never trusted, kept in a cache of bounded size."""

from reeld.services.images._cache import ImageCache
from reeld.services.images._typing import IMAGE_CAP, Image, ImageType, NotAnImage, recognise

__all__ = ["IMAGE_CAP", "Image", "ImageCache", "ImageType", "NotAnImage", "recognise"]
