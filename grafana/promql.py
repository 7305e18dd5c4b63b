"""Builds queries. Every selector that it makes asks for `$job` and `$instance`, every rate for `$__rate_interval`."""

from __future__ import annotations

from typing import Final

RATE: Final = "$__rate_interval"
SHOWN: Final = "$__range"
"""The whole time that the dashboard shows; for a single figure."""
_SCOPE: Final = 'job=~"$job",instance=~"$instance"'


def pick(metric: str, *matchers: str) -> str:
    """Return a selector. The name `up` and its like come from Prometheus, everything else from reeld."""
    return f"{metric}{{{','.join((_SCOPE, *matchers))}}}"


def total(series: str, by: str = "") -> str:
    """Return the sum over everything but the labels of `by` (separated by commas)."""
    return f"sum by ({by}) ({series})" if by else f"sum({series})"


def most(series: str, by: str = "") -> str:
    """Return the highest over everything but the labels of `by`."""
    return f"max by ({by}) ({series})" if by else f"max({series})"


def least(series: str, by: str = "") -> str:
    """Return the lowest over everything but the labels of `by`."""
    return f"min by ({by}) ({series})" if by else f"min({series})"


def rate(counter: str, by: str = "", *matchers: str) -> str:
    """Return how often something happens in a second."""
    return total(f"rate({pick(counter, *matchers)}[{RATE}])", by)


def times(counter: str, by: str = "", *matchers: str, over: str = RATE) -> str:
    """Return how often something happened in a step, or in the time `over`."""
    return total(f"increase({pick(counter, *matchers)}[{over}])", by)


def rows(gauge: str, labels: str, by: str = "", *matchers: str) -> str:
    """Return a count of rows. Replicas count the same rows, so that one of them is believed, not the sum."""
    return total(most(pick(gauge, *matchers), labels), by)


def quantile(share: float, histogram: str, by: str = "") -> str:
    """Return a quantile of a histogram, per `by`. The comparison drops the NaN of what did not happen."""
    groups = f"le,{by}" if by else "le"
    return f"histogram_quantile({share}, {rate(f'{histogram}_bucket', groups)}) >= 0"


def ratio(part: str, whole: str) -> str:
    """Return a part of a whole, and no series where there is no whole: 0 / 0 would be NaN."""
    return f"{part} / ({whole} > 0)"


def age(timestamp: str, by: str = "") -> str:
    """Return the seconds since a Unix time. One of 0 never happened, and gives no series."""
    return f"time() - ({most(pick(timestamp), by)} > 0)"


def age_or_never(timestamp: str) -> str:
    """Return the seconds since a Unix time, and -1 when it is 0: it never happened."""
    return f"{age(timestamp)} or ({most(pick(timestamp))} == 0) - 1"


def happened(timestamp: str) -> str:
    """Return a Unix time per series, and the start of the process where it is 0: what is new is not late."""
    never = f"({pick(timestamp)} == 0)"
    started = f"on (job, instance) group_left () {pick('process_start_time_seconds')}"
    return f"({pick(timestamp)} > 0 or {never} + {started})"


def or_zero(query: str) -> str:
    """Return 0 in place of no series, as long as reeld is scraped: silence must not look like health."""
    return f"(({query}) or on () 0 * sum({pick('reeld_build_info')}))"


def coded(gauge: str, label: str, by: str, codes: dict[str, int], *matchers: str) -> str:
    """Return a state as a number, from a gauge that has a child of 0 or 1 for each state."""
    children = [
        f"{code} * " + pick(gauge, *matchers, f'{label}="{state}"') for state, code in codes.items()
    ]
    return most(" or ".join(children), by)
