"""The page on which people log in: one form, without a script and without anything from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Final

from reeld.domain.password import LONGEST_PASSWORD
from reeld.http.page_policy import policy_of

STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:22rem;margin:15vh auto;padding:0 1rem}"
    "label{display:block;margin-top:1rem}"
    "input{display:block;box-sizing:border-box;width:100%;padding:.5rem;font:inherit}"
    "button{margin-top:1.5rem;padding:.5rem 1.5rem;font:inherit}"
    "[role=alert]{padding:.5rem .8rem;border:1px solid #b00;border-radius:.3rem}"
    "@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}}"
)
HEADERS: Final = {
    "Content-Security-Policy": policy_of(STYLE, form_action="'self'"),
    # Under `no-referrer`, which other answers have, browsers send a form with `Origin: null`, and that is nobody's page.
    "Referrer-Policy": "same-origin",
}
LONGEST_NAME: Final = 64


def login_page(onward: str, complaint: str = "") -> bytes:
    """Return the page.

    Args:
        onward: The path to which the browser goes from here.
        complaint: What went wrong with the last attempt.
    """
    alert = f"<p role=alert>{escape(complaint)}</p>" if complaint else ""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<title>Log in to reeld</title><style>{STYLE}</style>"
        f'<main><h1>reeld</h1>{alert}<form method=post action="/login">'
        f'<input type=hidden name=next value="{escape(onward)}">'
        "<label>Name <input name=username autocomplete=username autocapitalize=none required autofocus"
        f" maxlength={LONGEST_NAME}></label>"
        "<label>Password <input name=password type=password autocomplete=current-password required"
        f" maxlength={LONGEST_PASSWORD}></label>"
        "<button>Log in</button></form></main></html>"
    ).encode()
