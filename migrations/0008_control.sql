-- Who may do what, what was done through the control port, and answers that a repeated request gets again.

ALTER TABLE api_key ADD COLUMN scope text NOT NULL DEFAULT 'admin'
    CONSTRAINT api_key_scope CHECK (scope IN ('read', 'operate', 'admin'));

-- What people and programs did. Append only.
CREATE TABLE control_audit (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- When it was done; a row that waited for the database is written later.
    at      timestamptz NOT NULL,
    -- The name of the key, and the address that the request came from.
    who     text NOT NULL,
    origin  text NOT NULL,
    action  text NOT NULL,
    target  text NOT NULL,
    reason  text NOT NULL DEFAULT '',
    -- 'ok', or the machine-readable reason of the refusal.
    outcome text NOT NULL,
    detail  jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT control_audit_action CHECK (action ~ '^[a-z][a-z_]{1,62}$')
) WITH (autovacuum_vacuum_insert_scale_factor = 0.1);

CREATE INDEX control_audit_by_time ON control_audit (at DESC, id DESC);
CREATE INDEX control_audit_by_target ON control_audit (target, at DESC, id DESC);

CREATE TABLE idempotent_answer (
    -- SHA-256 of the caller's credentials and of the key that it chose for its request.
    caller       bytea NOT NULL,
    key          bytea NOT NULL,
    request      bytea NOT NULL,
    status       smallint NOT NULL,
    content_type text NOT NULL,
    body         bytea NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, key)
);

CREATE INDEX idempotent_answer_by_time ON idempotent_answer (at);
