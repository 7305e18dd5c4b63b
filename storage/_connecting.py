"""From a connection string to a connection, without blocking on a name server.

libpq resolves names itself and blocks while it does. With `hostaddr` it has nothing to resolve; `host` stays beside it,
because TLS verifies the server's certificate against the name.
"""

from __future__ import annotations

import random
import socket
from typing import TYPE_CHECKING, Any, Final, TypeVar

import trio
from psycopg import OperationalError
from psycopg._conninfo_utils import get_param, is_ip_address, split_attempts
from psycopg.conninfo import conninfo_to_dict, make_conninfo, timeout_from_conninfo
from psycopg.errors import ConnectionTimeout

from reeld.storage._waiting import wait_for_connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import AsyncConnection
    from psycopg.abc import ConnDict, ConnParam, PQGenConn

ConnectionT = TypeVar("ConnectionT", bound="AsyncConnection[Any]")

DEFAULT_PORT: Final = "5432"

TCP_DEFAULTS: Final[dict[str, str]] = {
    # A peer that is gone is noticed after a minute at most, even while nothing is asked of it.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    # Kerberos would look up names and talk to its own servers, blocking the loop. Ask for it to have it.
    "gssencmode": "disable",
}

SESSION_DEFAULTS: Final[dict[str, str]] = {
    # The client has a shorter deadline for every statement. These are for a client that cannot tell any more.
    "statement_timeout": "120s",
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "10s",
    "timezone": "UTC",
}


def connection_parameters(conninfo: str, **overrides: ConnParam) -> ConnDict:
    """Return the parameters of a connection string, with reeld's defaults for whatever it leaves open.

    Raises:
        psycopg.ProgrammingError: The string is malformed.
    """
    params = conninfo_to_dict(conninfo, **overrides)
    params.setdefault("application_name", "reeld")
    params.setdefault("client_encoding", "UTF8")
    settings = " ".join(f"-c {name}={value}" for name, value in SESSION_DEFAULTS.items())
    # The server takes the last of two: what the string asks for wins.
    params["options"] = f"{settings} {get_param(params, 'options') or ''}".strip()
    return params


async def first_that_answers(
    connect: Callable[[str], PQGenConn[ConnectionT]], params: ConnDict
) -> ConnectionT:
    """Try the addresses in order, each for its `connect_timeout`, and return the first connection.

    Args:
        connect: psycopg's generator that connects.
        params: What `connection_parameters` returned.

    Raises:
        psycopg.OperationalError: None let us in; it names them all.
    """
    each = timeout_from_conninfo(params)
    failures: list[OperationalError] = []
    for attempt in await attempts(params):
        with trio.move_on_after(each):
            try:
                return await wait_for_connection(connect(make_conninfo("", **attempt)))
            except OperationalError as error:
                failures.append(error)
                continue
        failures.append(ConnectionTimeout(f"no answer within {each} seconds"))
    if len(failures) == 1:
        raise failures[0]
    raise OperationalError("; ".join(str(failure).strip() for failure in failures))


async def attempts(params: ConnDict) -> list[ConnDict]:
    """Return one set of parameters for each address to try, in order.

    Raises:
        psycopg.OperationalError: No name could be resolved.
    """
    found: list[ConnDict] = []
    failure: OperationalError | None = None
    for attempt in split_attempts(params):
        try:
            found.extend(await _resolve(attempt))
        except OSError as error:
            failure = OperationalError(
                f"the host name {attempt.get('host')!r} has no address: {error}"
            )
    if not found and failure is not None:
        raise failure
    if get_param(params, "load_balance_hosts") == "random":
        random.shuffle(found)
    return found


async def _resolve(attempt: ConnDict) -> list[ConnDict]:
    host = get_param(attempt, "host")
    if get_param(attempt, "hostaddr"):
        return [{**TCP_DEFAULTS, **attempt}]
    if not host or host.startswith(("/", "@")):
        return [attempt]
    if is_ip_address(host):
        return [{**TCP_DEFAULTS, **attempt, "hostaddr": host}]
    port = get_param(attempt, "port") or DEFAULT_PORT
    answers = await trio.socket.getaddrinfo(
        host, port, proto=socket.IPPROTO_TCP, type=socket.SOCK_STREAM
    )
    return [{**TCP_DEFAULTS, **attempt, "hostaddr": str(answer[4][0])} for answer in answers]
