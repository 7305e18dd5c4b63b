"""Which movie a release belongs to."""

from reeld.domain.matching._index import TitleIndex
from reeld.domain.matching._named import Match, MatchedBy, Mismatch, Named, NoMatch
from reeld.domain.matching._titles import title_key, title_words

__all__ = [
    "Match",
    "MatchedBy",
    "Mismatch",
    "Named",
    "NoMatch",
    "TitleIndex",
    "title_key",
    "title_words",
]
