"""A movie, its context and an offer, from which the tests of the rules start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from reeld.domain.decision import Candidate, Context, Reason, Ruling, judge
from reeld.domain.matching import Match, MatchedBy
from reeld.domain.parsing import parse_release_name
from reeld.domain.profile import default_profiles

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TITLE = "Sintel.2010.1080p.WEB-DL.H.264-OPEN"


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def context(make_movie) -> Context:
    return Context(make_movie(), default_profiles()["HD-1080p"], NOW)


@pytest.fixture
def offer(make_release) -> Callable[..., Candidate]:
    """A candidate: a release that differs in what is given, parsed, and matched to movie 1."""

    def make(title: str = TITLE, *, score: int = 0, reputation: int = 0, **changes) -> Candidate:
        release = make_release(title=title, **changes)
        match = Match(1, MatchedBy.TITLE)
        return Candidate(release, parse_release_name(title), match, (), score, reputation)

    return make


@pytest.fixture
def reasons() -> Callable[[Candidate, Context], list[Reason]]:
    """Every reason against a candidate."""
    return lambda candidate, context: [r.reason for r in judge(candidate, context).rejections]


@pytest.fixture
def ruling() -> Callable[[str, Candidate, Context], Ruling]:
    """What the rule of a name says."""

    def find(name: str, candidate: Candidate, context: Context) -> Ruling:
        (found,) = (r for r in judge(candidate, context).rulings if r.rule == name)
        return found

    return find
