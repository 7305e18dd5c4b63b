"""From what is offered and what surrounds it to a decision with its explanation: arithmetic, in a worker thread."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

import msgspec

from reeld.actors.decision._matching import read_name
from reeld.actors.decision._surroundings import Surroundings
from reeld.domain.custom_format import CustomFormat, FormatMatch, Judgement, Subject, judge_formats
from reeld.domain.decision import (
    Acquiring,
    Candidate,
    Context,
    Decision,
    Explanation,
    OwnedFile,
    decide,
    explain,
)
from reeld.domain.language import Language
from reeld.domain.library import MovieFile
from reeld.domain.release import Release
from reeld.storage.repositories.grabs import Grab
from reeld.storage.repositories.pending import PendingReason

REMEMBERED: Final = 8192
"""Releases whose formats are remembered: they are the same at every poll, until somebody edits a format."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision and what it was made of.

    Attributes:
        document: The explanation as JSON.
        digest: Equal for two decisions with the same end: the same release taken, and of each the same reasons and score.
        timed_out: Formats whose expressions took too long, and were taken not to match.
        file_formats: Those of the library's file, when nobody had looked for them before.
    """

    decision: Decision
    explanation: Explanation
    document: bytes
    digest: bytes
    timed_out: int
    file_formats: tuple[FormatMatch, ...] | None


class FormatMemory:
    """Finds the formats of a release once. For one thread at a time."""

    def __init__(self) -> None:
        self._formats: tuple[CustomFormat, ...] = ()
        self._known: OrderedDict[Subject, Judgement] = OrderedDict()

    def judge(self, subject: Subject, formats: tuple[CustomFormat, ...]) -> Judgement:
        """Return which formats a release has."""
        if formats != self._formats:
            self._formats = formats
            self._known.clear()
        if subject in self._known:
            self._known.move_to_end(subject)
            return self._known[subject]
        found = self._known[subject] = judge_formats(subject, formats)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found


def judge(
    candidates: Iterable[Candidate],
    around: Surroundings,
    memory: FormatMemory,
    reputations: Mapping[str, int],
) -> Judged:
    """Find the formats of each offer, judge them all, and say why.

    Args:
        candidates: The offers, read and matched.
        around: What surrounds the decision.
        memory: Of formats.
        reputations: Points of release groups, by their names.
    """
    known = [_with_formats(each, around, memory) for each in candidates]
    timed_out = sum(len(judgement.timed_out) for _, judgement in known)
    found = [
        replace(each, reputation=reputations.get(each.parsed.group or "", 0)) for each, _ in known
    ]
    file_formats = _formats_of_file(around, memory)
    context = context_of(around, found, file_formats)
    decision = decide(found, context)
    explanation = explain(decision, context)
    return Judged(
        decision,
        explanation,
        document=msgspec.json.encode(explanation),
        digest=_digest(decision),
        timed_out=timed_out,
        file_formats=file_formats,
    )


def subject_of(title: str, release: Release | None, around: Surroundings) -> Subject:
    """Return a release as formats see it.

    Args:
        title: Its name.
        release: None for a file of which only the name is known.
        around: Knows the movie.
    """
    about = Subject(
        title=title,
        parsed=read_name(title),
        original_language=_language(around),
        year=around.movie.year,
    )
    return about if release is None else replace(about, size=release.size, flags=release.flags)


def name_of_file(file: MovieFile) -> str:
    """Return the name of the release that a file is, as far as anybody knows: of a file that a person put there, its own."""
    return file.release_title or PurePosixPath(file.relative_path).stem


def context_of(
    around: Surroundings,
    candidates: Sequence[Candidate],
    file_formats: tuple[FormatMatch, ...] | None = None,
) -> Context:
    """Return what the rules look at."""
    acquiring = around.acquiring
    lately = [each for each in around.grabs if each is not acquiring]
    return Context(
        movie=around.movie,
        profile=around.profile,
        now=around.now,
        settings=around.settings.decision,
        owned=_owned(around, file_formats),
        acquiring=None if acquiring is None else _grabbed(acquiring, around),
        blocked=around.blocked,
        searched_by_person=around.asked_for,
        cause=around.cause,
        limits=around.limits,
        indexers=around.indexers,
        delay=around.delay,
        restrictions=around.restrictions,
        free_bytes=around.free_bytes,
        history=tuple(_grabbed(each, around) for each in lately),
        group_rules=around.group_rules,
        indexers_away=around.indexers_away,
        client_away=around.client_away,
        availability=around.facts.availability,
        original_language=_language(around),
        tags=around.facts.tags,
        torrents_of_others=around.torrents_of_others,
        waiting_since=_waiting_since(around, candidates),
    )


def _with_formats(
    candidate: Candidate, around: Surroundings, memory: FormatMemory
) -> tuple[Candidate, Judgement]:
    subject = subject_of(candidate.release.title, candidate.release, around)
    judgement = memory.judge(replace(subject, parsed=candidate.parsed), around.formats)
    score = around.profile.score(judgement.matches)
    return replace(candidate, formats=judgement.matches, format_score=score), judgement


def _formats_of_file(around: Surroundings, memory: FormatMemory) -> tuple[FormatMatch, ...] | None:
    """Return the formats of a file that nobody looked for: it was there before formats were, or a person put it there."""
    file = around.owned
    if file is None or file.formats is not None:
        return None
    subject = replace(subject_of(name_of_file(file), None, around), size=file.size)
    return memory.judge(subject, around.formats).matches


def _owned(around: Surroundings, file_formats: tuple[FormatMatch, ...] | None) -> OwnedFile | None:
    file = around.owned
    if file is None:
        return None
    formats = file.formats if file.formats is not None else file_formats or ()
    return OwnedFile(
        quality=file.quality,
        revision=file.revision,
        infohash=file.infohash,
        release_title=file.release_title,
        group=file.release_group,
        formats=formats,
        format_score=around.profile.score(formats),
        added_at=file.added_at,
        size=file.size,
    )


def _grabbed(grab: Grab, around: Surroundings) -> Acquiring:
    parsed = read_name(grab.title)
    return Acquiring(
        release_title=grab.title,
        quality=parsed.quality,
        revision=parsed.revision,
        format_score=around.profile.score(grab.formats),
        state=str(grab.state),
        grabbed_at=grab.at,
    )


def _language(around: Surroundings) -> Language | None:
    code = around.facts.original_language
    return None if code is None else Language.by_code(code)


def _waiting_since(around: Surroundings, candidates: Sequence[Candidate]) -> datetime | None:
    """Return when the oldest release that waits was offered: a better one that came later does not begin anew."""
    waiting = {each.release_id for each in around.waiting if each.reason is PendingReason.DELAY}
    offered = (_offered_at(each.release) for each in candidates if each.release.id in waiting)
    return min((at for at in offered if at is not None), default=None)


def _offered_at(release: Release) -> datetime | None:
    """Return since when a release is offered: as its indexer says, but not later than reeld saw it."""
    times = [at for at in (release.published_at, release.first_seen_at) if at is not None]
    return min(times, default=None)


def _digest(decision: Decision) -> bytes:
    taken = decision.best.release.id if decision.best else None
    scores = {each.release.id: each.score for each in decision.candidates}
    ends = sorted(
        (
            verdict.release_id,
            scores[verdict.release_id],
            sorted(str(each.reason) for each in verdict.rejections),
        )
        for verdict in decision.verdicts
    )
    return hashlib.sha256(msgspec.json.encode((taken, ends))).digest()
