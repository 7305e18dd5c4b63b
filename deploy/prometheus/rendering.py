"""YAML as people read it: expressions as blocks, keys in the order in which they were given."""

from __future__ import annotations

from typing import Any, Final

import yaml

NOTE: Final = (
    "Written by `make deploy`. Do not edit: what you change here is gone with the next version."
)


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as a block, and everything in full."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the same list twice is written twice
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    )


_Dumper.add_representer(str, _text)


def render(document: Any, comment: str) -> str:
    """Return a document as YAML below a comment; the same document is always the same text."""
    head = "".join(f"# {line}".rstrip() + "\n" for line in comment.splitlines())
    # Never folded: a long line is one that can be searched for and pasted.
    body = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)
    return f"{head}\n{body}"
