"""What may be given where a command takes one of a few words; loads nothing, so that `--help` is quick."""

from __future__ import annotations

from typing import Literal

LogLevel = Literal["debug", "info", "warning", "error"]
StageName = Literal[
    "wanted",
    "searched",
    "decided",
    "grabbed",
    "downloading",
    "importing",
    "in_library",
    "failed",
]
StateName = Literal["available", "running", "done", "dead", "cancelled"]
