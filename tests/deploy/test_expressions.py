"""What the rules ask for exists: every metric, every label, and every value of a label that is one of an enum."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

import pytest

from reeld.actors.kernel import BreakerState, Outcome
from reeld.actors.kernel._dead_letters import DeadReason
from reeld.deploy.prometheus import GROUPS, Alert, Record
from reeld.deploy.prometheus.scale import Scale
from reeld.domain.acquisition import AcquisitionState
from reeld.services.transport import Outcome as CallOutcome
from reeld.storage.work import WorkState
from reeld.telemetry import RESTART_CAUSES

RULES: Final = [rule for group in GROUPS for rule in group.rules]
VALUES: Final[Mapping[tuple[str, str], type[StrEnum] | tuple[str, ...]]] = {
    ("reeld_actor_dead_letters_total", "reason"): DeadReason,
    ("reeld_actor_messages_total", "outcome"): Outcome,
    ("reeld_actor_restarts_total", "cause"): RESTART_CAUSES,
    ("reeld_auth_attempts_total", "outcome"): ("ok", "refused"),
    ("reeld_breaker_state", "state"): BreakerState,
    ("reeld_db_pool_connections", "state"): ("idle", "used"),
    ("reeld_external_requests_total", "outcome"): CallOutcome,
    ("reeld_health_check_status", "status"): ("pass", "warn", "fail"),
    ("reeld_jobs", "state"): WorkState,
    ("reeld_log_messages_total", "level"): ("debug", "info", "warning", "error", "critical"),
    ("reeld_workflow_transitions_total", "stage"): AcquisitionState,
    ("reeld_workflows", "stage"): AcquisitionState,
}
"""The values that a label may have; they are named in an expression only if they are here."""
FREE: Final = {("reeld_http_requests_total", "route"), ("reeld_http_requests_total", "status")}


def written(rule: Alert | Record) -> str:
    return Scale().expression(rule.expr)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_a_rule_asks_for_is_in_the_catalogue(
    rule: Alert | Record, complaints_about: Callable[[str], list[str]]
) -> None:
    assert complaints_about(written(rule)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_asks_for_reeld_alone_and_for_values_that_occur(
    rule: Alert | Record, read_expression: Callable[[str], Any]
) -> None:
    for name, matchers in read_expression(written(rule)).selectors:
        assert ("job", "=", "reeld") in matchers, name
        for label, _, value in matchers:
            if label in {"job", "slo"} or (name, label) in FREE:
                continue
            known = {str(each) for each in VALUES[name, label]}
            assert set(value.split("|")) <= known, f"{name}{{{label}}}"


def test_ranges_hold_four_scrapes_or_more() -> None:
    for rule in RULES:
        for window in re.findall(r"\[(\w+)\]", rule.expr):
            assert Scale().range(window) == window
            assert Scale(1e9).range(window) == "1m"
