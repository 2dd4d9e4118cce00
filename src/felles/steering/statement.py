"""The steering room's statements on its own table, registered with the record by name."""

from collections.abc import Mapping
from typing import Any

from felles.clerical.statement import number
from felles.record.index.value import key64
from felles.record.store import Line, Sql
from felles.steering.fact import Fact

_EACH = "IN (SELECT value FROM json_each($1))"
_ARRAY = "= ANY (ARRAY(SELECT value::int8 FROM json_array_elements_text($1::json)))"
_COLUMNS = "subject, kind, unit, month, day, value, good, field"


def _of_units(text: str) -> Sql:
    """A statement on the units of $1, a JSON array of keys."""
    return Sql(text.replace("{among}", _EACH), text.replace("{among}", _ARRAY))


LINES: Mapping[str, Sql] = {
    "steering put": Sql(
        f"INSERT INTO steering ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "  # noqa: S608
        "ON CONFLICT (subject, kind) DO UPDATE SET unit = excluded.unit, month = excluded.month, day = excluded.day, "
        "value = excluded.value, good = excluded.good, field = excluded.field"
    ),
    "steering gone": Sql("DELETE FROM steering WHERE subject = $1 AND kind = $2"),
    "steering of": Sql("SELECT kind, unit, month, day, value, good, field FROM steering WHERE subject = $1"),
    "steering months": _of_units(
        "SELECT kind, month, field, count(*), sum(value), sum(good), "
        "sum(CASE WHEN value < 24 THEN 1 ELSE 0 END), sum(CASE WHEN value < 168 THEN 1 ELSE 0 END) "
        "FROM steering WHERE unit {among} AND month >= $2 AND month <= $3 AND kind <= 5 GROUP BY kind, month, field"
    ),
    "steering planned": _of_units(
        "SELECT count(*), sum(CASE WHEN day < $2 THEN 1 ELSE 0 END), "
        "sum(CASE WHEN day >= $2 AND day <= $3 THEN 1 ELSE 0 END), "
        "sum(CASE WHEN day >= $2 AND day <= $3 THEN good ELSE 0 END) FROM steering WHERE unit {among} AND kind = 6"
    ),
    "steering rows": _of_units(
        f"SELECT {_COLUMNS} FROM steering WHERE unit {{among}} AND kind = $2 AND month >= $3 AND month <= $4 "  # noqa: S608
        "AND (day, subject) > ($5, $6) AND ($8 = '' OR field = $8) ORDER BY day, subject LIMIT $7"
    ),
}


def put(subject: str, fact: Fact) -> Line:
    """The line that keeps a fact; `subject` is "Type/id"."""
    return Line("steering put", [key64(subject), *row(fact)])


def row(fact: Fact) -> list[Any]:
    """A fact as the table holds it, without its subject."""
    good = None if fact.good is None else int(fact.good)
    return [fact.kind.value, key64(fact.unit), fact.month, number(fact.day), fact.value, good, fact.field]


def turned(subject: str, before: list[Fact], after: list[Fact]) -> list[Line]:
    """The lines that make what was the case before what is the case now."""
    held = {one.kind: one for one in before}
    now = {one.kind: one for one in after}
    gone = [Line("steering gone", [key64(subject), kind.value]) for kind in held if kind not in now]
    return [*gone, *(put(subject, one) for kind, one in now.items() if held.get(kind) != one)]
