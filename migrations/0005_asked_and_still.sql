-- What a restart must not forget: that a person asked for a movie, and for how long a download has stood still.

-- When a person last asked for a search: until a while after it, the movie counts as wanted although nobody monitors it.
ALTER TABLE movie ADD COLUMN asked_at timestamptz;

-- For how many seconds in a row it was seen to stand still, but for the last few minutes.
ALTER TABLE acquisition ADD COLUMN still_seconds real NOT NULL DEFAULT 0;
