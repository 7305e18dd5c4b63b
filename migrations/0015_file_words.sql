-- What people say of a file in the library.

ALTER TABLE library_file
    -- Radarr's names of the languages that it is spoken in; NULL while nobody said otherwise than its sound tracks.
    ADD COLUMN languages text[],
    -- What the indexer said of the release, with Radarr's bits.
    ADD COLUMN flags integer NOT NULL DEFAULT 0;
