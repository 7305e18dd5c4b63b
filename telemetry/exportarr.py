"""The names under which exportarr shows a Radarr, so that dashboards made for it work unchanged.

They break Prometheus' conventions (gauges that end in `_total`), hence a registry of their own, apart from `/metrics`.
Names, labels and their order are those of exportarr 2 and 3 (internal/arr/collector).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from reeld.telemetry.exposition import Exposition

Samples = Mapping[str, Mapping[tuple[str, ...], float]]
"""By name, then by label values; a name without labels has the key ()."""

EXPORTARR: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "radarr_system_status": ("System Status", ()),
    "radarr_system_health_issues": (
        "Total number of health issues by source, type, message and wikiurl",
        ("source", "type", "message", "wikiurl"),
    ),
    "radarr_queue_total": (
        "Total number of items in the queue by status, download_status, and download_state",
        ("status", "download_status", "download_state"),
    ),
    "radarr_history_total": ("Total number of items in the history", ()),
    "radarr_rootfolder_freespace_bytes": ("Root folder space in bytes by path", ("path",)),
    "radarr_diskspace_free_bytes": ("Free disk space in bytes", ("path", "label")),
    "radarr_diskspace_total_bytes": ("Total disk space in bytes", ("path", "label")),
    "radarr_movie_total": ("Total number of movies", ()),
    "radarr_movie_downloaded_total": ("Total number of downloaded movies", ()),
    "radarr_movie_monitored_total": ("Total number of monitored movies", ()),
    "radarr_movie_unmonitored_total": ("Total number of unmonitored movies", ()),
    "radarr_movie_wanted_total": ("Total number of wanted movies", ()),
    "radarr_movie_missing_total": ("Total number of missing movies", ()),
    "radarr_movie_cutoff_unmet_total": ("Total number of movies with cutoff unmet", ()),
    "radarr_movie_filesize_total": ("Total filesize of all movies", ()),
    "radarr_movie_editions": ("Total number of movies with `edition` set", ()),
    "radarr_movie_quality_total": (
        "Total number of downloaded movies by quality",
        ("quality", "weight"),
    ),
    "radarr_movie_tag_total": ("Total number of downloaded movies by tag", ("tag",)),
    "radarr_collector_error": ("Error while collecting metrics", ()),
    "radarr_queue_collector_error": ("Error while collecting metrics", ()),
    "exportarr_app_info": (
        "A metric with a constant '1' value labeled by app name, version, build time, and revision.",
        ("app_name", "version", "build_time", "revision"),
    ),
}
"""Each name with its help and its labels, beside `url`, which all but the last have."""

_WITHOUT_URL: Final = frozenset({"exportarr_app_info"})


class Exportarr(Collector):
    """A registry of its own with exportarr's names.

    Args:
        url: What the label `url` says: dashboards choose the instance by it.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._samples: Samples = {}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        self._exposition = Exposition(self._registry)

    def show(self, samples: Samples) -> None:
        """Show exactly these numbers from now on.

        Raises:
            KeyError: A name that exportarr does not have: a programming error.
        """
        for name in samples:
            EXPORTARR[name]
        self._samples = samples

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the registry what is shown; called by it, in whatever thread renders."""
        samples = self._samples
        for name, (meaning, labels) in EXPORTARR.items():
            own = name not in _WITHOUT_URL
            family = GaugeMetricFamily(name, meaning, labels=(*labels, "url") if own else labels)
            for values, number in samples.get(name, {}).items():
                family.add_metric((*values, self._url) if own else values, number)
            if family.samples:
                yield family

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the exposition and its content type; call it in a worker thread."""
        return self._exposition.render(accept)
