-- What joins the traces of one movie's way: each stage links to the span that led to it, through these columns.

-- The movie that the work is about; NULL for work about none or many. No foreign key: it may outlive the movie.
ALTER TABLE work ADD COLUMN movie_id bigint;
-- The reading or the search that saw it first.
ALTER TABLE release ADD COLUMN traceparent text;
