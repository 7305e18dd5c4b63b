"""Pure values and rules: no I/O, no clock, no database, and nothing of reeld imported from outside."""
