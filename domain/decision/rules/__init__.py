"""The rules, by what they look at. Each looks at one thing and knows none of the others."""

from typing import Final

from reeld.domain.decision._rule import Rule
from reeld.domain.decision.rules import (
    _disk,
    _indexer,
    _library,
    _movie,
    _profile,
    _queue,
    _release,
    _torrent,
)

RULES: Final[tuple[Rule, ...]] = (
    *_movie.RULES,
    *_profile.RULES,
    *_release.RULES,
    *_library.RULES,
    *_queue.RULES,
    *_indexer.RULES,
    *_torrent.RULES,
    *_disk.RULES,
)
"""Every rule, in the order in which its reasons are listed."""

__all__ = ["RULES"]
