-- When a person last asked for a search: until a while after it, the movie counts as wanted although nobody monitors it.

ALTER TABLE movie ADD COLUMN asked_at timestamptz;
