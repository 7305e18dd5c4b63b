-- The pipeline: movies, what was found for them, what is being fetched, and what is in the library.
--
-- Every stored time comes from the database's clock. Core features of PostgreSQL 16 to 18 only, no extension.
-- Tables that are updated often keep free room in their pages (fillfactor), so that an update of an unindexed
-- column stays on its page (HOT), and are vacuumed early.

CREATE TABLE movie (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tmdb_id              bigint NOT NULL,
    imdb_id              text,
    title                text NOT NULL,
    original_title       text,
    original_language    text,
    year                 integer,
    secondary_year       integer,
    runtime_minutes      integer,
    overview             text NOT NULL DEFAULT '',
    genres               text[] NOT NULL DEFAULT '{}',
    alternative_titles   text[] NOT NULL DEFAULT '{}',
    -- How far the movie itself is released, as TMDB says.
    status               text NOT NULL DEFAULT 'announced',
    certification        text,
    wikidata_id          text,
    collection_tmdb_id   bigint,
    collection_title     text,
    -- {"in_cinemas": "2008-05-30", "digital": ..., "physical": ...}: calendar dates, absent when unknown.
    release_dates        jsonb NOT NULL DEFAULT '{}',
    poster_path          text,
    backdrop_path        text,
    monitored            boolean NOT NULL DEFAULT true,
    minimum_availability text NOT NULL DEFAULT 'released',
    -- NULL for the default root folder.
    root_folder          text,
    profile              text NOT NULL,
    stage                text NOT NULL DEFAULT 'wanted',
    progress             real NOT NULL DEFAULT 0,
    stage_note           text NOT NULL DEFAULT '',
    stage_at             timestamptz NOT NULL DEFAULT now(),
    added_at             timestamptz NOT NULL DEFAULT now(),
    refreshed_at         timestamptz,
    searched_at          timestamptz,
    -- The trace that the movie's whole way belongs to (W3C traceparent).
    traceparent          text,
    CONSTRAINT movie_tmdb_id_once UNIQUE (tmdb_id),
    CONSTRAINT movie_stage CHECK (stage IN
        ('wanted', 'searched', 'decided', 'grabbed', 'downloading', 'importing', 'in_library', 'failed')),
    CONSTRAINT movie_progress CHECK (progress BETWEEN 0 AND 1),
    CONSTRAINT movie_status CHECK (status IN ('announced', 'in_cinemas', 'released', 'deleted')),
    CONSTRAINT movie_minimum_availability CHECK (minimum_availability IN ('announced', 'in_cinemas', 'released')),
    CONSTRAINT movie_imdb_id CHECK (imdb_id ~ '^tt[0-9]{7,10}$')
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX movie_by_stage ON movie (stage, id);
CREATE INDEX movie_by_imdb_id ON movie (imdb_id) WHERE imdb_id IS NOT NULL;
CREATE INDEX movie_by_added ON movie (added_at DESC, id DESC);

CREATE TABLE release (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The kind of source ('hdbits', 'rss'), which is also the actor that fetches its torrent.
    source       text NOT NULL,
    -- The name of the indexer or feed; a guid is unique within it.
    indexer      text NOT NULL,
    guid         text NOT NULL,
    title        text NOT NULL,
    size         bigint,
    seeders      integer,
    leechers     integer,
    infohash     text,
    imdb_id      text,
    tmdb_id      bigint,
    movie_id     bigint REFERENCES movie ON DELETE SET NULL,
    published_at timestamptz,
    freeleech    boolean NOT NULL DEFAULT false,
    internal     boolean NOT NULL DEFAULT false,
    -- What the indexer needs to find the torrent again (HDBits: the torrent's id). Never a URL with a passkey.
    indexer_ref  text NOT NULL DEFAULT '',
    -- A feed's download link, encrypted: such links carry passkeys.
    sealed_link  bytea,
    parsed       jsonb,
    -- {"accepted": bool, "quality", "revision", "rejections": [{"reason", "sentence", "permanent"}]}
    verdict      jsonb,
    first_seen   timestamptz NOT NULL DEFAULT now(),
    last_seen    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT release_guid_once UNIQUE (indexer, guid),
    CONSTRAINT release_infohash CHECK (infohash ~ '^([0-9a-f]{40}|[0-9a-f]{64})$'),
    CONSTRAINT release_size CHECK (size >= 0)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX release_by_movie ON release (movie_id, id) WHERE movie_id IS NOT NULL;
CREATE INDEX release_by_infohash ON release (infohash) WHERE infohash IS NOT NULL;
CREATE INDEX release_unmatched ON release (id) WHERE movie_id IS NULL;
CREATE INDEX release_by_first_seen ON release (first_seen);

CREATE TABLE acquisition (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    movie_id       bigint NOT NULL REFERENCES movie ON DELETE CASCADE,
    release_id     bigint NOT NULL REFERENCES release,
    source         text NOT NULL,
    indexer        text NOT NULL,
    title          text NOT NULL,
    size           bigint,
    state          text NOT NULL DEFAULT 'intent',
    -- The .torrent file: fetched once, so that a crash never downloads it twice.
    torrent        bytea,
    infohash       text,
    -- The torrent as the download client names it, and the tag that marks it as ours.
    client_ref     text,
    category       text,
    client_state   text,
    progress       real NOT NULL DEFAULT 0,
    downloaded     bigint NOT NULL DEFAULT 0,
    speed          bigint NOT NULL DEFAULT 0,
    eta_seconds    integer,
    -- Polls in a row in which the client did not know the torrent.
    missed_polls   integer NOT NULL DEFAULT 0,
    -- [{"path": relative to save_path, "size": bytes}], as the client names them
    files          jsonb,
    save_path      text,
    content_path   text,
    -- Why it failed, for machines; and a sentence about the present state, for people.
    failure        text,
    note           text NOT NULL DEFAULT '',
    traceparent    text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    state_at       timestamptz NOT NULL DEFAULT now(),
    fetched_at     timestamptz,
    sent_at        timestamptz,
    completed_at   timestamptz,
    finished_at    timestamptz,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT acquisition_state CHECK (state IN
        ('intent', 'fetched', 'sent', 'downloading', 'complete', 'imported', 'failed')),
    CONSTRAINT acquisition_progress CHECK (progress BETWEEN 0 AND 1),
    CONSTRAINT acquisition_infohash CHECK (infohash ~ '^([0-9a-f]{40}|[0-9a-f]{64})$'),
    CONSTRAINT acquisition_fetched CHECK
        (state IN ('intent', 'failed') OR (torrent IS NOT NULL AND infohash IS NOT NULL)),
    CONSTRAINT acquisition_failure CHECK ((state = 'failed') = (failure IS NOT NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 100);

-- Piece hashes do not compress: do not try.
ALTER TABLE acquisition ALTER COLUMN torrent SET STORAGE EXTERNAL;

-- A movie is fetched once at a time, and a torrent belongs to one acquisition at a time.
CREATE UNIQUE INDEX acquisition_one_active ON acquisition (movie_id)
    WHERE state IN ('intent', 'fetched', 'sent', 'downloading', 'complete');
CREATE UNIQUE INDEX acquisition_active_infohash ON acquisition (infohash)
    WHERE infohash IS NOT NULL AND state IN ('intent', 'fetched', 'sent', 'downloading', 'complete');
CREATE INDEX acquisition_by_movie ON acquisition (movie_id, id);
CREATE INDEX acquisition_by_release ON acquisition (release_id);
CREATE INDEX acquisition_by_infohash ON acquisition (infohash, id) WHERE infohash IS NOT NULL;

CREATE TABLE library_file (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    movie_id         bigint NOT NULL REFERENCES movie ON DELETE CASCADE,
    root_folder      text NOT NULL,
    relative_path    text NOT NULL,
    size             bigint NOT NULL,
    -- The quality's name ('Bluray-1080p') and its revision.
    quality          text NOT NULL,
    revision_version integer NOT NULL DEFAULT 1,
    revision_real    integer NOT NULL DEFAULT 0,
    is_repack        boolean NOT NULL DEFAULT false,
    edition          text,
    release_group    text,
    release_title    text,
    infohash         text,
    -- How the file came to be; NULL for one that a person put there.
    link_kind        text,
    media            jsonb,
    -- st_dev and st_ino are unsigned 64-bit numbers.
    device           numeric(20),
    inode            numeric(20),
    acquisition_id   bigint REFERENCES acquisition ON DELETE SET NULL,
    added_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT library_file_path_once UNIQUE (root_folder, relative_path),
    CONSTRAINT library_file_size CHECK (size >= 0),
    CONSTRAINT library_file_link_kind CHECK (link_kind IN ('hardlink', 'reflink', 'copy')),
    CONSTRAINT library_file_inside CHECK
        (relative_path <> '' AND relative_path !~ '^/' AND relative_path !~ '(^|/)\.\.(/|$)')
);

CREATE INDEX library_file_by_movie ON library_file (movie_id);
CREATE INDEX library_file_by_acquisition ON library_file (acquisition_id) WHERE acquisition_id IS NOT NULL;

CREATE TABLE import_journal (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    acquisition_id bigint NOT NULL REFERENCES acquisition ON DELETE CASCADE,
    movie_id       bigint NOT NULL REFERENCES movie ON DELETE CASCADE,
    step           text NOT NULL DEFAULT 'planned',
    -- Absolute path of the downloaded file, and where it goes below the root folder.
    source         text NOT NULL,
    root_folder    text NOT NULL,
    destination    text NOT NULL,
    link_kind      text,
    size           bigint NOT NULL,
    device         numeric(20),
    inode          numeric(20),
    -- The file that this one replaces: kept under recycle_path until the new one is recorded.
    old_file_id    bigint,
    old_path       text,
    recycle_path   text,
    file_id        bigint,
    probe          jsonb,
    reason         text,
    sentence       text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    step_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT import_journal_step CHECK (step IN
        ('planned', 'placed', 'verified', 'recorded', 'retired', 'done', 'failed')),
    CONSTRAINT import_journal_link_kind CHECK (link_kind IN ('hardlink', 'reflink', 'copy')),
    CONSTRAINT import_journal_failure CHECK (step <> 'failed' OR (reason IS NOT NULL AND sentence IS NOT NULL)),
    CONSTRAINT import_journal_inside CHECK
        (destination <> '' AND destination !~ '^/' AND destination !~ '(^|/)\.\.(/|$)')
) WITH (fillfactor = 80);

-- One plan for a downloaded file, and never two imports at work on one final name.
CREATE UNIQUE INDEX import_journal_source_once ON import_journal (acquisition_id, source) WHERE step <> 'failed';
CREATE UNIQUE INDEX import_journal_destination_once ON import_journal (root_folder, destination)
    WHERE step NOT IN ('done', 'failed');
CREATE INDEX import_journal_open ON import_journal (id) WHERE step NOT IN ('done', 'failed');
CREATE INDEX import_journal_by_movie ON import_journal (movie_id);

-- What happened, for people. Append only; a fact outlives the movie it speaks of, hence no foreign key.
CREATE TABLE history (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    movie_id      bigint NOT NULL,
    kind          text NOT NULL,
    release_title text,
    infohash      text,
    data          jsonb NOT NULL DEFAULT '{}',
    at            timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT history_kind CHECK (kind ~ '^[a-z][a-z_]{1,62}$')
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);

CREATE INDEX history_by_movie ON history (movie_id, at DESC, id DESC);
CREATE INDEX history_by_time ON history (at DESC, id DESC);
CREATE INDEX history_by_kind ON history (kind, at DESC, id DESC);
CREATE INDEX history_by_infohash ON history (infohash, at DESC) WHERE infohash IS NOT NULL;

CREATE TABLE blocklist (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    movie_id   bigint NOT NULL REFERENCES movie ON DELETE CASCADE,
    infohash   text,
    indexer    text NOT NULL,
    guid       text NOT NULL,
    title      text NOT NULL,
    reason     text NOT NULL,
    sentence   text NOT NULL DEFAULT '',
    at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT blocklist_guid_once UNIQUE (movie_id, indexer, guid)
);

CREATE UNIQUE INDEX blocklist_infohash_once ON blocklist (movie_id, infohash) WHERE infohash IS NOT NULL;
