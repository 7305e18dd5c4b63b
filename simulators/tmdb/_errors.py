"""TMDB's numbered errors (developer.themoviedb.org/docs/errors)."""

from __future__ import annotations

from reeld.simulators.simulator import Answer, json_answer

_ERRORS = {
    5: (422, "Invalid parameters: Your request parameters are incorrect."),
    6: (404, "Invalid id: The pre-requisite id is invalid or not found."),
    7: (401, "Invalid API key: You must be granted a valid key."),
    9: (503, "Service offline: This service is temporarily offline, try again later."),
    10: (401, "Suspended API key: Access to your account has been suspended, contact TMDB."),
    11: (500, "Internal error: Something went wrong, contact TMDB."),
    20: (422, "Invalid date range: Should be a range no longer than 14 days."),
    22: (400, "Invalid page: Pages start at 1 and max at 500. They are expected to be an integer."),
    23: (400, "Invalid date: Format needs to be YYYY-MM-DD."),
    24: (504, "Your request to the backend server timed out. Try again."),
    25: (429, "Your request count (#) is over the allowed limit of (40)."),
    27: (400, "Too many append to response objects: The maximum number of remote calls is 20."),
    34: (404, "The resource you requested could not be found."),
    42: (405, "This request method is not supported for this resource."),
    43: (502, "Couldn't connect to the backend server."),
    46: (503, "The API is undergoing maintenance. Try again later."),
}


def error(code: int, retry_after: str = "") -> Answer:
    """The answer for one of TMDB's status codes."""
    status, message = _ERRORS[code]
    headers = {"retry_after": retry_after} if retry_after else {}
    document = {"success": False, "status_code": code, "status_message": message}
    return json_answer(document, status, **headers)
