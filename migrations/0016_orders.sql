-- Orders in which movies are listed, and days that they are looked for by: each page of them walks along an index.

-- As Radarr sorts titles: without their article.
CREATE INDEX movie_by_sort_title ON movie (regexp_replace(lower(title), '^(the|an?) ', ''), id);

-- Days of ISO 8601 are in order as texts, bytewise.
CREATE INDEX movie_by_in_cinemas ON movie ((release_dates->>'in_cinemas') COLLATE "C");
CREATE INDEX movie_by_digital ON movie ((release_dates->>'digital') COLLATE "C");
CREATE INDEX movie_by_physical ON movie ((release_dates->>'physical') COLLATE "C");
