from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from reeld.cli.labels import KNOWN_LABELS
from reeld.http.ops.audit import ACTIONS, INTERVENTIONS, Audit
from reeld.storage.repositories.audit import AuditEntry
from reeld.telemetry import Metrics


def level_of(action: str, outcome: str) -> str:
    """How loud the log says a change."""
    nobody: Any = None
    at = datetime(2026, 1, 1, tzinfo=UTC)
    entry = AuditEntry(at, "administrator", "127.0.0.1", action, "x", "", outcome, {})
    with capture_logs() as told:
        Audit(nobody, Metrics(KNOWN_LABELS))._note(entry)
    (line,) = told
    return str(line["log_level"])


@pytest.mark.parametrize("action", sorted(INTERVENTIONS))
def test_what_takes_something_out_of_service_is_a_warning(action: str) -> None:
    assert action in ACTIONS
    assert level_of(action, "ok") == "warning"


@pytest.mark.parametrize("action", ["add_movie", "edit_movie", "save_tag", "login", "resume"])
def test_what_people_do_every_day_is_no_warning_unless_it_is_refused(action: str) -> None:
    assert level_of(action, "ok") == "info"
    assert level_of(action, "not_found") == "warning"
