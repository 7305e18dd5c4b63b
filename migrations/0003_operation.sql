-- What keeps outside systems from being hammered across restarts, caches, keys and settings.

CREATE TABLE breaker (
    name            text PRIMARY KEY,
    state           text NOT NULL,
    -- How often it opened without closing in between: its wait doubles with each.
    opened_in_a_row integer NOT NULL DEFAULT 0,
    -- When it lets a probe through; NULL when it waits for a person or lets calls through.
    retry_at        timestamptz,
    reason          text NOT NULL DEFAULT '',
    sentence        text NOT NULL DEFAULT '',
    changed_at      timestamptz NOT NULL DEFAULT now(),
    -- Changes when the settings of the service do; gives nothing of them away.
    settings_mark   text NOT NULL DEFAULT '',
    CONSTRAINT breaker_state CHECK (state IN ('closed', 'open', 'half_open', 'forced_open', 'disabled'))
) WITH (fillfactor = 50);

-- What our own limiters must not forget in a crash: seconds since the epoch, by the clock of the machine that calls.
CREATE TABLE limiter (
    name            text PRIMARY KEY,
    tokens          double precision NOT NULL,
    counted_at      double precision NOT NULL,
    next_allowed_at double precision NOT NULL
) WITH (fillfactor = 20);

CREATE TABLE feed (
    -- The feed's name in the settings; its URL may hold a passkey and stays there.
    name          text PRIMARY KEY,
    etag          text,
    last_modified text,
    -- What was read last, committed with the rows it announced.
    watermark     jsonb NOT NULL DEFAULT '{}',
    polled_at     timestamptz,
    last_ok       timestamptz,
    -- The last poll did not reach back to the watermark: releases may have been missed.
    gap           boolean NOT NULL DEFAULT false,
    gap_at        timestamptz,
    gaps          integer NOT NULL DEFAULT 0,
    failures      integer NOT NULL DEFAULT 0,
    reason        text,
    sentence      text
) WITH (fillfactor = 50);

CREATE TABLE metadata_cache (
    key        text PRIMARY KEY,
    etag       text,
    document   jsonb,
    body       bytea,
    fetched_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT metadata_cache_one_body CHECK ((document IS NULL) <> (body IS NULL))
);

CREATE INDEX metadata_cache_by_expiry ON metadata_cache (expires_at);

CREATE TABLE api_key (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL,
    -- The part before the secret, to recognise a key by; and SHA-256 of the whole key.
    prefix       text NOT NULL,
    hash         bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at   timestamptz,
    CONSTRAINT api_key_hash_once UNIQUE (hash),
    CONSTRAINT api_key_hash_length CHECK (octet_length(hash) = 32)
);

CREATE UNIQUE INDEX api_key_name_once ON api_key (name) WHERE revoked_at IS NULL;

CREATE TABLE daemon_setting (
    key        text PRIMARY KEY,
    value      jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
