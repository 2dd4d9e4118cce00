"""Rooms' own tables in the record's transaction: statements registered by name, so that what crosses a process
boundary is a name and arguments, never SQL."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from felles.record.store.transaction import Dialect


@dataclass(frozen=True, slots=True)
class Sql:
    """One statement with `$1`, `$2` ...; `postgresql` where that engine wants another text."""

    sqlite: str
    postgresql: str | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """What is registered, by name."""

    statements: Mapping[str, Sql] = field(default_factory=dict)

    def sql(self, name: str, dialect: Dialect) -> str:
        """The text for an engine. Raises LookupError for a name that nobody registered."""
        found = self.statements.get(name)
        if found is None:
            raise LookupError(f"no statement is registered as {name}")
        return found.postgresql if dialect == "postgresql" and found.postgresql is not None else found.sqlite
