"""PostgreSQL: intervals of one monitor never overlap. Safe before and after the code is deployed.

SQLite has no exclusion constraints; there, and for what both databases refuse besides, triggers are
installed after every migration by monitors.tiling.
"""

from django.db import migrations

ADD = (
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    "ALTER TABLE monitors_stateinterval ADD CONSTRAINT interval_no_overlap "
    "EXCLUDE USING gist (monitor_id WITH =, tstzrange(started_at, ended_at) WITH &&)",
)
REMOVE = ("ALTER TABLE monitors_stateinterval DROP CONSTRAINT interval_no_overlap",)


def _on_postgresql(statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    dependencies = [("monitors", "0001_initial")]

    operations = [migrations.RunPython(_on_postgresql(ADD), _on_postgresql(REMOVE))]
