-- What people say of a file in the library, and the name that it is given anew.

ALTER TABLE library_file
    -- Radarr's names of the languages that it is spoken in; NULL while nobody said otherwise than its sound tracks.
    ADD COLUMN languages text[],
    -- What the indexer said of the release, with Radarr's bits.
    ADD COLUMN flags integer NOT NULL DEFAULT 0;

-- The journal of a file that gets another name in its folder. Its inode tells after a crash under which one it lies.
CREATE TABLE file_rename (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    movie_id    bigint NOT NULL REFERENCES movie ON DELETE CASCADE,
    file_id     bigint NOT NULL,
    root_folder text NOT NULL,
    from_path   text NOT NULL,
    to_path     text NOT NULL,
    size        bigint NOT NULL,
    -- st_ino is an unsigned 64-bit number.
    inode       numeric(20) NOT NULL,
    step        text NOT NULL DEFAULT 'planned',
    reason      text,
    sentence    text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    step_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT file_rename_step CHECK (step IN ('planned', 'done', 'failed')),
    CONSTRAINT file_rename_other CHECK (from_path <> to_path),
    CONSTRAINT file_rename_failure CHECK (step <> 'failed' OR (reason IS NOT NULL AND sentence IS NOT NULL)),
    CONSTRAINT file_rename_inside CHECK
        (to_path <> '' AND to_path !~ '^/' AND to_path !~ '(^|/)\.\.(/|$)')
);

CREATE UNIQUE INDEX file_rename_one_open ON file_rename (file_id) WHERE step = 'planned';
CREATE UNIQUE INDEX file_rename_one_name ON file_rename (root_folder, to_path) WHERE step = 'planned';
CREATE INDEX file_rename_by_movie ON file_rename (movie_id);
