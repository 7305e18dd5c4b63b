"""An index over the wanted movies, which drops names that could be none in microseconds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from reeld.domain.matching._matching import match
from reeld.domain.matching._named import Match, Named, NoMatch, is_near
from reeld.domain.matching._titles import key_of, title_spellings
from reeld.domain.matching._tokens import Tokens, tokens_of
from reeld.domain.parsing import ParsedRelease

_EPISODE: Final = re.compile(r"(?<![^\W_])(?:s\d{1,2}[ ._-]?e\d{1,3}|\d{1,2}x\d{2,3})(?!\d)")
_SEASON: Final = re.compile(r"(?<=[\s._])s\d{1,2}(?![^\W_])")
_IMDB: Final = re.compile(r"tt\d{7,10}")
_TMDB: Final = re.compile(r"tmdb(?:id)?[ \-=:]?(\d{1,9})")
# Each start costs some lookups: a hostile name may not have as many as it likes.
_MOST_STARTS: Final = 12
_MOST_KEYS: Final = 200


class TitleIndex:
    """An index over the movies that are wanted, of which each may come and go.

    Args:
        movies: The movies; those with equal titles may be told apart by their years alone.
    """

    def __init__(self, movies: Iterable[Named] = ()) -> None:
        self._keys: dict[int, tuple[str, ...]] = {}
        self._movies: dict[int, Named] = {}
        self._by_key: dict[str, tuple[Named, ...]] = {}
        self._by_tmdb: dict[int, Named] = {}
        # TMDB has an IMDb number twice now and then.
        self._by_imdb: dict[str, tuple[Named, ...]] = {}
        self._longest = 0
        for movie in movies:
            self.add(movie)

    def __len__(self) -> int:
        return len(self._movies)

    def __contains__(self, movie_id: int) -> bool:
        return movie_id in self._movies

    def get(self, movie_id: int) -> Named | None:
        """Return a movie of the index, or None."""
        return self._movies.get(movie_id)

    def add(self, movie: Named) -> None:
        """Take a movie in, in place of what was known of it."""
        self.remove(movie.id)
        spellings = [spelt for title in movie.titles for spelt in title_spellings(title)]
        keys = dict.fromkeys(key_of(spelt) for spelt in spellings)
        keys.pop("", None)
        self._movies[movie.id] = self._by_tmdb[movie.tmdb_id] = movie
        if movie.imdb_id:
            self._by_imdb[movie.imdb_id] = (*self._by_imdb.get(movie.imdb_id, ()), movie)
        self._keys[movie.id] = tuple(keys)[:_MOST_KEYS]
        for key in self._keys[movie.id]:
            self._by_key[key] = (*self._by_key.get(key, ()), movie)
            self._longest = max(self._longest, len(key))

    def remove(self, movie_id: int) -> None:
        """Forget a movie; nothing happens when it is not known."""
        movie = self._movies.pop(movie_id, None)
        if movie is None:
            return
        if self._by_tmdb.get(movie.tmdb_id) is movie:
            del self._by_tmdb[movie.tmdb_id]
        if movie.imdb_id:
            _take_out(self._by_imdb, movie.imdb_id, movie)
        for key in self._keys.pop(movie_id):
            _take_out(self._by_key, key, movie)

    def by_tmdb(self, tmdb_id: int) -> Named | None:
        """Return the movie with TMDB's number."""
        return self._by_tmdb.get(tmdb_id)

    def by_imdb(self, imdb_id: str) -> Named | None:
        """Return the movie with an IMDb number; of several the first that was wanted."""
        return min(self._by_imdb.get(imdb_id, ()), key=lambda movie: movie.id, default=None)

    def titled(self, key: str) -> Sequence[Named]:
        """Return the movies that have a title with this key."""
        return self._by_key.get(key, ())

    def match(
        self, parsed: ParsedRelease, *, tmdb_id: int | None = None, imdb_id: str | None = None
    ) -> Match | NoMatch:
        """Find the movie of a release: by ids first, then by title and year.

        Args:
            parsed: The release name.
            tmdb_id: What the indexer says beside the name.
            imdb_id: What the indexer says beside the name.
        """
        return match(self, parsed, tmdb_id=tmdb_id, imdb_id=imdb_id)

    def could_match(
        self, name: str, *, tmdb_id: int | None = None, imdb_id: str | None = None
    ) -> bool:
        """Whether a release could belong to a movie: only then is its name worth reading.

        It could when its ids, or ids in its name, are those of a movie; when its name begins, at a likely place, with a
        title, and states no year or one within a year of the movie's; or when a title stands anywhere in it right
        before such a year. Takes some microseconds.
        """
        if imdb_id in self._by_imdb or tmdb_id in self._by_tmdb:
            return True
        tokens = tokens_of(name)
        if _EPISODE.search(tokens.text) or (not tokens.years and _SEASON.search(tokens.text)):
            return False
        return self._is_named(tokens) or self._has_known_id(tokens.text)

    def _has_known_id(self, text: str) -> bool:
        if "tt" in text and any(each in self._by_imdb for each in _IMDB.findall(text)):
            return True
        return "tmdb" in text and any(int(each) in self._by_tmdb for each in _TMDB.findall(text))

    def _is_named(self, tokens: Tokens) -> bool:
        stated = set(tokens.years.values())
        for start in dict.fromkeys(tokens.starts[:_MOST_STARTS]):
            for movie in self._titled_at(tokens, start):
                if not stated or not movie.years or is_near(stated, movie.years):
                    return True
        return bool(tokens.years) and self._is_named_before_a_year(tokens)

    def _is_named_before_a_year(self, tokens: Tokens) -> bool:
        """Whether a title of several words ends right before a year, whatever stands in front of it."""
        words, by_key = tokens.words, self._by_key
        for end, year in tokens.years.items():
            key = ""
            for start in range(end - 1, 0, -1):
                key = words[start] + key
                if len(key) > self._longest:
                    break
                if start == end - 1 or key not in by_key:
                    continue
                if any(is_near({year}, movie.years) for movie in by_key[key]):
                    return True
        return False

    def _titled_at(self, tokens: Tokens, start: int) -> Iterator[Named]:
        """Yield the movies that have a title which begins at a word."""
        by_key, key = self._by_key, ""
        for end, word in enumerate(tokens.words[start:], start + 1):
            key += word
            if len(key) > self._longest:
                return
            # What is nothing but articles so far is a title only as it stands.
            yield from by_key.get(key or "".join(tokens.raw[start:end]), ())


def _take_out(lists: dict[str, tuple[Named, ...]], key: str, movie: Named) -> None:
    left = tuple(each for each in lists[key] if each is not movie)
    if left:
        lists[key] = left
    else:
        del lists[key]
