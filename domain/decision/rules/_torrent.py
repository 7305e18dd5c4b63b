"""Rules about the torrent behind an offer."""

from __future__ import annotations

from typing import Final

from reeld.domain.decision._case import Candidate, Context
from reeld.domain.decision._reason import Reason
from reeld.domain.decision._rule import Rule, rule
from reeld.domain.decision._ruling import Finding, not_asked, passed, rejected


@rule(Reason.TORRENT_TAKEN)
def torrent_free(candidate: Candidate, context: Context) -> Finding:
    """A torrent belongs to one movie: what was fetched for another one is not this movie, whatever it is called.

    Where the indexer does not tell the infohash, it is found out when the .torrent has been fetched.
    """
    infohash = candidate.release.infohash
    if infohash is None:
        return not_asked("Its infohash is not known.")
    movie = context.torrents_of_others.get(infohash)
    if movie is None:
        return passed()
    sentence = f"Its torrent was fetched for {movie}: it cannot be both movies."
    return rejected(Reason.TORRENT_TAKEN, sentence, infohash=infohash, movie=movie)


RULES: Final[tuple[Rule, ...]] = (torrent_free,)
