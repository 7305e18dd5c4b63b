-- What was put back from a backup. A row without `reconciled_at` says that the world outside may have moved on since
-- the backup was made: the next daemon looks at the library before anything acts on these rows.

CREATE TABLE restoration (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    backup        text NOT NULL,
    taken_at      timestamptz NOT NULL,
    restored_at   timestamptz NOT NULL DEFAULT now(),
    reconciled_at timestamptz,
    -- Files of the library that no row knew, and that a movie has now.
    adopted       integer NOT NULL DEFAULT 0
);

CREATE INDEX restoration_open ON restoration (id) WHERE reconciled_at IS NULL;
