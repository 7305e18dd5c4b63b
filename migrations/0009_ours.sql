-- Whose a torrent is, for a qBittorrent that knows no tags: the row says that reeld handed it over.

ALTER TABLE acquisition ADD COLUMN ours boolean NOT NULL DEFAULT false;
