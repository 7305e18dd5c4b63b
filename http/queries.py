"""What may stand in the query of each route: a name that a route does not know is refused, not passed over.

Whoever writes `deleteFiles` for `delete_files` is to hear of it before something else is done than was meant.
"""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request
from litestar.routes import HTTPRoute

from reeld.domain.errors import InvalidField
from reeld.http.sides import is_native


class KnownQueries:
    """Knows the names that each route reads from the query."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], dict[str, bool]] = {}
        """The names of each route, and whether each may come several times."""

    def learn(self, app: Litestar) -> None:
        """Look at every route of an application."""
        for route in app.routes:
            if not isinstance(route, HTTPRoute):
                continue
            for method, (_, model) in route.route_handler_map.items():
                self._known[str(method), route.path_format] = {
                    each.field_alias: each.is_sequence for each in model.expected_query_params
                }

    def require_known(self, request: Request[Any, Any, Any]) -> None:
        """Check a request that is to be answered.

        Raises:
            InvalidField: Its query has a name that its route does not know, the sentence lists those that it does; or
                one twice of which it takes one value.
        """
        template = str(request.scope.get("path_template", ""))
        if not request.scope["query_string"] or not is_native(template):
            return
        known = self._known.get((request.method, template), {})
        for name in request.query_params:
            if name not in known:
                there = f"it knows: {', '.join(sorted(known))}." if known else "it knows none."
                raise InvalidField(name[:100], f"is no parameter of this route; {there}")
            if not known[name] and len(request.query_params.getall(name)) > 1:
                raise InvalidField(name, "is there more than once; this route takes one value.")
