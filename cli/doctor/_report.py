"""How findings are shown: as they come for people, as one document for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Protocol

from rich.table import Table
from rich.text import Text

from reeld.cli.doctor._findings import Finding, Status, worst_of
from reeld.cli.output import console, print_json, printable, say

_WORDS: Final = {Status.PASS: "ok", Status.WARN: "warn", Status.FAIL: "FAIL"}
_STYLES: Final = {Status.PASS: "green", Status.WARN: "yellow", Status.FAIL: "red bold"}
_OVERALL: Final = {Status.PASS: "ok", Status.WARN: "degraded", Status.FAIL: "failed"}
_NAME_COLUMNS: Final = 24


class Report(Protocol):
    """Shows findings."""

    def tell(self, finding: Finding) -> None:
        """Take a finding as soon as it is there."""

    def close(self, findings: Sequence[Finding]) -> None:
        """End with all findings, in the order of the checks."""


def report_for(*, as_json: bool) -> Report:
    """Return the report that fits: a document, a table on a terminal, or lines."""
    if as_json:
        return Document()
    return Lines(in_columns=console.is_terminal)


class Document:
    """One JSON document at the end."""

    def tell(self, finding: Finding) -> None:
        """Wait for the end."""

    def close(self, findings: Sequence[Finding]) -> None:
        """Print the document."""
        entries = [
            {
                "check": finding.check,
                "status": str(finding.status),
                "sentence": finding.sentence,
                "observed": dict(finding.observed),
            }
            for finding in findings
        ]
        print_json({"status": _OVERALL[worst_of(findings)], "findings": entries})


class Lines:
    """A line for each finding, and a sum at the end.

    Args:
        in_columns: Whether long sentences are folded within their column; else a finding is one line.
    """

    def __init__(self, *, in_columns: bool) -> None:
        self._in_columns = in_columns

    def tell(self, finding: Finding) -> None:
        """Print a finding."""
        word, name = _WORDS[finding.status], finding.check.replace("_", " ")
        if not self._in_columns:
            say(f"{word:<6}{name:<{_NAME_COLUMNS}}{finding.sentence}")
            return
        row = Table.grid(padding=(0, 2))
        row.add_column(width=6)
        row.add_column(width=_NAME_COLUMNS)
        row.add_column(ratio=1, overflow="fold")
        sentence = Text(
            printable(finding.sentence), "" if finding.status is not Status.PASS else "dim"
        )
        row.add_row(Text(word, _STYLES[finding.status]), Text(name), sentence)
        console.print(row)

    def close(self, findings: Sequence[Finding]) -> None:
        """Print the sum."""
        counts = Counter(finding.status for finding in findings)
        fail, warn = counts[Status.FAIL], counts[Status.WARN]
        parts = [f"{fail} to be mended"] if fail else []
        parts += [f"{warn} that could be better"] if warn else []
        say("")
        say(f"{', '.join(parts)}; {counts[Status.PASS]} are well." if parts else "All is well.")
