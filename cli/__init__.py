"""The `reeld` command."""

from __future__ import annotations


def main() -> None:
    """Run the `reeld` command."""
    from reeld.cli.app import run

    run()
