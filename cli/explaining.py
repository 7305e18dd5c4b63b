"""Explanations of decisions as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rich.text import Text

from reeld.cli.client import Daemon
from reeld.cli.output import bytes_of, print_json, printable, say, show, table, time_of
from reeld.domain.errors import NotFound

_CAUSES: Final = {
    "rss": "after offers came by themselves",
    "search": "after a search",
    "person": "for a person",
}
_OUTCOMES: Final = {
    "passed": Text("ok", "green"),
    "rejected": Text("no", "red"),
    "not_asked": Text("-", "dim"),
}


def show_decision_on(
    name: str,
    movie: str | None,
    profile: str | None,
    size: int | None,
    seeders: int | None,
    indexer: str,
    *,
    as_json: bool,
) -> int:
    """Say what would be decided about a name."""
    body: dict[str, object] = {"name": name, "profile": profile, "size": size, "seeders": seeders}
    if movie is not None:
        body |= {"movie_id": int(movie)} if movie.isdecimal() else {"movie": movie}
    given = {key: value for key, value in body.items() if value is not None}
    explanation = Daemon().post("/api/decide", {**given, "indexer": indexer})
    if as_json:
        print_json(explanation)
        return 0
    (release,) = explanation["releases"]
    where = "" if explanation["movie_id"] else ", as if it were wanted"
    say(f"{release['title']}")
    say(f"for {explanation['movie_title']}{where}, by the profile {explanation['profile']}:")
    show(Text.assemble("  ", verdict_of(release)))
    say("")
    show(table(("Understood", ""), understood(release["understood"])))
    say("")
    show(table(("Rule", "", "Why"), rulings(release, every=True)))
    if release.get("score_parts"):
        say("")
        show(table((f"Score {release['score']}", "Points"), parts(release)))
    return 0


def show_why(movie_id: int, *, every: bool, as_json: bool) -> int:
    """Show the last decision about a movie."""
    page = Daemon().get(f"/api/movies/{movie_id}/decisions", limit=1)
    if not page["decisions"]:
        raise NotFound(f"Nothing was decided about movie {movie_id} yet: no release was found.")
    (decision,) = page["decisions"]
    if as_json:
        print_json(decision)
        return 0
    explanation = decision["explanation"]
    say(headline(decision))
    say("")
    rows = (
        (
            each.get("rank"),
            each["title"],
            each["understood"].get("quality"),
            bytes_of(each["size"]),
            each["seeders"],
            each.get("score", 0),
            verdict_of(each, explanation["taken"]),
        )
        for each in explanation["releases"]
    )
    show(table(("#", "Release", "Quality", "Size", "Seeders", "Score", "Verdict"), rows))
    if every:
        for each in explanation["releases"]:
            say(f"\n{each['title']}")
            show(table(("Rule", "", "Why"), rulings(each, every=True)))
    return 0


def headline(decision: Any) -> str:
    """Return what was decided, in one sentence."""
    explanation = decision["explanation"]
    titles = {each["release_id"]: each["title"] for each in explanation["releases"]}
    taken = titles.get(explanation["taken"])
    end = f"took {taken}" if taken else f"took none of {len(titles)} releases"
    again = (
        f" (and {decision['times'] - 1} times since with the same end)"
        if decision["times"] > 1
        else ""
    )
    cause = _CAUSES.get(decision["cause"], decision["cause"])
    return (
        f"{explanation['movie_title']}, by the profile {explanation['profile']}: on {time_of(decision['at'])}"
        f"{again}, {cause}, reeld {end}."
    )


def verdict_of(release: Any, taken: int | None = None) -> Text:
    """Return what became of a release, in its colour."""
    if release["accepted"] and release.get("lost"):
        return Text(printable(f"right, but {release['lost']['sentence']}"), "cyan")
    if release["accepted"]:
        return Text(
            "taken" if taken == release["release_id"] and taken else "would be taken", "green"
        )
    against = " ".join(each["sentence"] for each in release["rulings"] if _is_against(each))
    return Text(printable(against), "yellow" if release["temporary"] else "red")


def understood(parsed: Any) -> Iterator[tuple[str, str]]:
    """Yield what was read from a name; what it does not state is left out."""
    for key, value in parsed.items():
        if value in (None, "", False, [], {}):
            continue
        said = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield key.replace("_", " "), said


def rulings(release: Any, *, every: bool) -> Iterator[tuple[str, Text, str]]:
    """Yield the rulings on a release, those against it first."""
    for each in sorted(release["rulings"], key=lambda ruling: not _is_against(ruling)):
        if every or _is_against(each):
            yield (
                each["rule"].replace("_", " "),
                _OUTCOMES.get(each["outcome"], Text(str(each["outcome"]))),
                each.get("sentence", ""),
            )


def parts(release: Any) -> Iterator[tuple[str, str]]:
    """Yield where the points of a score come from, the greatest first."""
    for each in sorted(release["score_parts"], key=lambda part: -abs(part["points"])):
        yield f"{each['name']} ({each['kind']})", f"{each['points']:+d}"


def _is_against(ruling: Any) -> bool:
    return bool(ruling["outcome"] == "rejected")
