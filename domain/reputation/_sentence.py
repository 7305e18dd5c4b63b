"""The evidence about a group as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reeld.domain.reputation._evidence import VERDICTS, EvidenceKind


def sentence_of(counts: Mapping[EvidenceKind, int]) -> str:
    """Return what happened in words: `23 of 24 imports kept, 1 replaced by a repack, 2 downloads stalled`."""
    said = list(_imports(counts)) + list(_downloads(counts))
    if said:
        return ", ".join(said)
    begun = max((counts.get(kind, 0) for kind in _BEGUN), default=0)
    return f"{begun} grabbed, nothing imported yet" if begun else "nothing is known of it yet"


_BEGUN = (EvidenceKind.GRABBED, EvidenceKind.COMPLETED)


def _imports(counts: Mapping[EvidenceKind, int]) -> Iterator[str]:
    imports = sum(counts.get(kind, 0) for kind in VERDICTS)
    if not imports:
        return
    kept = counts.get(EvidenceKind.KEPT, 0)
    yield f"{kept} of {imports} {'import' if imports == 1 else 'imports'} kept"
    for kind, words in (
        (EvidenceKind.REPLACED_BY_REPACK, "replaced by a repack"),
        (EvidenceKind.REPLACED_BY_PROPER, "replaced by a proper"),
        (EvidenceKind.FAKE_QUALITY, "of a lower quality than named"),
        (EvidenceKind.WRONG_CONTENT, "with wrong content"),
    ):
        if count := counts.get(kind, 0):
            yield f"{count} {words}"


def _downloads(counts: Mapping[EvidenceKind, int]) -> Iterator[str]:
    for kind in (EvidenceKind.STALLED, EvidenceKind.FAILED):
        if count := counts.get(kind, 0):
            yield f"{count} {'download' if count == 1 else 'downloads'} {kind}"
