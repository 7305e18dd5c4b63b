"""The objectives, the series that are recorded of them, and the alerts on how fast their budgets burn.

The four pairs of windows are those of the SRE Workbook (chapter 5, "multiwindow, multi-burn-rate alerts"), with the
pauses that kubernetes-mixin uses: 2 % of a 30-day budget in an hour and 5 % in six hours wake somebody, 10 % in a day and
10 % in three days are a ticket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reeld.deploy.prometheus.since import since
from reeld.deploy.prometheus.table import Alert, Objective, Record, Severity

_REQUESTS: Final = 'reeld_http_requests_total{job="reeld",route=~"/api/.*"}'
_FAILED_REQUESTS: Final = 'reeld_http_requests_total{job="reeld",route=~"/api/.*",status=~"5.."}'
_MESSAGES: Final = 'reeld_actor_messages_total{job="reeld"}'
_FAILED_MESSAGES: Final = 'reeld_actor_messages_total{job="reeld",outcome=~"error|timeout|crashed"}'


def _share(bad: str, every: str) -> str:
    # A status that was never answered has no series yet: without the `or` there would be no ratio where all is well.
    return (
        f"(\n  sum by (job) (rate({bad}[%s]))\n  or\n  0 * sum by (job) (rate({every}[%s]))\n)\n"
        f"/\n(sum by (job) (rate({every}[%s])) > 0)"
    )


OBJECTIVES: Final = (
    Objective(
        slo="api",
        alert="ReeldAPIErrorBudgetBurn",
        target=0.999,
        ratio=_share(_FAILED_REQUESTS, _REQUESTS),
        bad=_FAILED_REQUESTS,
        enough=5,
        summary="The API answers too many requests with an error.",
        dashboard="reeld-api",
    ),
    Objective(
        slo="actors",
        alert="ReeldActorErrorBudgetBurn",
        target=0.999,
        ratio=_share(_FAILED_MESSAGES, _MESSAGES),
        bad=_FAILED_MESSAGES,
        enough=5,
        summary="Actors fail at too many of their messages.",
        dashboard="reeld-actors",
    ),
    Objective(
        slo="rss_freshness",
        alert="ReeldRSSFreshnessBudgetBurn",
        target=0.99,
        ratio='1 - avg_over_time(job:reeld_rss_fresh:bool{job="reeld"}[%s])',
        summary="Feeds are out of date for too much of the time.",
        dashboard="reeld-pipeline",
    ),
)


@dataclass(frozen=True, slots=True)
class _Pair:
    severity: Severity
    factor: float
    long: str
    short: str
    lasts: str


_PAIRS: Final = (
    _Pair(Severity.CRITICAL, 14.4, "1h", "5m", "2m"),
    _Pair(Severity.CRITICAL, 6, "6h", "30m", "15m"),
    _Pair(Severity.WARNING, 3, "1d", "2h", "1h"),
    _Pair(Severity.WARNING, 1, "3d", "6h", "3h"),
)
_WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")

# The last half is for a feed that is polled and has no time of success at all, not even 0: it is not fresh.
_FRESH: Final = f"""\
min by (job) (
  (time() - {since("reeld_rss_last_success_timestamp_seconds")})
  < bool on (job, instance, indexer)
  2 * reeld_rss_interval_seconds{{job="reeld"}}
  or on (job, instance, indexer)
  0 * reeld_rss_interval_seconds{{job="reeld"}}
)"""

RECORDS: Final = (
    Record(name="job:reeld_rss_fresh:bool", expr=_FRESH),
    *(
        Record(
            name=f"job:reeld_slo_errors_per_request:ratio_rate{window}",
            expr=each.ratio.replace("%s", window),
            labels=(("slo", each.slo),),
        )
        for each in OBJECTIVES
        for window in _WINDOWS
    ),
    Record(
        name="job_actor:reeld_actor_messages:rate5m",
        expr='sum by (job, actor) (rate(reeld_actor_messages_total{job="reeld"}[5m]))',
    ),
    Record(
        name="job_service:reeld_external_requests:rate5m",
        expr='sum by (job, service, outcome) (rate(reeld_external_requests_total{job="reeld"}[5m]))',
    ),
)


def _burn(objective: Objective, pair: _Pair) -> Alert:
    burnt = f"({pair.factor:g} * {1 - objective.target:.3f})"
    series = 'job:reeld_slo_errors_per_request:ratio_rate%s{job="reeld",slo="%s"} > %s'
    parts = [series % (window, objective.slo, burnt) for window in (pair.long, pair.short)]
    if objective.bad is not None:
        parts.append(f"sum by (job) (increase({objective.bad}[{pair.long}])) > {objective.enough}")
    if pair.severity is not Severity.CRITICAL:
        # A new server computes the ratio of three days from its first minutes: wait until it knows some hours.
        parts.append(f'max by (job) (up{{job="reeld"}} offset {pair.short}) >= 0')
    return Alert(
        name=objective.alert,
        severity=pair.severity,
        expr="\nand on (job)\n".join(parts),
        lasts=pair.lasts,
        summary=objective.summary,
        description=(
            f"{{{{ $value | humanizePercentage }}}} was bad over {pair.long}, at an objective of"
            f" {objective.target:.1%} good: the error budget is used up more than"
            f" {pair.factor:g} times as fast as planned."
        ),
        dashboard=objective.dashboard,
        labels=(("slo", objective.slo), ("long", pair.long), ("short", pair.short)),
        needs_database=True,
    )


BURNS: Final = tuple(_burn(objective, pair) for objective in OBJECTIVES for pair in _PAIRS)
