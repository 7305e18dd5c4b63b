"""Turns a board into the JSON that Grafana reads, with grafana-foundation-sdk: the one place that knows its schema."""

from reeld.grafana.rendering._board import render

__all__ = ["render"]
