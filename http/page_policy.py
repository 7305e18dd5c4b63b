"""What a page of reeld's may load: its own style, known by its hash, and nothing else."""

from __future__ import annotations

import base64
import hashlib


def policy_of(style: str, *, form_action: str = "'none'") -> str:
    """Return the Content-Security-Policy of a page.

    Args:
        style: What stands between its `<style>` tags.
        form_action: Where its forms may be sent to.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none';"
        f" form-action {form_action}; frame-ancestors 'none'"
    )
