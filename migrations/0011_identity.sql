-- Who may use reeld: people with passwords and sessions, the owners of keys, and how often somebody guessed wrong.

CREATE TABLE person (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text NOT NULL,
    role          text NOT NULL,
    -- argon2id, with its parameters and its salt.
    password      text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    changed_at    timestamptz NOT NULL DEFAULT now(),
    last_login_at timestamptz,
    CONSTRAINT person_name CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$'),
    CONSTRAINT person_role CHECK (role IN ('viewer', 'operator', 'admin'))
);

CREATE UNIQUE INDEX person_name_once ON person (lower(name));

CREATE TABLE session (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id    bigint NOT NULL REFERENCES person ON DELETE CASCADE,
    -- SHA-256 of a token of 256 random bits, which nothing but the browser's cookie holds.
    hash         bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    -- To the minute.
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    -- From where and with what it was begun, to recognise it by.
    origin       text NOT NULL,
    agent        text NOT NULL DEFAULT '',
    CONSTRAINT session_hash_once UNIQUE (hash),
    CONSTRAINT session_hash_length CHECK (octet_length(hash) = 32)
) WITH (fillfactor = 70);

CREATE INDEX session_by_person ON session (person_id);

-- A key belongs to whom it was made for, and goes with that person.
ALTER TABLE api_key ADD COLUMN person_id bigint REFERENCES person ON DELETE CASCADE;
ALTER TABLE api_key ADD COLUMN expires_at timestamptz;

CREATE INDEX api_key_by_person ON api_key (person_id) WHERE person_id IS NOT NULL;

-- Wrong passwords and wrong keys. A row is a count that ends by itself a day after the last failure.
CREATE TABLE throttle (
    -- 'account': a digest of the name; 'network': a /24 or /64; 'home': both, where that person has been let in before;
    -- 'key': the network that wrong keys come from.
    kind          text NOT NULL,
    subject       text NOT NULL,
    failures      integer NOT NULL,
    failed_at     timestamptz NOT NULL DEFAULT now(),
    blocked_until timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, subject),
    CONSTRAINT throttle_kind CHECK (kind IN ('account', 'network', 'home', 'key'))
) WITH (fillfactor = 50);

CREATE INDEX throttle_by_time ON throttle (failed_at);

-- The networks from which a person was let in: a budget of their own keeps strangers from locking that person out.
CREATE TABLE known_network (
    person_id bigint NOT NULL REFERENCES person ON DELETE CASCADE,
    network   text NOT NULL,
    seen_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, network)
);

-- Whether `who` is a person or a key.
ALTER TABLE control_audit ADD COLUMN by text NOT NULL DEFAULT 'key'
    CONSTRAINT control_audit_by CHECK (by IN ('key', 'person'));
