"""When something happened last, for rules that tell how long ago that is."""

from __future__ import annotations


def since(metric: str, *, remember: str = "") -> str:
    """Return the time of the last event; where it is 0, that of the process's start: what is new is not late yet.

    Args:
        metric: Its value is the Unix time of an event, 0 for never.
        remember: Count from the first of the starts in this range instead of the last one, so that restarts do not
            hide for ever what never happened.
    """
    series, started = f'{metric}{{job="reeld"}}', 'process_start_time_seconds{job="reeld"}'
    if remember:
        started = f"min_over_time({started}[{remember}])"
    return f"({series} > 0 or ({series} == 0) + on (job, instance) group_left () {started})"
