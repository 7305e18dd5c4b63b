"""Calling the daemon that runs, from a command."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from typing import Any, Final

import httpx

from reeld.cli.keys import LocalDaemon, find_local
from reeld.cli.settings import read_settings
from reeld.domain.errors import DeadlineExceeded, ReeldError, Refused, Unavailable
from reeld.domain.secret import Secret
from reeld.http.sides import is_of_operations

CONNECT_SECONDS: Final = 5.0
SECONDS: Final = 60.0
"""For one answer: the daemon itself waits for outside systems for 30 seconds at most."""


class Daemon:
    """The daemon that a command talks to: the one of `REELD_URL`, or the one that runs on the data directory.

    Args:
        environ: The environment; the process's own when left out.

    Raises:
        Unavailable: None runs on the data directory (reason `no_daemon`).
        InvalidSetting: A setting cannot work.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        found = _find(os.environ if environ is None else environ)
        self._url, self._ops_url, self._key = found.url, found.ops_url, found.key
        self._verify = _verification(found.certificate)

    def get(self, path: str, **params: Any) -> Any:
        """Return the JSON of a GET; parameters that are None are left out."""
        given = {name: value for name, value in params.items() if value is not None}
        return self._call("GET", path, params=given)

    def get_any(self, path: str) -> Any:
        """Return the JSON of a GET that answers 503 with a document when something is wrong, as health does."""
        return self._call("GET", path, also=(503,))

    def post(self, path: str, body: Any = None) -> Any:
        """Return the JSON of a POST."""
        return self._call("POST", path, json=body) if body is not None else self._call("POST", path)

    def put(self, path: str, body: Any) -> Any:
        """Return the JSON of a PUT."""
        return self._call("PUT", path, json=body)

    def patch(self, path: str, body: Any) -> Any:
        """Return the JSON of a PATCH."""
        return self._call("PATCH", path, json=body)

    def delete(self, path: str) -> None:
        """Have something removed."""
        self._call("DELETE", path)

    def place_of(self, path: str) -> tuple[str, dict[str, str]]:
        """Return the URL of a path and the headers that open it, for what is no plain request."""
        url = self._ops_url if is_of_operations(path) else self._url
        return f"{url}{path}", {"X-Api-Key": self._key.reveal()} if self._key else {}

    def _call(self, method: str, path: str, *, also: tuple[int, ...] = (), **more: Any) -> Any:
        place, headers = self.place_of(path)
        url = place.removesuffix(path)
        try:
            answer = httpx.request(
                method,
                place,
                headers=headers,
                timeout=httpx.Timeout(SECONDS, connect=CONNECT_SECONDS),
                trust_env=False,
                verify=self._verify,
                **more,
            )
        except httpx.ReadTimeout as error:
            raise DeadlineExceeded(
                f"The daemon at {url} did not answer within {SECONDS:g} s. Look into its log.",
            ) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Refused(
                "REELD_URL must look like http://127.0.0.1:7878.", reason="invalid_setting"
            ) from error
        except httpx.HTTPError as error:
            raise Unavailable(
                f"No daemon answers at {url} ({type(error).__name__}). Start one with `reeld run`.",
                reason="no_daemon",
            ) from error
        return _judged(answer, also)


def _verification(certificate: str | None) -> ssl.SSLContext | bool:
    """Return how a daemon is known to be the one: by its very certificate where it is at hand."""
    if certificate is None:
        return True
    try:
        context = ssl.create_default_context(cafile=certificate)
    except OSError as error:
        raise Refused(
            f"The daemon's certificate {certificate} cannot be read by this user. Run the command as the daemon's user,"
            " or set REELD_URL to a name that the certificate is for.",
            reason="tls_unusable",
        ) from error
    # It is called by an address on this machine, which the certificate is not for; and itself stands for its issuer.
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _judged(answer: httpx.Response, also: tuple[int, ...]) -> Any:
    try:
        document: Any = answer.json() if answer.content else None
    except ValueError:
        raise _not_reeld(answer) from None
    if answer.is_success or (answer.status_code in also and "checks" in (document or {})):
        return document
    try:
        raise ReeldError(str(document["detail"]), reason=str(document["reason"]))
    except (KeyError, TypeError):
        raise _not_reeld(answer) from None


def _not_reeld(answer: httpx.Response) -> ReeldError:
    return ReeldError(
        f"What answers at {answer.url.scheme}://{answer.url.netloc.decode()} is no reeld"
        f" (HTTP {answer.status_code}). Check REELD_URL.",
        reason="unexpected_answer",
    )


def _find(environ: Mapping[str, str]) -> LocalDaemon:
    settings = read_settings(environ)
    configured = settings.server.api_key
    local = find_local(settings.data_dir)
    if url := environ.get("REELD_URL"):
        ops_url = environ.get("REELD_OPS_URL") or url
        key = configured or (local.key if local else Secret(""))
        return LocalDaemon(url.rstrip("/"), key, ops_url.rstrip("/"))
    if local is not None:
        return local
    if os.path.lexists(settings.data_dir) and not os.access(settings.data_dir, os.R_OK | os.X_OK):
        raise Unavailable(
            f"{settings.data_dir} belongs to another user: run this command as that user, or set REELD_URL and"
            " REELD_API_KEY.",
            reason="no_daemon",
        )
    raise Unavailable(
        f"No daemon runs on {settings.data_dir}. Start one with `reeld run`; if one runs elsewhere, say where with"
        " REELD_DATA_DIR, or with REELD_URL and REELD_API_KEY.",
        reason="no_daemon",
    )
