-- Indexers that speak Torznab or Newznab, as people and Prowlarr enter them, and searches that ask several at once.

CREATE TABLE indexer (
    id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Releases are stored under it.
    name                  text NOT NULL,
    implementation        text NOT NULL,
    base_url              text NOT NULL,
    api_path              text NOT NULL,
    -- Encrypted; NULL where none is wanted.
    sealed_api_key        bytea,
    -- Newznab's numbers.
    categories            integer[] NOT NULL,
    minimum_seeders       integer,
    seed_ratio            double precision,
    seed_minutes          integer,
    -- Radarr's bits, as in release.flags.
    required_flags        integer NOT NULL DEFAULT 0,
    multi_languages       integer[] NOT NULL DEFAULT '{}',
    remove_year           boolean NOT NULL DEFAULT false,
    additional_parameters text NOT NULL DEFAULT '',
    fail_downloads        integer[] NOT NULL DEFAULT '{}',
    enable_rss            boolean NOT NULL DEFAULT true,
    enable_automatic_search   boolean NOT NULL DEFAULT true,
    enable_interactive_search boolean NOT NULL DEFAULT true,
    priority              integer NOT NULL DEFAULT 25,
    download_client_id    integer NOT NULL DEFAULT 0,
    -- Labels of tags.
    tags                  text[] NOT NULL DEFAULT '{}',
    -- What a client sent and reeld has no use for: given back as it came.
    rest                  jsonb NOT NULL DEFAULT '{}',
    added_at              timestamptz NOT NULL DEFAULT now(),
    changed_at            timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT indexer_name_once UNIQUE (name),
    CONSTRAINT indexer_implementation CHECK (implementation IN ('Torznab', 'Newznab')),
    CONSTRAINT indexer_priority CHECK (priority BETWEEN 1 AND 50)
);

-- A search of one movie that asks several indexers: what is found is decided about when all have answered, or at the
-- deadline.
CREATE TABLE search (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    movie_id    bigint NOT NULL REFERENCES movie ON DELETE CASCADE,
    -- The parts that have not answered yet: 'hdbits', 'torznab:5'.
    waiting     text[] NOT NULL,
    begun_at    timestamptz NOT NULL DEFAULT now(),
    deadline_at timestamptz NOT NULL,
    ended_at    timestamptz
);

CREATE UNIQUE INDEX search_open_once ON search (movie_id) WHERE ended_at IS NULL;
CREATE INDEX search_by_end ON search (ended_at) WHERE ended_at IS NOT NULL;

-- Which releases a renamed or removed indexer has.
CREATE INDEX release_by_torznab ON release (indexer_ref) WHERE source = 'torznab';
