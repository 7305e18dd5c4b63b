"""The `reeld` command."""

from __future__ import annotations


def main() -> None:
    """Run the `reeld` command."""
    import sys

    from reeld.cli.app import run_app

    sys.exit(run_app())
