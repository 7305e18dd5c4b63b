"""What the service manager is told: that reeld is ready, what it does, that it reloads, stops, and lives."""

from reeld.cli.notify._heartbeat import Heartbeat
from reeld.cli.notify._link import ServiceLink, tell_failure
from reeld.cli.notify._report import ServiceReport
from reeld.cli.notify._socket import Notifier
from reeld.cli.notify._status import one_line, status_line
from reeld.cli.notify._watchdog import Watchdog, watchdog_seconds

__all__ = [
    "Heartbeat",
    "Notifier",
    "ServiceLink",
    "ServiceReport",
    "Watchdog",
    "one_line",
    "status_line",
    "tell_failure",
    "watchdog_seconds",
]
