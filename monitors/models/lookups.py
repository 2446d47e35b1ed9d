"""Questions to the database that Django does not ask of both of ours."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Lookup
from django.db.models.sql.compiler import SQLCompiler

Sql = tuple[str, list[Any]]


class Holds(Lookup):
    """Whether a list in JSON holds a text: `filter(Holds(F("tags"), "prod"))`.

    Django's own `contains` on JSON is refused on SQLite.
    """

    prepare_rhs = False

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Sql:
        """By containment, which an index on the column would serve."""
        column, params = self.process_lhs(compiler, connection)
        return f"{column} @> jsonb_build_array(%s::text)", [*params, self.rhs]

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Sql:
        """By looking at each item."""
        column, params = self.process_lhs(compiler, connection)
        asked = f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value = %s)"  # noqa: S608 - a column, not a value
        return asked, [*params, self.rhs]


def tagged(tag: str) -> Holds:
    """Monitors that carry a tag, for `filter()`."""
    return Holds(F("tags"), tag)
