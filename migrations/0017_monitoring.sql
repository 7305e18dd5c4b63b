-- How many movies are wanted is asked again and again: it is counted from this index, which is a tenth of the movies' rows.
CREATE INDEX movie_by_monitoring ON movie (monitored, id) INCLUDE (profile);
