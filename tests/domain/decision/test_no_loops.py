"""Whatever is offered and edited, a movie is grabbed once for each strict improvement: no loop can arise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from reeld.domain.custom_format import CustomFormat, FormatMatch, Subject, formats_of, from_radarr
from reeld.domain.decision import (
    Acquiring,
    Candidate,
    Cause,
    Context,
    Decision,
    OwnedFile,
    decide,
    merit,
    merit_of,
)
from reeld.domain.matching import Match, MatchedBy
from reeld.domain.movie import Movie, Stage
from reeld.domain.parsing import parse_release_name
from reeld.domain.profile import QualityProfile, default_profiles
from reeld.domain.quality import Quality, Revision
from reeld.domain.release import IndexerFlag, Release, Source
from reeld.domain.release_profile import PreferredTerm, ReleaseProfile
from reeld.domain.settings import DecisionSettings, PropersPolicy

NOW: Final = datetime(2026, 5, 1, tzinfo=UTC)
# Few words and few qualities: equals must meet, since it is equals that replace each other in turns.
WORDS: Final = ("DTS", "HDR", "REMUX")
MOVIE: Final = Movie(
    1,
    45745,
    "Sintel",
    2010,
    "tt1727587",
    None,
    None,
    110,
    (),
    True,
    None,
    "P",
    Stage.WANTED,
    0.0,
    "",
    NOW,
)
_SOURCES: Final = ("WEB-DL", "WEBRip")
_LINES: Final = ("1080p", "1080p", "2160p")
_MENDED: Final = ("", "", "", "PROPER.", "REPACK.", "REAL.PROPER.")
_GROUPS: Final = ("OPEN", "GRP")


def a_format(number: int, expression: str, *, negate: bool = False) -> CustomFormat:
    document = {
        "name": f"{expression} {number}",
        "specifications": [
            {
                "name": "it",
                "implementation": "ReleaseTitleSpecification",
                "negate": negate,
                "required": True,
                "fields": {"value": expression},
            }
        ],
    }
    return replace(from_radarr(document), id=number)


@st.composite
def names(draw: st.DrawFn) -> str:
    words = draw(st.lists(st.sampled_from(WORDS), unique=True, max_size=2))
    parts = [
        f"Sintel.2010.{draw(st.sampled_from(_MENDED))}{draw(st.sampled_from(_LINES))}",
        draw(st.sampled_from(_SOURCES)),
        *words,
    ]
    return f"{'.'.join(parts)}-{draw(st.sampled_from(_GROUPS))}"


@dataclass(frozen=True)
class Kept:
    """What the library has: what was stored when it was grabbed, whatever the file is called."""

    title: str
    quality: Quality
    revision: Revision
    group: str | None
    infohash: str
    formats: tuple[FormatMatch, ...]
    grabbed_with: int
    added_at: datetime


class Movies(RuleBasedStateMachine):
    """One movie, with the real rules and formats; rows are what survives a restart."""

    def __init__(self) -> None:
        super().__init__()
        self.formats: list[CustomFormat] = [a_format(1, "DTS"), a_format(2, "HDR")]
        self.profile: QualityProfile = replace(
            default_profiles(upgrades_allowed=True)["Any"],
            cutoff=Quality.REMUX_2160P,
            cutoff_format_score=1000,
            format_scores={1: 50, 2: 20},
        )
        self.terms: tuple[PreferredTerm, ...] = ()
        self.term_indexer: str | None = None
        self.settings = DecisionSettings(upgrades_allowed=True)
        self.offers: dict[int, Release] = {}
        self.offered = 0
        self.owned: Kept | None = None
        self.grabbed: Kept | None = None
        self.reputation = 0
        self.now = NOW
        self.grabs = 0
        self.improvements = 0

    # What the world does

    @rule(
        found=st.lists(names(), min_size=2, max_size=8),
        seeders=st.integers(1, 9),
        indexer=st.sampled_from(("hdbits", "feed")),
        twin=st.integers(0, 5),
        cause=st.sampled_from(list(Cause)),
        arrives=st.booleans(),
    )
    def offer(
        self, found: list[str], seeders: int, indexer: str, twin: int, cause: Cause, arrives: bool
    ) -> None:
        """Releases come and are decided about; a twin is another offer of a torrent that was offered before."""
        for name in found:
            number = self.offered = self.offered + 1
            others = list(self.offers.values())
            infohash = others[-1].infohash if twin == 0 and others else f"{number:040x}"
            self.offers[number] = Release(
                source=Source.RSS,
                indexer=indexer,
                guid=str(number),
                title=f"{name}{number % 5}",
                size=2_000_000_000,
                seeders=seeders,
                infohash=infohash,
                flags=IndexerFlag(number % 2),
                id=number,
                first_seen_at=self.now - timedelta(minutes=number),
            )
        self.decide(cause)
        if self.grabbed is not None and arrives:
            self.import_it()
            self.decide(cause)

    @rule(number=st.integers(1, 4), word=st.sampled_from(WORDS), negate=st.booleans())
    def edit_format(self, number: int, word: str, negate: bool) -> None:
        kept = [each for each in self.formats if each.id != number]
        self.formats = [*kept, a_format(number, word, negate=negate)]

    @rule(number=st.integers(1, 4), score=st.integers(-200, 200))
    def edit_score(self, number: int, score: int) -> None:
        scores = {**self.profile.format_scores, number: score}
        self.profile = replace(self.profile, format_scores=scores)

    @rule(
        cutoff=st.sampled_from([Quality.WEBDL_720P, Quality.BLURAY_1080P, Quality.REMUX_2160P]),
        cutoff_score=st.integers(-50, 300),
        least_gain=st.integers(1, 60),
        upgrades=st.sampled_from((True, True, True, False)),
    )
    def edit_profile(
        self, cutoff: Quality, cutoff_score: int, least_gain: int, upgrades: bool
    ) -> None:
        self.profile = replace(
            self.profile,
            cutoff=cutoff,
            cutoff_format_score=cutoff_score,
            min_upgrade_format_score=least_gain,
            upgrades_allowed=upgrades,
        )

    @rule(
        policy=st.sampled_from(list(PropersPolicy)),
        word=st.sampled_from(WORDS),
        points=st.integers(-100, 100),
        indexer=st.sampled_from((None, "hdbits")),
        reputation=st.integers(0, 500),
    )
    def edit_the_rest(
        self,
        policy: PropersPolicy,
        word: str,
        points: int,
        indexer: str | None,
        reputation: int,
    ) -> None:
        self.settings = replace(self.settings, propers=policy)
        self.terms, self.term_indexer = (PreferredTerm(word, points),), indexer
        self.reputation = reputation

    @rule(hours=st.integers(1, 300))
    def let_time_pass(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    # What reeld does

    @rule(cause=st.sampled_from(list(Cause)))
    def decide(self, cause: Cause) -> None:
        context = self._context(cause)
        decision = self._decision(context)
        if decision.best is None:
            return
        assert self.grabbed is None, "two releases of a movie are on their way"
        self._grab(decision.best, context)

    @precondition(lambda self: self.grabbed is not None)
    @rule()
    def import_it(self) -> None:
        """The file may be called whatever it likes: the stored formats go with it."""
        assert self.grabbed is not None
        self.owned = replace(self.grabbed, added_at=self.now)
        self.grabbed = None

    @precondition(lambda self: self.grabbed is not None)
    @rule()
    def fail(self) -> None:
        """A release that failed is not offered any more."""
        assert self.grabbed is not None
        gone = self.grabbed.infohash
        self.offers = {n: each for n, each in self.offers.items() if each.infohash != gone}
        self.grabbed = None

    @rule(cause=st.sampled_from(list(Cause)))
    def decide_again_after_a_restart(self, cause: Cause) -> None:
        """With the same offers and nothing edited, a second look takes nothing."""
        self.decide(cause)
        if self.grabbed is not None:
            self.import_it()
        context = self._context(cause)
        first = self._decision(context)
        if first.best is not None:
            # It improves on what was just imported: then it is worth more, and the look after it finds less.
            self._grab(first.best, context)
            self.import_it()
        seen = set()
        while (again := self._decision(self._context(cause))).best is not None:
            assert again.best.release.id not in seen, "the same release again"
            seen.add(again.best.release.id)
            self._grab(again.best, self._context(cause))
            self.import_it()
        assert self._decision(self._context(cause)).best is None

    @invariant()
    def every_grab_but_the_first_is_a_strict_improvement(self) -> None:
        assert self.grabs <= self.improvements

    # In between

    def _decision(self, context: Context) -> Decision:
        return decide([self._candidate(each) for each in self.offers.values()], context)

    def _candidate(self, release: Release) -> Candidate:
        parsed = parse_release_name(release.title)
        subject = Subject(release.title, parsed, release.size, release.flags)
        matches = formats_of(subject, self.formats)
        return Candidate(
            release,
            parsed,
            Match(1, MatchedBy.TITLE),
            formats=matches,
            format_score=self.profile.score(matches),
            reputation=self.reputation if (parsed.group or "").startswith("OPEN") else 0,
        )

    def _context(self, cause: Cause) -> Context:
        terms = ReleaseProfile(id=1, preferred=self.terms, indexer=self.term_indexer)
        return Context(
            movie=MOVIE,
            profile=self.profile,
            now=self.now,
            settings=self.settings,
            owned=None if self.owned is None else self._file(self.owned),
            acquiring=None if self.grabbed is None else self._on_its_way(self.grabbed),
            cause=cause,
            restrictions=(terms,),
        )

    def _file(self, kept: Kept) -> OwnedFile:
        return OwnedFile(
            quality=kept.quality,
            revision=kept.revision,
            infohash=kept.infohash,
            release_title=kept.title,
            group=kept.group,
            formats=kept.formats,
            format_score=self.profile.score(kept.formats),
            added_at=kept.added_at,
        )

    def _on_its_way(self, kept: Kept) -> Acquiring:
        return Acquiring(
            kept.title, kept.quality, kept.revision, self.profile.score(kept.formats), "sent"
        )

    def _grab(self, best: Candidate, context: Context) -> None:
        release = best.release
        self.grabs += 1
        self.improvements += self._improves(best, context)
        assert release.infohash is not None
        self.grabbed = Kept(
            title=release.title,
            quality=best.parsed.quality,
            revision=best.parsed.revision,
            group=best.parsed.group,
            infohash=release.infohash,
            formats=best.formats,
            grabbed_with=merit_of(best, context),
            added_at=self.now,
        )
        # What it is worth in the library, by what is stored, is what it was worth when it was grabbed.
        assert merit(release.title, self.profile.score(best.formats), context) == (
            self.grabbed.grabbed_with
        )

    def _improves(self, best: Candidate, context: Context) -> bool:
        """Whether it is worth more than the file, under the profile of now: told apart from the rules by hand."""
        if self.owned is None:
            return True
        rank, prefers = self.profile.rank, self.settings.propers is not PropersPolicy.DO_NOT_PREFER
        mended, there = best.parsed.revision, self.owned.revision
        mine = (rank(best.parsed.quality), merit_of(best, context))
        theirs = (
            rank(self.owned.quality),
            merit(self.owned.title, self.profile.score(self.owned.formats), context),
        )
        if mine[0] != theirs[0]:
            return mine[0] > theirs[0]
        if prefers and mended != there:
            return mended > there
        return mine[1] > theirs[1]


Movies.TestCase.settings = settings(max_examples=80, stateful_step_count=12, deadline=None)
TestNoLoops = Movies.TestCase
