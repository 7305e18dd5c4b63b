-- What is wanted of a release, what was decided about it and why, and what is known of those who make releases.

CREATE TABLE quality_profile (
    id                       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                     text NOT NULL,
    -- NULL follows the setting `decision.upgrades_allowed`.
    upgrades_allowed         boolean,
    -- The name of a quality or of a group of `items`.
    cutoff                   text NOT NULL,
    -- Ascending, later is better: [{"qualities": [names], "allowed": bool, "id": number and "name" of a group}].
    items                    jsonb NOT NULL,
    min_format_score         integer NOT NULL DEFAULT 0,
    cutoff_format_score      integer NOT NULL DEFAULT 0,
    min_upgrade_format_score integer NOT NULL DEFAULT 1,
    -- 'any', 'original' or the name of a language.
    language                 text NOT NULL DEFAULT 'original',
    -- How many points of score the best possible reputation of a release group is worth.
    reputation_weight        integer NOT NULL DEFAULT 0,
    CONSTRAINT quality_profile_name_once UNIQUE (name),
    CONSTRAINT quality_profile_items CHECK (jsonb_typeof(items) = 'array'),
    CONSTRAINT quality_profile_increment CHECK (min_upgrade_format_score >= 1),
    CONSTRAINT quality_profile_reputation CHECK (reputation_weight >= 0)
);

