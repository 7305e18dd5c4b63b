"""Holding a release's promise against what the probe saw."""

from __future__ import annotations

from reeld.domain.media import MediaFacts
from reeld.domain.quality import Modifier, Quality

# Radarr's AugmentQualityFromMediaInfo: (at least so wide, or at least so high) is so many lines.
_LINES = ((3200, 2100, 2160), (1800, 1000, 1080), (1200, 700, 720), (1000, 560, 576))


def mended(promised: Quality, facts: MediaFacts) -> Quality:
    """Return the quality with the resolution that the file really has.

    Source and modifier stay as the name says: no probe can see them. Where no such quality exists (there
    is no HDTV-480p), the promise stays.
    """
    if promised.modifier in {Modifier.BRDISK, Modifier.RAWHD} or not promised.resolution:
        return promised
    # Only discs have qualities of 576 lines.
    lines = _lines(facts)
    return _of(promised, lines) or (_of(promised, 480) if lines == 576 else None) or promised


def _of(promised: Quality, lines: int) -> Quality | None:
    """Return the quality of the same origin with so many lines."""
    for quality in Quality:
        same_origin = (quality.source, quality.modifier) == (promised.source, promised.modifier)
        if same_origin and quality.resolution == lines:
            return quality
    return None


def _lines(facts: MediaFacts) -> int:
    for width, height, lines in _LINES:
        if facts.width >= width or facts.height >= height:
            return lines
    return 480
