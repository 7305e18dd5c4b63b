"""Stand-ins for TMDB, HDBits, feeds and qBittorrent that speak the documented protocols over HTTP."""