-- Radarr's six, in its order, so that they get its numbers.
INSERT INTO quality_profile (name, cutoff, items) VALUES
    ('Any', 'Bluray-480p', '[
      {"qualities": ["Unknown"], "allowed": false},
      {"qualities": ["WORKPRINT"], "allowed": true},
      {"qualities": ["CAM"], "allowed": true},
      {"qualities": ["TELESYNC"], "allowed": true},
      {"qualities": ["TELECINE"], "allowed": true},
      {"qualities": ["REGIONAL"], "allowed": true},
      {"qualities": ["DVDSCR"], "allowed": true},
      {"qualities": ["SDTV"], "allowed": true},
      {"qualities": ["DVD"], "allowed": true},
      {"qualities": ["DVD-R"], "allowed": true},
      {"id": 1000, "name": "WEB 480p", "qualities": ["WEBDL-480p", "WEBRip-480p"], "allowed": true},
      {"qualities": ["Bluray-480p"], "allowed": true},
      {"qualities": ["Bluray-576p"], "allowed": true},
      {"qualities": ["HDTV-720p"], "allowed": true},
      {"id": 1001, "name": "WEB 720p", "qualities": ["WEBDL-720p", "WEBRip-720p"], "allowed": true},
      {"qualities": ["Bluray-720p"], "allowed": true},
      {"qualities": ["HDTV-1080p"], "allowed": true},
      {"id": 1002, "name": "WEB 1080p", "qualities": ["WEBDL-1080p", "WEBRip-1080p"], "allowed": true},
      {"qualities": ["Bluray-1080p"], "allowed": true},
      {"qualities": ["Remux-1080p"], "allowed": true},
      {"qualities": ["HDTV-2160p"], "allowed": true},
      {"id": 1003, "name": "WEB 2160p", "qualities": ["WEBDL-2160p", "WEBRip-2160p"], "allowed": true},
      {"qualities": ["Bluray-2160p"], "allowed": true},
      {"qualities": ["Remux-2160p"], "allowed": true},
      {"qualities": ["BR-DISK"], "allowed": true},
      {"qualities": ["Raw-HD"], "allowed": false}
    ]'),
    ('SD', 'Bluray-480p', '[
      {"qualities": ["Unknown"], "allowed": false},
      {"qualities": ["WORKPRINT"], "allowed": true},
      {"qualities": ["CAM"], "allowed": true},
      {"qualities": ["TELESYNC"], "allowed": true},
      {"qualities": ["TELECINE"], "allowed": true},
      {"qualities": ["REGIONAL"], "allowed": true},
      {"qualities": ["DVDSCR"], "allowed": true},
      {"qualities": ["SDTV"], "allowed": true},
      {"qualities": ["DVD"], "allowed": true},
      {"qualities": ["DVD-R"], "allowed": false},
      {"id": 1000, "name": "WEB 480p", "qualities": ["WEBDL-480p", "WEBRip-480p"], "allowed": true},
      {"qualities": ["Bluray-480p"], "allowed": true},
      {"qualities": ["Bluray-576p"], "allowed": true},
      {"qualities": ["HDTV-720p"], "allowed": false},
      {"id": 1001, "name": "WEB 720p", "qualities": ["WEBDL-720p", "WEBRip-720p"], "allowed": false},
      {"qualities": ["Bluray-720p"], "allowed": false},
      {"qualities": ["HDTV-1080p"], "allowed": false},
      {"id": 1002, "name": "WEB 1080p", "qualities": ["WEBDL-1080p", "WEBRip-1080p"], "allowed": false},
      {"qualities": ["Bluray-1080p"], "allowed": false},
      {"qualities": ["Remux-1080p"], "allowed": false},
      {"qualities": ["HDTV-2160p"], "allowed": false},
      {"id": 1003, "name": "WEB 2160p", "qualities": ["WEBDL-2160p", "WEBRip-2160p"], "allowed": false},
      {"qualities": ["Bluray-2160p"], "allowed": false},
      {"qualities": ["Remux-2160p"], "allowed": false},
      {"qualities": ["BR-DISK"], "allowed": false},
      {"qualities": ["Raw-HD"], "allowed": false}
    ]'),
    ('HD-720p', 'Bluray-720p', '[
      {"qualities": ["Unknown"], "allowed": false},
      {"qualities": ["WORKPRINT"], "allowed": false},
      {"qualities": ["CAM"], "allowed": false},
      {"qualities": ["TELESYNC"], "allowed": false},
      {"qualities": ["TELECINE"], "allowed": false},
      {"qualities": ["REGIONAL"], "allowed": false},
      {"qualities": ["DVDSCR"], "allowed": false},
      {"qualities": ["SDTV"], "allowed": false},
      {"qualities": ["DVD"], "allowed": false},
      {"qualities": ["DVD-R"], "allowed": false},
      {"id": 1000, "name": "WEB 480p", "qualities": ["WEBDL-480p", "WEBRip-480p"], "allowed": false},
      {"qualities": ["Bluray-480p"], "allowed": false},
      {"qualities": ["Bluray-576p"], "allowed": false},
      {"qualities": ["HDTV-720p"], "allowed": true},
      {"id": 1001, "name": "WEB 720p", "qualities": ["WEBDL-720p", "WEBRip-720p"], "allowed": true},
      {"qualities": ["Bluray-720p"], "allowed": true},
      {"qualities": ["HDTV-1080p"], "allowed": false},
      {"id": 1002, "name": "WEB 1080p", "qualities": ["WEBDL-1080p", "WEBRip-1080p"], "allowed": false},
      {"qualities": ["Bluray-1080p"], "allowed": false},
      {"qualities": ["Remux-1080p"], "allowed": false},
      {"qualities": ["HDTV-2160p"], "allowed": false},
      {"id": 1003, "name": "WEB 2160p", "qualities": ["WEBDL-2160p", "WEBRip-2160p"], "allowed": false},
      {"qualities": ["Bluray-2160p"], "allowed": false},
      {"qualities": ["Remux-2160p"], "allowed": false},
      {"qualities": ["BR-DISK"], "allowed": false},
      {"qualities": ["Raw-HD"], "allowed": false}
    ]'),
    ('HD-1080p', 'Bluray-1080p', '[
      {"qualities": ["Unknown"], "allowed": false},
      {"qualities": ["WORKPRINT"], "allowed": false},
      {"qualities": ["CAM"], "allowed": false},
      {"qualities": ["TELESYNC"], "allowed": false},
      {"qualities": ["TELECINE"], "allowed": false},
      {"qualities": ["REGIONAL"], "allowed": false},
      {"qualities": ["DVDSCR"], "allowed": false},
      {"qualities": ["SDTV"], "allowed": false},
      {"qualities": ["DVD"], "allowed": false},
      {"qualities": ["DVD-R"], "allowed": false},
      {"id": 1000, "name": "WEB 480p", "qualities": ["WEBDL-480p", "WEBRip-480p"], "allowed": false},
      {"qualities": ["Bluray-480p"], "allowed": false},
      {"qualities": ["Bluray-576p"], "allowed": false},
      {"qualities": ["HDTV-720p"], "allowed": false},
      {"id": 1001, "name": "WEB 720p", "qualities": ["WEBDL-720p", "WEBRip-720p"], "allowed": false},
      {"qualities": ["Bluray-720p"], "allowed": false},
      {"qualities": ["HDTV-1080p"], "allowed": true},
      {"id": 1002, "name": "WEB 1080p", "qualities": ["WEBDL-1080p", "WEBRip-1080p"], "allowed": true},
      {"qualities": ["Bluray-1080p"], "allowed": true},
      {"qualities": ["Remux-1080p"], "allowed": true},
      {"qualities": ["HDTV-2160p"], "allowed": false},
      {"id": 1003, "name": "WEB 2160p", "qualities": ["WEBDL-2160p", "WEBRip-2160p"], "allowed": false},
      {"qualities": ["Bluray-2160p"], "allowed": false},
      {"qualities": ["Remux-2160p"], "allowed": false},
      {"qualities": ["BR-DISK"], "allowed": false},
      {"qualities": ["Raw-HD"], "allowed": false}
    ]'),
    ('Ultra-HD', 'Remux-2160p', '[
      {"qualities": ["Unknown"], "allowed": false},
      {"qualities": ["WORKPRINT"], "allowed": false},
      {"qualities": ["CAM"], "allowed": false},
      {"qualities": ["TELESYNC"], "allowed": false},
      {"qualities": ["TELECINE"], "allowed": false},
      {"qualities": ["REGIONAL"], "allowed": false},
      {"qualities": ["DVDSCR"], "allowed": false},
      {"qualities": ["SDTV"], "allowed": false},
      {"qualities": ["DVD"], "allowed": false},
      {"qualities": ["DVD-R"], "allowed": false},
      {"id": 1000, "name": "WEB 480p", "qualities": ["WEBDL-480p", "WEBRip-480p"], "allowed": false},
      {"qualities": ["Bluray-480p"], "allowed": false},
      {"qualities": ["Bluray-576p"], "allowed": false},
      {"qualities": ["HDTV-720p"], "allowed": false},
      {"id": 1001, "name": "WEB 720p", "qualities": ["WEBDL-720p", "WEBRip-720p"], "allowed": false},
      {"qualities": ["Bluray-720p"], "allowed": false},
      {"qualities": ["HDTV-1080p"], "allowed": false},
      {"id": 1002, "name": "WEB 1080p", "qualities": ["WEBDL-1080p", "WEBRip-1080p"], "allowed": false},
      {"qualities": ["Bluray-1080p"], "allowed": false},
      {"qualities": ["Remux-1080p"], "allowed": false},
      {"qualities": ["HDTV-2160p"], "allowed": true},
      {"id": 1003, "name": "WEB 2160p", "qualities": ["WEBDL-2160p", "WEBRip-2160p"], "allowed": true},
      {"qualities": ["Bluray-2160p"], "allowed": true},
      {"qualities": ["Remux-2160p"], "allowed": true},
      {"qualities": ["BR-DISK"], "allowed": false},
      {"qualities": ["Raw-HD"], "allowed": false}
    ]'),
    ('HD - 720p/1080p', 'Bluray-720p', '[
      {"qualities": ["Unknown"], "allowed": false},
      {"qualities": ["WORKPRINT"], "allowed": false},
      {"qualities": ["CAM"], "allowed": false},
      {"qualities": ["TELESYNC"], "allowed": false},
      {"qualities": ["TELECINE"], "allowed": false},
      {"qualities": ["REGIONAL"], "allowed": false},
      {"qualities": ["DVDSCR"], "allowed": false},
      {"qualities": ["SDTV"], "allowed": false},
      {"qualities": ["DVD"], "allowed": false},
      {"qualities": ["DVD-R"], "allowed": false},
      {"id": 1000, "name": "WEB 480p", "qualities": ["WEBDL-480p", "WEBRip-480p"], "allowed": false},
      {"qualities": ["Bluray-480p"], "allowed": false},
      {"qualities": ["Bluray-576p"], "allowed": false},
      {"qualities": ["HDTV-720p"], "allowed": true},
      {"id": 1001, "name": "WEB 720p", "qualities": ["WEBDL-720p", "WEBRip-720p"], "allowed": true},
      {"qualities": ["Bluray-720p"], "allowed": true},
      {"qualities": ["HDTV-1080p"], "allowed": true},
      {"id": 1002, "name": "WEB 1080p", "qualities": ["WEBDL-1080p", "WEBRip-1080p"], "allowed": true},
      {"qualities": ["Bluray-1080p"], "allowed": true},
      {"qualities": ["Remux-1080p"], "allowed": true},
      {"qualities": ["HDTV-2160p"], "allowed": false},
      {"id": 1003, "name": "WEB 2160p", "qualities": ["WEBDL-2160p", "WEBRip-2160p"], "allowed": false},
      {"qualities": ["Bluray-2160p"], "allowed": false},
      {"qualities": ["Remux-2160p"], "allowed": false},
      {"qualities": ["BR-DISK"], "allowed": false},
      {"qualities": ["Raw-HD"], "allowed": false}
    ]');

