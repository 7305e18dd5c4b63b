"""A release that was judged, as Radarr writes it."""

from __future__ import annotations

from reeld.domain.decision import ExplainedRelease
from reeld.domain.language import Language
from reeld.domain.parsing import ParsedRelease
from reeld.http.radarr_v3._quality import languages, quality_model
from reeld.http.radarr_v3._values import Json, present


def offer_resource(
    judged: ExplainedRelease, name: ParsedRelease, original: Language | None
) -> Json:
    """Write what was decided about a release, with what its name says."""
    rejections = [each.sentence for each in judged.rulings if each.is_rejected]
    formats = [each.name for each in judged.score_parts if each.kind == "format"]
    return present(
        title=judged.title,
        quality=quality_model(name.quality, name.revision),
        languages=languages(name.languages, original),
        customFormats=[{"name": each} for each in formats],
        customFormatScore=judged.score,
        qualityWeight=name.quality.weight * 100,
        releaseGroup=name.group,
        sceneSource=False,
        movieTitles=list(name.titles),
        edition=" ".join(name.editions),
        approved=judged.accepted,
        temporarilyRejected=judged.temporary,
        # Radarr's `DownloadDecision.Rejected`: something speaks against it that does not pass by itself.
        rejected=not judged.accepted and not judged.temporary,
        rejections=rejections,
        tmdbId=name.tmdb_id or 0,
        imdbId=int(name.imdb_id.removeprefix("tt")) if name.imdb_id else 0,
        downloadAllowed=True,
        releaseWeight=judged.rank or 0,
        protocol="torrent",
    )
