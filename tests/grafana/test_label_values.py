"""The values of labels that queries ask for, held against those that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from reeld.cli.labels import KNOWN_LABELS
from reeld.grafana import DASHBOARDS
from reeld.telemetry import CATALOGUE
from reeld.telemetry.catalogue import Given, Known, Metric

SELECTOR: Final = re.compile(r"(reeld_\w+){([^}]*)}")
MATCHER: Final = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
METRICS: Final = {metric.name: metric for metric in CATALOGUE}


def asked() -> Iterator[tuple[str, str, str]]:
    """Metric, label and value of every matcher that a panel writes."""
    for path in sorted(DASHBOARDS.glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                for name, matchers in SELECTOR.findall(target["expr"]):
                    for label, _, values in MATCHER.findall(matchers):
                        if label not in {"job", "instance"}:
                            yield from ((name, label, value) for value in values.split("|"))


def values_of(metric: Metric, label: str) -> set[str] | None:
    """The values that a label may have, None when the table does not know them."""
    (about,) = [each for each in metric.about if label in each.names]
    match about.domain:
        case Known(values, also):
            return {*values, *also}
        case Given(name, also) if name in KNOWN_LABELS:
            at = about.names.index(label)
            given = KNOWN_LABELS[name]
            return {each if isinstance(each, str) else each[at] for each in given} | {*also}
        case _:
            return None


def test_every_value_that_a_panel_asks_for_is_one_that_reeld_exports() -> None:
    unknown = {
        (name, label, value)
        for name, label, value in set(asked())
        if (known := values_of(METRICS[family_of(name)], label)) is not None
        and not any(re.fullmatch(value, each) for each in known)
    }
    assert unknown == set()


def family_of(name: str) -> str:
    return name if name in METRICS else re.sub(r"_(bucket|sum|count)$", "", name)
