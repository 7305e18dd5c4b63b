"""Every alert, tried in Prometheus' own rule engine: it fires when it should, and is quiet when it should be."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from reeld.deploy.prometheus import ALERTS, GROUPS, Severity, rules
from reeld.deploy.prometheus.links import Links

CASES: Final = Path(__file__).parent / "cases"
FILES: Final = sorted(CASES.glob("*.yml"))
# promtool 2.42 crashes on `externalURL`, which only a server knows.
LINKS: Final = Links(runbooks="http://prometheus.test/user/runbooks")


def cases_of(path: Path) -> list[dict[str, Any]]:
    # Everything as text: to YAML, the twenty zeros of `0x20` are the number 32.
    loaded: list[dict[str, Any]] = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    return loaded


def series_name(written: str) -> str:
    """The name of a series with `job` and `instance`, which a case leaves out when they are the usual ones."""
    if "job=" in written:
        return written
    name, _, labels = written.rstrip("}").partition("{")
    return f'{name}{{job="reeld",instance="a"{"," if labels else ""}{labels}}}'


def group_of(path: Path) -> dict[str, Any]:
    """The rules that the cases of a file are about, once a minute: to evaluate all would take twenty times as long."""
    name = f"reeld.{path.stem.partition('-')[0]}"
    groups = yaml.safe_load(rules(links=LINKS))["groups"]
    (group,) = (each for each in groups if each["name"] == name)
    alerts = {case["alert"] for case in cases_of(path)}
    slos = {dict(alert.labels).get("slo") for alert in ALERTS if alert.name in alerts} | {None}
    mine = [
        rule
        for rule in group["rules"]
        if rule.get("alert", "") in alerts
        or ("record" in rule and rule.get("labels", {}).get("slo") in slos)
    ]
    return {"name": name, "interval": "1m", "rules": mine}


def expected(alert_name: str, given: dict[str, str]) -> dict[str, Any]:
    labels = {**given}
    says = labels.pop("says")
    rows = [alert for alert in ALERTS if alert.name == alert_name]
    row = next(
        each for each in rows if dict(each.labels).items() <= labels.items() or len(rows) == 1
    )
    return {
        "exp_labels": {"job": "reeld", "severity": str(row.severity), **labels},
        "exp_annotations": {
            "summary": row.summary,
            "description": says,
            "runbook_url": LINKS.runbook(alert_name),
            "dashboard_url": LINKS.dashboard(row.dashboard),
        },
    }


def promtool_test(case: dict[str, Any]) -> dict[str, Any]:
    records = [
        {
            "expr": expr,
            "eval_time": case["at"],
            "exp_samples": [{"labels": sample, "value": float(value)}],
        }
        for expr, value in case.get("records", {}).items()
        for sample in [re.sub(r"(?:\{(.*)\})?$", r'{job="reeld",\1}', expr, count=1)]
    ]
    return {
        "name": f"{case['alert']} {case['it']}",
        "interval": case.get("interval", "1m"),
        "input_series": [
            {"series": series_name(name), "values": values}
            for name, values in case["series"].items()
        ],
        "alert_rule_test": [
            {
                "eval_time": case["at"],
                "alertname": case["alert"],
                "exp_alerts": [expected(case["alert"], each) for each in case.get("fires", [])],
            },
            *(
                {"eval_time": early, "alertname": case["alert"], "exp_alerts": []}
                for early in [case.get("not_yet")]
                if early is not None
            ),
        ],
        "promql_expr_test": records,
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_are_quiet_otherwise(
    path: Path, promtool: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [group_of(path)]}))
    document = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "group_eval_order": [group_of(path)["name"]],
        "tests": [promtool_test(case) for case in cases_of(path)],
    }
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(document, sort_keys=False))
    promtool("test", "rules", str(tmp_path / "tests.yml"))


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_quiet() -> None:
    cases = [case for path in FILES for case in cases_of(path)]
    named = {alert.name for alert in ALERTS}
    assert {case["alert"] for case in cases if case.get("fires")} == named
    assert {case["alert"] for case in cases if not case.get("fires")} == named


def test_every_alert_that_waits_has_a_case_in_which_it_has_not_waited_long_enough() -> None:
    cases = [case for path in FILES for case in cases_of(path)]
    waiting = {alert.name for alert in ALERTS if alert.lasts}
    assert {case["alert"] for case in cases if "not_yet" in case} == waiting


def test_the_rules_pass_every_lint_of_prometheus(
    promtool: Callable[..., str], tmp_path: Path
) -> None:
    for scale, seconds in ((1.0, 15.0), (60.0, 1.0)):
        path = tmp_path / f"rules-{scale:g}.yml"
        path.write_text(rules(scale, scrape_seconds=seconds))
        printed = promtool("check", "rules", "--lint=all", "--lint-fatal", str(path))
        assert f"{sum(len(group.rules) for group in GROUPS)} rules found" in printed


DASHBOARDS: Final = {
    f"reeld-{name}"
    for name in [
        "overview",
        "actors",
        "external",
        "pipeline",
        "jobs",
        "database",
        "api",
        "library",
        "runtime",
    ]
}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert.name}-{alert.severity}")
def test_an_alert_says_what_is_wrong_in_a_sentence_that_never_changes(alert: Any) -> None:
    assert re.fullmatch(r"Reeld[A-Z]\w+", alert.name)
    # Notifications are grouped by the summary, so nothing in it may vary.
    assert re.fullmatch(r"(?:[A-Z]|reeld )[^{}]*\.", alert.summary)
    assert alert.description.endswith((".", ")."))
    assert alert.severity in Severity
    assert alert.dashboard in DASHBOARDS


def test_the_rules_of_one_name_say_the_same() -> None:
    told: dict[str, set[tuple[str, str]]] = {}
    for alert in ALERTS:
        told.setdefault(alert.name, set()).add((alert.summary, alert.dashboard))
    assert [name for name, told_of in told.items() if len(told_of) > 1] == []


def test_what_is_recorded_is_read_in_the_group_that_records_it() -> None:
    # Groups run beside each other: a rule that reads another group's record sees sometimes the old one.
    recorded = re.compile(r"\bjob(?:_\w+)?:\w+:\w+")
    for group in GROUPS:
        used = {name for rule in group.rules for name in recorded.findall(rule.expr)}
        assert used <= {rule.name for rule in group.rules}, group.name
