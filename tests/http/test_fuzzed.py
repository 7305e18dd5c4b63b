"""Every operation of the OpenAPI document, called by schemathesis with what it allows and with what it does not.

`make fuzz` runs this with many more calls than a run of the tests has.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.domain.settings import AccessSettings, Settings

EXAMPLES = int(os.environ.get("REELD_FUZZ_EXAMPLES", "0"))
"""Calls for each operation, as chance has it; 0 for a few that are the same each time."""
SECONDS = 3600.0 if EXAMPLES else 240.0
"""It takes a minute on an idle machine."""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


@pytest.fixture
def world_settings(world_settings: Settings) -> Settings:
    """Nobody is told to call more slowly."""
    unlimited = AccessSettings(requests_per_minute=0, stranger_requests_per_minute=0)
    return replace(world_settings, access=unlimited)


async def fill(daemon: Any, world: Any) -> None:
    """Have a movie in the library and rows of most kinds."""
    http = daemon.http
    for film in world.films[:3]:
        assert (await http.post("/api/movies", json={"tmdb_id": film.tmdb_id})).status_code == 201
    for path, body in (
        ("/api/tags", {"label": "kids"}),
        ("/api/keys", {"name": "script", "scopes": ["read"]}),
    ):
        await http.post(path, json=body)
    with trio.fail_after(60):
        while not (await http.get("/api/queue/status")).json()["movies"]["in_library"]:
            await trio.sleep(0.1)


def extent() -> tuple[str, ...]:
    if EXAMPLES:
        return "--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES)
    phases = ("--phases", "examples,fuzzing", "--max-examples", "3")
    return (*phases, "--generation-deterministic", "--no-shrink")


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 80)
async def test_no_call_has_a_server_error_or_an_answer_that_the_document_does_not_name(
    daemon: Any, world: Any, tmp_path: Path
) -> None:
    await fill(daemon, world)
    base = str(daemon.http.base_url).rstrip("/")
    command = [
        *(sys.executable, "-W", "ignore", "-m", "schemathesis.cli", "run"),
        *extent(),
        *("--checks", ",".join(CHECKS)),
        *("--suppress-health-check", "all"),
        *("--header", f"X-Api-Key: {daemon.http.headers['x-api-key']}"),
        *("--request-timeout", "30", "--no-color", "--warnings", "off"),
        f"{base}/api/schema/openapi.json",
    ]
    with trio.fail_after(SECONDS):
        done = await trio.run_process(
            command,
            capture_stdout=True,
            stderr=subprocess.STDOUT,
            check=False,
            env={**os.environ, "COLUMNS": "160"},
            cwd=tmp_path,
        )
    told = done.stdout.decode()
    assert done.returncode == 0, told
    document = (await daemon.http.get("/api/schema/openapi.json")).json()
    operations = sum(len(item) for item in document["paths"].values())
    assert re.search(rf"Tested: {operations}$", told, re.MULTILINE), told