-- A name that somebody used stays: it means what 'Any' means.
INSERT INTO quality_profile (name, cutoff, items)
SELECT DISTINCT movie.profile, model.cutoff, model.items FROM movie, quality_profile model
WHERE model.name = 'Any' AND movie.profile NOT IN (SELECT name FROM quality_profile);

ALTER TABLE movie ADD CONSTRAINT movie_profile FOREIGN KEY (profile) REFERENCES quality_profile (name) ON UPDATE CASCADE;
CREATE INDEX movie_by_profile ON movie (profile);

-- What a person changed; a quality without a row has Radarr's limits.
CREATE TABLE quality_definition (
    quality                 text PRIMARY KEY,
    title                   text NOT NULL,
    -- Megabytes a minute of running time; NULL is no limit.
    min_mb_per_minute       double precision NOT NULL DEFAULT 0,
    preferred_mb_per_minute double precision,
    max_mb_per_minute       double precision,
    CONSTRAINT quality_definition_order CHECK
        (min_mb_per_minute >= 0 AND min_mb_per_minute <= coalesce(max_mb_per_minute, 2000))
);

CREATE TABLE custom_format (
    id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                  text NOT NULL,
    include_when_renaming boolean NOT NULL DEFAULT false,
    -- As Radarr writes them: [{"name", "implementation", "negate", "required", "fields"}].
    specifications        jsonb NOT NULL,
    -- What else the imported document said, to be exported unchanged.
    rest                  jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT custom_format_name_once UNIQUE (name)
);

