"""Truth: PostgreSQL on trio, the embedded server, durable work, events and repositories."""
