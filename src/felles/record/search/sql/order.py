"""_sort: what the rows are ordered by (https://hl7.org/fhir/R4/search.html#sort). Resources without the value come
last, either way; equal ones by row number."""

from dataclasses import dataclass

from felles.record.index.value import NO_DATE
from felles.record.search.query import SortKey
from felles.record.search.sql.dialect import Writing, terms
from felles.record.search.sql.selection import Found

_COLUMNS = {"date": ("date_index", "low"), "text": ("text_index", "value"), "quantity": ("quantity_index", "low")}


@dataclass(frozen=True, slots=True)
class Order:
    """`joins` bring values to order by; `keys` are (expression, descending)."""

    joins: str
    keys: tuple[tuple[str, bool], ...]

    @property
    def by(self) -> str:
        """The ORDER BY clause, empty for the natural order."""
        listed = ", ".join(f"{expression} DESC" if descending else expression for expression, descending in self.keys)
        return f" ORDER BY {listed}" if listed else ""


def order(sort: tuple[SortKey, ...], found: Found, writing: Writing, *, dated: bool) -> Order:
    """The order of these rows. `dated`: all of them have the carried date."""
    if found.sorted and sort:
        down = sort[0].descending
        return Order("", tuple((f"{found.at}.{column}", down) for column in ("date", "high", "same", "rid")))
    joins = ""
    keys: list[tuple[str, bool]] = []
    for key in sort:
        match key.kind:
            case "updated" | "id":
                keys.append((f"{found.row}.{key.kind}", key.descending))
            case "carried":
                keys += _carried(key, found.at, dated)
            case "member":
                paths = [writing.member(f"{found.row}.body", path) for path in key.members]
                value = f"coalesce({', '.join(paths)})" if len(paths) > 1 else paths[0]
                keys += [(f"{value} IS NULL", False), (value, key.descending)]
            case _:
                join, value = _grouped(key, found, writing)
                joins += join
                keys += [(f"{value} IS NULL", False), (value, key.descending)]
    if keys:
        keys.append((f"{found.at}.rid", keys[-1][1]))
    return Order(joins, tuple(keys))


def _carried(key: SortKey, at: str, dated: bool) -> list[tuple[str, bool]]:
    if key.descending or dated:
        return [(f"{at}.date", key.descending)]
    return [(f"{at}.date = {NO_DATE}", False), (f"{at}.date", False)]


def _grouped(key: SortKey, found: Found, writing: Writing) -> tuple[str, str]:
    """The least or greatest value of each resource; of the found ones alone where they are few."""
    table, column = _COLUMNS[key.kind]
    s, x = writing.alias("s"), writing.alias("x")
    pick = "max" if key.descending else "min"
    only = f" AND {x}.rid IN (SELECT {found.at}.rid FROM {found.tables} WHERE {found.condition})" if found.few else ""
    if found.patient is not None:
        only += f" AND {x}.patient = {writing.value(found.patient)}"
    inner = (
        f"SELECT {x}.rid, {pick}({x}.{column}) AS value FROM {table} {x}"
        f" WHERE {terms(f'{x}.term', key.terms)}{only} GROUP BY {x}.rid"
    )
    return f" LEFT JOIN ({inner}) {s} ON {s}.rid = {found.at}.rid", f"{s}.value"
