"""One client per outside protocol: requests, answers and typed errors, with no state beyond a session."""