CREATE TABLE profile_format_score (
    profile_id bigint NOT NULL REFERENCES quality_profile ON DELETE CASCADE,
    format_id  bigint NOT NULL REFERENCES custom_format ON DELETE CASCADE,
    score      integer NOT NULL,
    PRIMARY KEY (profile_id, format_id)
);

CREATE INDEX profile_format_score_by_format ON profile_format_score (format_id);

-- The formats of a release are found once, on the release as it was grabbed, and go with it into the library:
-- [{"id", "name"}]. NULL for a file that was not grabbed.
ALTER TABLE acquisition
    ADD COLUMN formats      jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN format_score integer NOT NULL DEFAULT 0,
    ADD COLUMN release_group text;
ALTER TABLE library_file
    ADD COLUMN formats      jsonb,
    ADD COLUMN format_score integer;

CREATE TABLE tag (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    label text NOT NULL,
    CONSTRAINT tag_label_once UNIQUE (label),
    CONSTRAINT tag_label CHECK (label = lower(label) AND label <> '')
);

ALTER TABLE movie ADD COLUMN tags bigint[] NOT NULL DEFAULT '{}';
CREATE INDEX movie_by_tag ON movie USING gin (tags) WHERE tags <> '{}';

CREATE TABLE delay_profile (
    id                      bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 2) PRIMARY KEY,
    enable_usenet           boolean NOT NULL DEFAULT true,
    enable_torrent          boolean NOT NULL DEFAULT true,
    preferred_protocol      text NOT NULL DEFAULT 'torrent',
    usenet_delay_minutes    integer NOT NULL DEFAULT 0,
    torrent_delay_minutes   integer NOT NULL DEFAULT 0,
    bypass_if_highest_quality boolean NOT NULL DEFAULT true,
    -- NULL: a score does not cut the delay short.
    bypass_from_format_score integer,
    -- The first one whose tags fit is used; the last one has no tags and fits all.
    place                   integer NOT NULL,
    tags                    bigint[] NOT NULL DEFAULT '{}',
    CONSTRAINT delay_profile_minutes CHECK (usenet_delay_minutes >= 0 AND torrent_delay_minutes >= 0),
    CONSTRAINT delay_profile_protocol CHECK (preferred_protocol IN ('usenet', 'torrent'))
);

INSERT INTO delay_profile (id, place) VALUES (1, 2147483647);

CREATE TABLE release_profile (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name     text NOT NULL DEFAULT '',
    enabled  boolean NOT NULL DEFAULT true,
    -- Terms: a substring, or /a regular expression/ with flags behind it.
    required text[] NOT NULL DEFAULT '{}',
    ignored  text[] NOT NULL DEFAULT '{}',
    -- [{"term", "score"}]
    preferred jsonb NOT NULL DEFAULT '[]',
    -- NULL: of every indexer.
    indexer  text,
    tags     bigint[] NOT NULL DEFAULT '{}'
);

-- What the indexer says of a release: Radarr's bits (1 freeleech, 32 internal, 128 scene ...).
ALTER TABLE release ADD COLUMN flags integer NOT NULL DEFAULT 0;
UPDATE release SET flags = freeleech::integer + internal::integer * 32 WHERE freeleech OR internal;
ALTER TABLE release DROP COLUMN freeleech, DROP COLUMN internal;
CREATE INDEX release_by_imdb_id ON release (imdb_id) WHERE imdb_id IS NOT NULL;

