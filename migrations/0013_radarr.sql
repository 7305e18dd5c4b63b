-- What Radarr's clients ask for and reeld itself has no row of.

-- Radarr's commands: what was asked for under which name, and the work that it became. How far it is, the work says.
CREATE TABLE radarr_command (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name     text NOT NULL,
    -- For people: what reeld makes of it.
    message  text NOT NULL,
    agent    text NOT NULL DEFAULT '',
    work_ids bigint[] NOT NULL,
    queued   timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX radarr_command_by_time ON radarr_command (queued);
