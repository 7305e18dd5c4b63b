"""Rules about the movie: is it this one, and is it wanted now?"""

from __future__ import annotations

from typing import Final

from reeld.domain.availability import ALWAYS
from reeld.domain.decision._case import Candidate, Context
from reeld.domain.decision._reason import Reason
from reeld.domain.decision._rule import Rule, rule
from reeld.domain.decision._ruling import Finding, not_asked, passed, rejected
from reeld.domain.matching import NoMatch


@rule(
    Reason.UNPARSEABLE,
    Reason.EPISODE,
    Reason.MOVIE_UNKNOWN,
    Reason.MOVIE_AMBIGUOUS,
    Reason.WRONG_MOVIE,
    Reason.YEAR_MISSING,
    Reason.WRONG_YEAR,
    radarr="Search/MovieSpecification",
    differs="Radarr asks this of searches alone, and drops other releases without a word.",
)
def movie_match(candidate: Candidate, context: Context) -> Finding:
    """The release must have been matched to the movie, by its ids or by title and year."""
    match = candidate.match
    if isinstance(match, NoMatch):
        return rejected(Reason(match.reason.value), match.sentence, near=list(match.near))
    if match.movie_id != context.movie.id:
        sentence = f"It is another movie than {context.movie.title}."
        return rejected(Reason.WRONG_MOVIE, sentence, movie_id=match.movie_id)
    return passed(f"It is {context.movie.title}.", matched_by=match.by.value)


@rule(
    Reason.NOT_MONITORED,
    radarr="RssSync/MonitoredMovieSpecification",
    differs="Temporary, since a person may want the movie again.",
)
def monitored(_: Candidate, context: Context) -> Finding:
    """Nothing is grabbed for a movie that is not monitored, unless a person asks for it."""
    if context.movie.monitored:
        return passed(monitored=True)
    if context.is_asked_for:
        return passed("It is not monitored, but a person asked for it.", monitored=False)
    sentence = f"{context.movie.title} is not monitored."
    return rejected(Reason.NOT_MONITORED, sentence, monitored=False)


@rule(
    Reason.NOT_AVAILABLE,
    radarr="RssSync/AvailabilitySpecification",
    differs=(
        "Temporary, since the day comes. A movie that TMDB calls released is available although TMDB has no date of it:"
        " Radarr waits for ever."
    ),
)
def availability(_: Candidate, context: Context) -> Finding:
    """Nothing is grabbed before the movie is as far out as its minimum availability says, unless a person asks.

    `decision.availability_delay_days` moves the day; without any date there is nothing to move.
    """
    if context.is_asked_for:
        return not_asked("A person asked for the movie.")
    if context.availability is None:
        return not_asked("TMDB has not told yet when the movie comes out.")
    minimum = context.availability.minimum.value
    since = context.availability.since(context.settings.availability_delay_days)
    if since is None:
        sentence = "Nobody knows yet when the movie can be had in good quality."
        return rejected(Reason.NOT_AVAILABLE, sentence, minimum=minimum, since=None)
    told = None if since == ALWAYS else since.date().isoformat()
    if since <= context.now:
        return passed(minimum=minimum, since=told)
    return rejected(
        Reason.NOT_AVAILABLE, f"The movie can be had from {told} on.", minimum=minimum, since=told
    )


RULES: Final[tuple[Rule, ...]] = (movie_match, monitored, availability)
