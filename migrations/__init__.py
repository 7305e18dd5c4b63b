"""The schema: one SQL file a step, and the runner that applies them."""
