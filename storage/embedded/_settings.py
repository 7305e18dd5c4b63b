"""How the embedded server is configured: on its command line, so that the code always decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SETTINGS: Final[dict[str, str]] = {
    # Nobody but us: no network, and a socket in a folder that only we may enter.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "50",
    # Durable.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Modest: a home server that does other things as well.
    "shared_buffers": "96MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "max_parallel_workers_per_gather": "0",
    "max_worker_processes": "2",
    "max_logical_replication_workers": "0",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    # A log that says what the server does and never what is in the rows.
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
    "log_startup_progress_interval": "1s",
}


SINCE: Final[dict[str, int]] = {"io_method": 18}
"""Settings that older versions do not know."""


def arguments(data: Path, sockets: Path, overrides: Mapping[str, str], major: int) -> list[str]:
    """Return the arguments of the postmaster.

    Args:
        data: The data directory.
        sockets: The folder for the socket.
        overrides: Settings that win over reeld's own.
        major: The server's version.
    """
    settings = {**SETTINGS, "unix_socket_directories": f'"{sockets}"', **overrides}
    known = {name: value for name, value in settings.items() if SINCE.get(name, 0) <= major}
    pairs = [f"{name}={value}" for name, value in known.items()]
    return ["-D", str(data), *(part for pair in pairs for part in ("-c", pair))]
