-- What is done again and again: a row a task, so that a restart neither forgets a turn nor repeats one.

CREATE TABLE schedule (
    task          text PRIMARY KEY,
    every_seconds double precision NOT NULL,
    next_run      timestamptz NOT NULL DEFAULT now(),
    last_run      timestamptz,
    CONSTRAINT schedule_every CHECK (every_seconds > 0)
) WITH (fillfactor = 50);
