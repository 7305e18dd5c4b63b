"""The log as one file."""

from __future__ import annotations

import re
from typing import Any

import structlog

from reeld.telemetry.logs import recent

LINE = re.compile(r"\S+\|(Debug|Info|Warn|Error|Fatal)\|[\w.]*\|.+")


def test_the_last_records_are_one_file_of_lines(radarr: Any) -> None:
    recent(None, "info", {"event": "a\nb", "level": "warning", "timestamp": "2026-01-01T00:00:00Z"})
    (file,) = radarr.get("log/file")
    assert (file["id"], file["filename"]) == (1, "reeld.txt")
    assert file["lastWriteTime"] == "2026-01-01T00:00:00Z"
    answer = radarr.http.get(f"{radarr.url}{file['contentsUrl']}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    assert lines[-1] == "2026-01-01T00:00:00Z|Warn||a\\x0ab"
    assert all(LINE.fullmatch(line) for line in lines), lines
    structlog.reset_defaults()


def test_no_other_file_is_read(radarr: Any) -> None:
    for name in ("other.txt", "..%2f..%2fetc%2fpasswd", "reeld.txt%00", "reeld.txt/x"):
        radarr.get(f"log/file/{name}", 404)
    assert radarr.stranger.get("/api/v3/log/file/reeld.txt").status_code == 401
