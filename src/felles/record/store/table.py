"""The store's tables as both engines fill them: column names, PostgreSQL types, and what identifies a row."""

from dataclasses import dataclass
from operator import itemgetter
from typing import Any

_NARROW = {"term", "kind", "span", "type", "number", "deleted", "origin", "ground", "state"}
_FLOAT = {"low", "high"}


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table. `columns` in insertion order, beginning with `identity`, the columns that tell its rows apart:
    rows sorted as tuples are in the order of the clustered index."""

    name: str
    columns: tuple[str, ...]
    identity: tuple[str, ...]
    floats: bool = False

    def array_type(self, column: str) -> str:
        """The PostgreSQL array type that carries many values of `column`."""
        if column in _NARROW:
            return "int4[]"
        if column in _FLOAT and self.floats:
            return "float8[]"
        return {"id": "text[]", "value": "text[]", "body": "bytea[]"}.get(column, "int8[]")


def _index(name: str, *columns: str, floats: bool = False) -> Table:
    identity = (*columns, "date", "rid")
    return Table(name, (*identity, "patient"), identity, floats)


DIRECTORY = Table("directory", ("key", "rid", "patient"), ("key",))
RESOURCE = Table(
    "resource",
    ("rid", "patient", "type", "key", "id", "number", "updated", "date", "deleted", "body"),
    ("rid",),
)
VERSION = Table("version", ("rid", "number", "patient", "type", "updated", "kind", "body"), ("rid", "number"))
CHANGE = Table("change", ("rid", "number", "patient", "type", "updated", "kind", "origin"), ())

TOKEN = _index("token_index", "term", "code", "system")
PATIENT = Table("patient_index", *2 * (("patient", "term", "code", "date", "system", "rid"),))
TEXT = _index("text_index", "term", "value", "exact")
DATE = _index("date_index", "term", "span", "low", "high")
QUANTITY = _index("quantity_index", "term", "low", "high", "system", "code", floats=True)
REFERENCE = Table(
    "reference_index",
    ("term", "target", "date", "rid", "kind", "patient"),
    ("term", "target", "date", "rid"),
)
COMPOSITE = _index("composite_index", "term", "code", "system", "low", "high", "code2", "system2", "value", floats=True)

RELATION = Table("relation_index", *2 * (("patient", "subject", "ground", "low", "high", "state", "date", "rid"),))
CONCERN = Table("concern_index", *2 * (("rid", "whom"),))

INDEXES = (TOKEN, PATIENT, TEXT, DATE, QUANTITY, REFERENCE, COMPOSITE, RELATION, CONCERN)
"""The index tables, in the order in which `Write.rows` carries their rows."""

_FIRST, _SECOND = itemgetter(0), itemgetter(1)


def arrange(rows: list[tuple[Any, ...]]) -> None:
    """Puts index rows near the order of the clustered index: by the first two columns, which is quicker than whole
    rows and finds the same pages."""
    rows.sort(key=_SECOND)
    rows.sort(key=_FIRST)
