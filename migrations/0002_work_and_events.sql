-- Durable work, the event outbox, and who may act.

-- One row a process that claims work. It lives while the process holds its session advisory lock (found in
-- pg_locks); where a connection pooler makes such locks meaningless, while `seen_at` is renewed.
CREATE TABLE work_owner (
    owner       uuid PRIMARY KEY,
    lock_key    bigint NOT NULL,
    locks       boolean NOT NULL DEFAULT true,
    host        text NOT NULL,
    pid         integer NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

CREATE TABLE work (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The queue's name is the name of the actor that works on it.
    queue        text NOT NULL,
    kind         text NOT NULL,
    args         jsonb NOT NULL DEFAULT '{}',
    args_version smallint NOT NULL DEFAULT 1,
    state        text NOT NULL DEFAULT 'available',
    priority     smallint NOT NULL DEFAULT 2,
    run_at       timestamptz NOT NULL DEFAULT now(),
    attempt      integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL DEFAULT 25,
    unique_key   text,
    -- The same work was asked for again while it ran: it runs once more instead of being done.
    again        boolean NOT NULL DEFAULT false,
    -- Who runs it: the actor's incarnation, and the process that the incarnation lives in.
    worker       uuid,
    owner        uuid,
    claimed_at   timestamptz,
    deadline_at  timestamptz,
    -- How often the incarnation or process that ran it vanished.
    vanished     smallint NOT NULL DEFAULT 0,
    snoozes      integer NOT NULL DEFAULT 0,
    progress     jsonb NOT NULL DEFAULT '{}',
    -- The last ten, newest first: [{"at", "attempt", "reason", "sentence"}]
    errors       jsonb NOT NULL DEFAULT '[]',
    -- Why it waits or ended, for machines and for people.
    reason       text,
    sentence     text,
    traceparent  text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    CONSTRAINT work_state CHECK (state IN ('available', 'running', 'done', 'dead', 'cancelled')),
    CONSTRAINT work_priority CHECK (priority BETWEEN 0 AND 9),
    CONSTRAINT work_attempts CHECK (attempt >= 0 AND max_attempts >= 1),
    CONSTRAINT work_claim CHECK ((state = 'running') = (worker IS NOT NULL)
        AND (worker IS NULL) = (owner IS NULL) AND (worker IS NULL) = (deadline_at IS NULL)),
    CONSTRAINT work_finish CHECK ((state IN ('done', 'dead', 'cancelled')) = (finished_at IS NOT NULL)),
    CONSTRAINT work_death CHECK (state <> 'dead' OR (reason IS NOT NULL AND sentence IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200,
        autovacuum_analyze_scale_factor = 0.05);

CREATE INDEX work_claimable ON work (queue, priority, run_at, id) WHERE state = 'available';
CREATE INDEX work_running ON work (worker) WHERE state = 'running';
CREATE INDEX work_dead ON work (queue, finished_at) WHERE state = 'dead';
CREATE INDEX work_finished ON work (finished_at) WHERE state IN ('done', 'cancelled');
-- Over every state that is not final: a gap would silently break uniqueness.
CREATE UNIQUE INDEX work_once ON work (queue, kind, unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('available', 'running');

-- The outbox: what changed, written in the transaction that changed it.
--
-- Identity values are taken in one order and transactions commit in another, so `id` cannot be what a reader
-- remembers: an event that commits late would lie behind the cursor. Committed events get their `position` from
-- the one dispatcher, and cursors remember that.
CREATE TABLE event (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    position    bigint,
    kind        text NOT NULL,
    movie_id    bigint,
    payload     jsonb NOT NULL DEFAULT '{}',
    at          timestamptz NOT NULL DEFAULT now(),
    traceparent text,
    CONSTRAINT event_kind CHECK (kind ~ '^[a-z][a-z_]*(\.[a-z][a-z_]*)*$')
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

CREATE UNIQUE INDEX event_by_position ON event (position) WHERE position IS NOT NULL;
CREATE INDEX event_unplaced ON event (id) WHERE position IS NULL;

CREATE SEQUENCE event_position AS bigint OWNED BY event.position;

CREATE TABLE event_cursor (
    subscriber text PRIMARY KEY,
    position   bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 20);

-- The one process that may act. Its epoch only ever grows, and fences every write.
CREATE TABLE leader (
    singleton   boolean PRIMARY KEY DEFAULT true,
    epoch       bigint NOT NULL,
    holder      uuid,
    host        text NOT NULL DEFAULT '',
    pid         integer,
    lock_key    bigint,
    acquired_at timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT leader_singleton CHECK (singleton),
    CONSTRAINT leader_epoch CHECK (epoch >= 0)
) WITH (fillfactor = 20);

INSERT INTO leader (epoch) VALUES (0);
