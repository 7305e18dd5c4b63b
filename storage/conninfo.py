"""Connection strings for the programs of PostgreSQL, whose command lines every user of the machine can read."""

from __future__ import annotations

from typing import Final

from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reeld.domain.errors import Refused

_HIDDEN: Final = b"*"
"""By which libpq marks the parameters that are secrets: its `PQconninfoOption.dispchar`."""


def for_program(conninfo: str) -> tuple[str, dict[str, str]]:
    """Return a connection string without a secret, and the environment that holds the password.

    Raises:
        Refused: It holds a secret that libpq takes from no variable, such as `sslpassword`.
    """
    params = conninfo_to_dict(conninfo)
    secret = {"PGPASSWORD": str(params.pop("password"))} if "password" in params else {}
    hidden = {
        each.keyword.decode() for each in pq.Conninfo.get_defaults() if each.dispchar == _HIDDEN
    }
    if left := sorted(hidden & params.keys()):
        raise Refused(
            f"The connection string holds {left[0]}, which PostgreSQL's programs take on their command line alone,"
            " where every user of this machine can read it. Leave it out: a key without a passphrase, readable by"
            " reeld's user alone, does the same.",
            reason="secret_on_command_line",
        )
    return make_conninfo("", **params), secret
