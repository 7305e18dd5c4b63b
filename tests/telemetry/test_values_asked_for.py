"""Rules and dashboards ask for label values that exist: one that does not would be silent for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from reeld.cli.labels import KNOWN_LABELS
from reeld.telemetry.catalogue import CATALOGUE, Given, Known

ROOT: Final = Path(__file__).resolve().parents[2]
ASKING: Final = (
    *sorted((ROOT / "deploy").rglob("reeld-rules.yml")),
    *sorted((ROOT / "grafana").rglob("*.json")),
)
OF_THE_TARGET: Final = {"job", "instance", "le"}


def values() -> dict[tuple[str, str], frozenset[str] | None]:
    """The values of each label of each metric; None where they are not known here."""
    found: dict[tuple[str, str], frozenset[str] | None] = {}
    for metric in CATALOGUE:
        for label in metric.about:
            for column, name in enumerate(label.names):
                match label.domain:
                    case Known(there, also):
                        found[metric.name, name] = frozenset((*there, *also))
                    case Given(domain) if domain in KNOWN_LABELS:
                        found[metric.name, name] = frozenset(
                            each[column] if isinstance(each, tuple) else str(each)
                            for each in KNOWN_LABELS[domain]
                        )
                    case _:
                        found[metric.name, name] = None
    return found


def asked(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """The metric, the label and the alternatives of every matcher in a text."""
    for name, matchers in re.findall(r"(reeld_[a-z_]+)\{([^}]*)\}", text):
        metric = re.sub(r"_(bucket|sum|count)$", "", name)
        for label, operator, value in re.findall(r'(\w+)(=~|!~|!=|=)\\?"([^"\\]*)', matchers):
            if label not in OF_THE_TARGET and "$" not in value:
                yield metric, label, value.split("|") if "~" in operator else [value]


@pytest.mark.parametrize("path", ASKING, ids=lambda path: path.name)
def test_every_value_that_is_asked_for_is_one_that_its_label_has(path: Path) -> None:
    known = values()
    for metric, label, alternatives in asked(path.read_text(encoding="utf-8")):
        assert (metric, label) in known, f"{metric} has no label {label}"
        there = known[metric, label]
        for each in alternatives:
            assert there is None or any(re.fullmatch(each, value) for value in there), (
                f"{metric}: {label} is never {each}"
            )
