"""Importing: the downloaded movie gets its place in the library, whole or not at all."""
