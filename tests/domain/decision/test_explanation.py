from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reeld.domain.custom_format import FormatMatch
from reeld.domain.decision import (
    RULES,
    Cause,
    ExplainedRelease,
    Explanation,
    InvalidExplanation,
    Lost,
    Outcome,
    Reason,
    Ruling,
    ScorePart,
    decide,
    explain,
)
from reeld.domain.matching import Mismatch, NoMatch
from reeld.domain.release_profile import PreferredTerm, ReleaseProfile

BLURAY = "Sintel.2010.1080p.BluRay.x264-OPEN"


@pytest.fixture
def explained(offer, context) -> Explanation:
    offers = [
        offer(id=1),
        offer(BLURAY, id=2),
        offer("Sintel.2010.720p.WEB-DL-OPEN", id=3, seeders=0),
        offer("Sintel.2010.1080p.WEB-DL-OTHER", id=4, seeders=9000),
    ]
    return explain(decide(offers, context), context)


def test_the_taken_release_comes_first_and_the_rejected_ones_last(explained) -> None:
    assert (explained.movie_id, explained.movie_title, explained.taken) == (1, "Sintel", 2)
    assert [(each.release_id, each.rank) for each in explained.releases] == [
        (2, 1),
        (4, 2),
        (1, 3),
        (3, None),
    ]


def test_each_release_says_to_which_one_it_lost_and_by_what(explained) -> None:
    taken, second, third, rejected = explained.releases
    assert taken.lost is None
    assert rejected.lost is None
    assert second.lost == Lost(
        2,
        BLURAY,
        "quality",
        "WEBDL-1080p",
        "Bluray-1080p",
        f"{BLURAY} is preferred by quality: Bluray-1080p, here WEBDL-1080p.",
    )
    assert third.lost is not None
    assert third.lost.criterion == "quality"


def test_each_release_tells_what_every_rule_said(explained) -> None:
    names = [rule.name for rule in RULES]
    for each in explained.releases:
        assert sorted(ruling.rule for ruling in each.rulings) == sorted([*names, "duplicate"])
    rejected = {r.reason for r in explained.releases[3].rulings if r.is_rejected}
    assert rejected == {Reason.QUALITY_NOT_WANTED, Reason.TOO_FEW_SEEDERS}


def test_each_release_tells_what_was_understood_and_by_what_it_was_matched(offer, context) -> None:
    stranger = replace(offer(id=9), match=NoMatch(Mismatch.WRONG_YEAR, "It is of 1999."))
    known, unknown = explain(decide([offer(), stranger], context), context).releases
    assert known.understood["quality"] == "WEBDL-1080p"
    assert not {"name", "editions", "imdb_id"} & known.understood.keys()
    assert (known.matched, unknown.matched) == ("title", "It is of 1999.")


def test_the_parts_of_a_score_are_named(offer, context) -> None:
    formats = (FormatMatch(1, "HDR"), FormatMatch(2, "Nothing special"))
    candidate = replace(offer(), formats=formats, format_score=30, reputation=4)
    scored = replace(
        context,
        profile=replace(context.profile, format_scores={1: 30}),
        restrictions=[ReleaseProfile(preferred=(PreferredTerm("web-dl", -3),))],
    )
    (only,) = explain(decide([candidate], scored), scored).releases
    assert only.score == 31
    assert only.score_parts == (
        ScorePart("format", "HDR", 30),
        ScorePart("format", "Nothing special", 0),
        ScorePart("term", "web-dl", -3),
        ScorePart("reputation", "OPEN", 4),
    )
    assert sum(part.points for part in only.score_parts) == only.score


def test_an_explanation_survives_being_stored(explained) -> None:
    stored = json.loads(json.dumps(explained.to_json()))
    assert Explanation.from_json(stored) == explained
    assert stored["decided_at"] == "2026-03-01T12:00:00Z"
    assert stored["releases"][3]["rulings"][3] == {
        "rule": "quality_allowed",
        "outcome": "rejected",
        "reason": "quality_not_wanted",
        "permanent": True,
        "sentence": "WEBDL-720p is not wanted in the profile HD-1080p.",
        "values": {"quality": "WEBDL-720p", "profile": "HD-1080p"},
    }


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ([], "object"),
        ({"movie_id": "x"}, "movie_id"),
        ({}, "movie_id"),
        ({"releases": [{"rulings": [{"rule": "x", "outcome": "maybe"}]}]}, "outcome"),
    ],
)
def test_a_document_of_another_shape_is_refused_by_its_field(document: Any, field: str) -> None:
    whole = {
        "movie_title": "",
        "profile": "Any",
        "cause": "rss",
        "decided_at": "2026-03-01T12:00:00Z",
        "taken": None,
        "releases": [],
    }
    if document and isinstance(document, Mapping):
        document = {**whole, "movie_id": 1, **document}
    if isinstance(document, dict) and document.get("releases"):
        base = ExplainedRelease(1, "", "", None, None, {}, "", False, False, ())
        release = {name: getattr(base, name) for name in base.__struct_fields__}
        document["releases"] = [{**release, **document["releases"][0]}]
    with pytest.raises(InvalidExplanation) as error:
        Explanation.from_json(document)
    assert field in error.value.sentence


JSONS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
VALUES = st.dictionaries(st.text(), JSONS, max_size=3)
RULINGS = st.builds(
    Ruling,
    st.text(),
    st.sampled_from(Outcome),
    st.none() | st.sampled_from(Reason),
    st.booleans(),
    st.text(),
    VALUES,
)
PARTS = st.builds(ScorePart, st.text(), st.text(), st.integers(-(2**53), 2**53))
NUMBERS = st.integers(0, 2**53)
LOST = st.builds(Lost, NUMBERS, *[st.text()] * 5)
RELEASES = st.builds(
    ExplainedRelease,
    NUMBERS,
    st.text(),
    st.text(),
    st.none() | NUMBERS,
    st.none() | NUMBERS,
    VALUES,
    st.text(),
    st.booleans(),
    st.booleans(),
    st.lists(RULINGS, max_size=3).map(tuple),
    st.integers(-(2**53), 2**53),
    st.lists(PARTS, max_size=2).map(tuple),
    st.none() | NUMBERS,
    st.none() | LOST,
)
EXPLANATIONS = st.builds(
    Explanation,
    NUMBERS,
    st.text(),
    st.text(),
    st.sampled_from(Cause),
    st.datetimes(timezones=st.just(UTC)),
    st.none() | NUMBERS,
    st.lists(RELEASES, max_size=3).map(tuple),
)


@given(EXPLANATIONS)
def test_any_explanation_is_read_as_it_was_written(explanation: Explanation) -> None:
    assert Explanation.from_json(json.loads(json.dumps(explanation.to_json()))) == explanation
