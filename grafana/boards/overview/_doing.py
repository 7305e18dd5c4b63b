"""What is it doing?"""

from __future__ import annotations

from typing import Final

from reeld.grafana.board import Drawn, Query, Row, Unit
from reeld.grafana.links import see
from reeld.grafana.panels import bars, events, graph
from reeld.grafana.promql import (
    or_zero,
    rate,
    rows,
    times,
)

_STAGES: Final = (
    ("wanted", "wanted"),
    ("searched", "searched"),
    ("decided", "decided"),
    ("grabbed", "grabbed"),
    ("downloading", "downloading"),
    ("importing", "importing"),
    ("failed", "failed"),
)

DOING: Final = Row(
    "What is it doing?",
    (
        bars(
            "Movies on their way",
            Unit.COUNT,
            "Monitored movies by the stage that they have reached, in the order of their way into the library.",
            see("pipeline", "library"),
            *(
                Query(
                    or_zero(
                        rows(
                            "reeld_movies",
                            "status,monitored",
                            "",
                            f'status="{stage}"',
                            'monitored="true"',
                        )
                    ),
                    shown,
                )
                for stage, shown in _STAGES
            ),
        ),
        graph(
            "Downloads",
            Unit.COUNT,
            "Downloads that reeld tracks, by what they do.",
            see("ReeldDownloadsStalled", "pipeline"),
            Query(rows("reeld_downloads", "client,state", "state"), "{{state}}"),
            drawn=Drawn.STACKED,
        ),
        events(
            "Into the library",
            "Import attempts by outcome: every `imported` is a movie, or a better one, for you.",
            see("ReeldImportsFailing", "pipeline"),
            Query(times("reeld_imports_total", "outcome"), "{{outcome}}"),
        ),
        graph(
            "Messages",
            Unit.MESSAGES_PER_SECOND,
            "Messages that the actors finished, by outcome: the pulse of the daemon.",
            see("ReeldActorErrorBudgetBurn", "actors"),
            Query(rate("reeld_actor_messages_total", "outcome"), "{{outcome}}"),
            width=6,
        ),
        graph(
            "External calls",
            Unit.REQUESTS_PER_SECOND,
            "Calls to each outside service.",
            see("ReeldExternalErrors", "external"),
            Query(rate("reeld_external_requests_total", "service"), "{{service}}"),
            width=6,
        ),
        graph(
            "HTTP requests",
            Unit.REQUESTS_PER_SECOND,
            "Requests that reeld answered, by status.",
            see("ReeldAPIErrorBudgetBurn", "api"),
            Query(rate("reeld_http_requests_total", "status"), "{{status}}"),
            width=6,
        ),
        graph(
            "Log records",
            Unit.PER_SECOND,
            "Log records by level; errors that come in a stream deserve a look into the log.",
            see("ReeldErrorLogs", "runtime"),
            Query(rate("reeld_log_messages_total", "level"), "{{level}}"),
            width=6,
        ),
    ),
)
