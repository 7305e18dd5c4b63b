"""Posters and backdrops: never trusted, made anew in the size that is shown, kept in a cache of bounded size."""

from reeld.services.images._cache import ImageCache
from reeld.services.images._rendering import MOST_PIXELS, BrokenPicture, render, rendered
from reeld.services.images._typing import IMAGE_CAP, Image, ImageType, NotAnImage, recognise

__all__ = [
    "IMAGE_CAP",
    "MOST_PIXELS",
    "BrokenPicture",
    "Image",
    "ImageCache",
    "ImageType",
    "NotAnImage",
    "recognise",
    "render",
    "rendered",
]
