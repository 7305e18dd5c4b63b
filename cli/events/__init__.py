"""`reeld events`: what happens, as it happens."""

from reeld.cli.events._app import events

__all__ = ["events"]
