"""The schema: one SQL file a step, and the runner that applies them."""

from reeld.migrations._backup import Backup
from reeld.migrations._files import Migration, bundled_migrations
from reeld.migrations.runner import Applied, migrate, schema_version

__all__ = ["Applied", "Backup", "Migration", "bundled_migrations", "migrate", "schema_version"]
