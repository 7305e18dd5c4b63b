"""Rules about what is on its way, what was grabbed lately, and what had better wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from reeld.domain.decision._case import Acquiring, Candidate, Context
from reeld.domain.decision._comparison import Worth, mends, objection
from reeld.domain.decision._reason import Reason
from reeld.domain.decision._rule import Rule, rule
from reeld.domain.decision._ruling import Finding, not_asked, passed, rejected
from reeld.domain.decision._score import merit, merit_of
from reeld.domain.decision._units import span_text
from reeld.domain.decision.rules._library import compared, told, worth_of, worth_of_file
from reeld.domain.delay import Protocol

LATELY: Final = timedelta(hours=12)
"""How long a grab speaks against others (Radarr's `HistorySpecification`)."""


@rule(
    Reason.ALREADY_ACQUIRING,
    radarr="QueueSpecification",
    differs=(
        "One release of a movie is fetched at a time: one that is better than what is on its way waits until that is in"
        " the library or failed. Temporary, since a download may fail."
    ),
)
def queue(candidate: Candidate, context: Context) -> Finding:
    """A release is compared with what is on its way, as it would be with a file in the library."""
    acquiring = context.acquiring
    if acquiring is None:
        return not_asked("Nothing is on its way for the movie.")
    mine, theirs = worth_of(candidate, context), worth_of_grab(acquiring, context)
    reason = objection(mine, theirs, context.profile, context.settings.propers)
    state = f" ({acquiring.state})" if acquiring.state else ""
    what = f"{acquiring.release_title} is on its way{state}"
    if reason is None:
        sentence = f"{what}; this one is better and is judged again after it."
        return rejected(Reason.ALREADY_ACQUIRING, sentence, because=None, **compared(mine, theirs))
    sentence = f"{what}: {told(theirs)}, on which this is no improvement."
    return rejected(
        Reason.ALREADY_ACQUIRING, sentence, because=reason.value, **compared(mine, theirs)
    )


def worth_of_grab(grab: Acquiring, context: Context) -> Worth:
    """Return what upgrades are decided by of something that was grabbed."""
    score = merit(grab.release_title, grab.format_score, context)
    return Worth(grab.quality, grab.revision, score)


@rule(
    Reason.GRABBED_LATELY,
    radarr="RssSync/HistorySpecification",
    differs="Temporary, since the twelve hours pass. A grab that failed does not count.",
)
def history(candidate: Candidate, context: Context) -> Finding:
    """What a feed brings must improve on what was grabbed for the movie within twelve hours."""
    if not context.is_from_feed:
        return not_asked("It was searched for.")
    lately = [
        each
        for each in context.history
        if each.grabbed_at is not None and context.now - each.grabbed_at < LATELY
    ]
    if not lately:
        return not_asked("Nothing was grabbed for the movie within twelve hours.")
    mine = worth_of(candidate, context)
    for grab in lately:
        theirs = worth_of_grab(grab, context)
        reason = objection(mine, theirs, context.profile, context.settings.propers)
        if reason is not None:
            sentence = f"{grab.release_title} was grabbed lately: {told(theirs)}, on which this is no improvement."
            return rejected(
                Reason.GRABBED_LATELY, sentence, because=reason.value, **compared(mine, theirs)
            )
    return passed(grabbed=len(lately))


@rule(
    Reason.DELAYED,
    radarr="RssSync/DelaySpecification",
    differs="A release whose indexer's clock runs ahead is counted from when reeld saw it first.",
)
def delay(candidate: Candidate, context: Context) -> Finding:
    """A release waits for a better one as long as the movie's delay profile says.

    Not when a person asks, nor when a release of the movie has waited that long already. Of the preferred protocol, these
    do not wait: a proper or repack of the library's file, a release of the best quality that the profile allows, and one
    whose score reaches the profile's.
    """
    wait = context.delay.delay(Protocol.TORRENT)
    if context.is_asked_for:
        return not_asked("A person asked for the movie.")
    if not wait:
        return not_asked("The movie's delay profile has no delay.")
    minutes = int(wait.total_seconds() // 60)
    bypass = _bypass(candidate, context)
    if bypass is not None:
        return passed(f"It need not wait: {bypass}.", minutes=minutes, bypass=bypass)
    since = min(offered_at(candidate, context), context.waiting_since or context.now)
    due = since + wait
    if due <= context.now:
        return passed("It has waited long enough.", minutes=minutes, due_at=due.isoformat())
    left = span_text(due - context.now)
    sentence = f"A better one may come: it waits {span_text(wait)}, {left} more."
    return rejected(Reason.DELAYED, sentence, minutes=minutes, due_at=due.isoformat())


def offered_at(candidate: Candidate, context: Context) -> datetime:
    """Return since when a release is offered: as its indexer says, but not later than reeld saw it."""
    seen = candidate.release.first_seen_at or context.now
    return min(candidate.release.published_at or seen, seen)


def _bypass(candidate: Candidate, context: Context) -> str | None:
    profile, chosen = context.profile, context.delay
    if chosen.preferred_protocol is not Protocol.TORRENT:
        return None
    owned = context.owned
    if owned and mends(worth_of(candidate, context), worth_of_file(owned, context)):
        return "it mends the library's file"
    best = max(place for place, item in enumerate(profile.items) if item.allowed)
    if chosen.bypass_if_highest_quality and profile.rank(candidate.parsed.quality) >= best:
        return "nothing of better quality is wanted"
    enough = chosen.bypass_from_format_score
    if enough is not None and merit_of(candidate, context) >= enough:
        return f"its score reaches {enough}"
    return None


@rule(Reason.CLIENT_AWAY)
def client_available(_: Candidate, context: Context) -> Finding:
    """The download client must be there, so that what is chosen is chosen when it can be fetched.

    Radarr asks this when it grabs, and lets the release wait too.
    """
    if not context.client_away:
        return passed()
    return rejected(Reason.CLIENT_AWAY, "The download client cannot be reached at present.")


RULES: Final[tuple[Rule, ...]] = (queue, history, delay, client_available)
