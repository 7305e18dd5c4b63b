"""Calling the daemon that runs, from a command."""

from __future__ import annotations

import os
from typing import Any

import httpx

from reeld.cli.keys import find_local
from reeld.cli.settings import read_settings
from reeld.domain.errors import ReeldError, Unavailable

SECONDS = 60.0


class Daemon:
    """The daemon that a command talks to: the one of `REELD_URL`, or the one that runs on the data directory."""

    def __init__(self) -> None:
        url, key = _find()
        self._http = httpx.Client(
            base_url=url, headers={"X-Api-Key": key}, timeout=SECONDS, trust_env=False
        )
        self._url = url

    def get(self, path: str, **params: Any) -> Any:
        """Return the JSON of a GET; parameters that are None are left out."""
        given = {name: value for name, value in params.items() if value is not None}
        return self._call("GET", path, params=given)

    def post(self, path: str, body: Any = None) -> Any:
        """Return the JSON of a POST."""
        return self._call("POST", path, json=body) if body is not None else self._call("POST", path)

    def delete(self, path: str) -> Any:
        """Return the JSON of a DELETE."""
        return self._call("DELETE", path)

    def _call(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"No daemon answers at {self._url} ({type(error).__name__}). Start one with `reeld run`.",
                reason="no_daemon",
            ) from error
        if answer.is_success:
            return answer.json() if answer.content else None
        raise _problem(answer)


def _problem(answer: httpx.Response) -> ReeldError:
    try:
        problem = answer.json()
        return ReeldError(str(problem["detail"]), reason=str(problem["reason"]))
    except (ValueError, KeyError, TypeError):
        return ReeldError(
            f"The daemon answered with HTTP {answer.status_code}.", reason="unexpected_answer"
        )


def _find() -> tuple[str, str]:
    settings = read_settings()
    configured = settings.server.api_key
    local = find_local(settings.data_dir)
    url = os.environ.get("REELD_URL")
    if url is not None:
        key = configured.reveal() if configured else (local.key.reveal() if local else "")
        return url.rstrip("/"), key
    if local is not None:
        return local.url, local.key.reveal()
    raise Unavailable(
        f"No daemon runs on {settings.data_dir}. Start one with `reeld run`, or say where it is with REELD_URL and"
        " REELD_API_KEY.",
        reason="no_daemon",
    )