-- Releases that are right, but not yet: a better one may come, or the download client is away.
CREATE TABLE pending_release (
    release_id bigint PRIMARY KEY REFERENCES release ON DELETE CASCADE,
    movie_id   bigint NOT NULL REFERENCES movie ON DELETE CASCADE,
    reason     text NOT NULL,
    added_at   timestamptz NOT NULL DEFAULT now(),
    due_at     timestamptz NOT NULL,
    CONSTRAINT pending_release_reason CHECK
        (reason IN ('delay', 'client_unavailable', 'indexer_unavailable', 'fallback'))
);

CREATE INDEX pending_release_by_movie ON pending_release (movie_id);
CREATE INDEX pending_release_by_due ON pending_release (due_at);

-- Every decision with its explanation. One that was made again with the same end is counted, not stored again.
CREATE TABLE decision (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    movie_id    bigint NOT NULL REFERENCES movie ON DELETE CASCADE,
    cause       text NOT NULL,
    -- The release that was taken; NULL when none was.
    release_id  bigint REFERENCES release ON DELETE SET NULL,
    explanation jsonb NOT NULL,
    digest      bytea NOT NULL,
    times       integer NOT NULL DEFAULT 1,
    at          timestamptz NOT NULL DEFAULT now(),
    last_at     timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_insert_scale_factor = 0.1);

CREATE INDEX decision_by_movie ON decision (movie_id, id DESC);
CREATE INDEX decision_by_time ON decision (last_at);

-- What happened with the releases of a group, one row a fact.
CREATE TABLE group_evidence (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The group's name in lower case.
    group_key      text NOT NULL,
    group_name     text NOT NULL,
    kind           text NOT NULL,
    acquisition_id bigint REFERENCES acquisition ON DELETE SET NULL,
    movie_id       bigint REFERENCES movie ON DELETE SET NULL,
    release_title  text NOT NULL DEFAULT '',
    detail         jsonb NOT NULL DEFAULT '{}',
    at             timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT group_evidence_once UNIQUE (acquisition_id, kind)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.1);

-- Sums over all that is known of a group are read from the index alone.
CREATE INDEX group_evidence_by_group ON group_evidence (group_key, id) INCLUDE (kind, at);

CREATE INDEX group_evidence_by_time ON group_evidence (at);

-- What indexers say of a group's releases is counted from the releases themselves.
CREATE INDEX release_by_group ON release (lower(parsed ->> 'group')) WHERE parsed ->> 'group' IS NOT NULL;

-- What a person says of a group.
CREATE TABLE group_rule (
    group_key  text PRIMARY KEY,
    group_name text NOT NULL,
    rule       text NOT NULL,
    note       text NOT NULL DEFAULT '',
    at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT group_rule_rule CHECK (rule IN ('block', 'prefer'))
);

-- Searches on schedule.
ALTER TABLE movie
    -- When the schedule last asked for a search, whatever came of it.
    ADD COLUMN scheduled_at     timestamptz,
    -- Searches since a release of it was last taken.
    ADD COLUMN searches_in_vain integer NOT NULL DEFAULT 0,
    -- The last transaction that changed by what releases are matched to it, or whether they are: whoever keeps an index
    -- of titles reads what is not older than the oldest transaction that ran at its last look.
    ADD COLUMN names_xid        xid8 NOT NULL DEFAULT pg_current_xact_id();

UPDATE movie SET searches_in_vain = 1 WHERE searched_at IS NOT NULL AND stage IN ('searched', 'in_library');

CREATE INDEX movie_by_names_xid ON movie (names_xid);
CREATE INDEX movie_by_scheduled ON movie (scheduled_at) WHERE scheduled_at IS NOT NULL;

CREATE OR REPLACE FUNCTION movie_names_changed() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    NEW.names_xid := pg_current_xact_id();
    RETURN NEW;
END
$body$;

CREATE TRIGGER movie_names_changed BEFORE UPDATE ON movie FOR EACH ROW
WHEN ((OLD.tmdb_id, OLD.imdb_id, OLD.title, OLD.original_title, OLD.alternative_titles, OLD.year, OLD.secondary_year,
       OLD.monitored, OLD.asked_at, OLD.profile, OLD.stage)
    IS DISTINCT FROM
      (NEW.tmdb_id, NEW.imdb_id, NEW.title, NEW.original_title, NEW.alternative_titles, NEW.year, NEW.secondary_year,
       NEW.monitored, NEW.asked_at, NEW.profile, NEW.stage))
EXECUTE FUNCTION movie_names_changed();
