"""What a search should find, worked out slowly in plain Python over the index rows of every resource.

It knows the meaning of conditions but nothing of SQL, drivers or carried dates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import asin, cos, radians, sin, sqrt
from typing import Any

from felles.record import definition
from felles.record.index import Rows, extract
from felles.record.index.choice import primary_date
from felles.record.index.value import NO_DATE, key64
from felles.record.search.condition import (
    Amount,
    Both,
    Chained,
    Condition,
    Dates,
    Either,
    Interval,
    Keys,
    Listed,
    Near,
    Not,
    Paired,
    Present,
    Quantities,
    References,
    Reverse,
    Selection,
    Texts,
    TextValue,
    Tokens,
    Updated,
)


@dataclass
class Document:
    """One resource in the world."""

    rid: int
    body: dict[str, Any]
    updated: int
    rows: Rows = field(init=False)

    def __post_init__(self) -> None:
        self.rows = extract(self.type, self.body)

    @property
    def type(self) -> str:
        return str(self.body["resourceType"])

    @property
    def key(self) -> int:
        return key64(f"{self.type}/{self.body['id']}")


class World:
    """All resources."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents = list(documents)

    def find(self, selection: Selection) -> list[Document]:
        """The resources that a selection means."""
        return [
            one
            for one in self.documents
            if one.type in selection.types and all(self.holds(part, one) for part in selection.conditions)
        ]

    def holds(self, condition: Condition, one: Document) -> bool:
        rows = one.rows
        match condition:
            case Not(inner):
                return not self.holds(inner, one)
            case Either(parts):
                return any(self.holds(part, one) for part in parts)
            case Both(parts):
                return all(self.holds(part, one) for part in parts)
            case Keys(keys):
                return one.key in keys
            case Updated(values):
                return any(_interval(value, one.updated, one.updated + 1) for value in values)
            case Tokens(terms, values):
                return any(
                    (term in terms) and _is(code, a) and _is(system, b)
                    for term, a, b in rows.tokens
                    for code, system in values
                )
            case References(terms, targets):
                return any(term in terms and target in targets for term, target, _ in rows.references)
            case Chained(terms, inner):
                keys = {found.key for found in self.find(inner)}
                return any(term in terms and target in keys for term, target, _ in rows.references)
            case Reverse(terms, inner):
                return any(
                    term in terms and target == one.key
                    for found in self.find(inner)
                    for term, target, _ in found.rows.references
                )
            case Texts(terms, values):
                return any(
                    term in terms and _text(value, text, exact) for term, text, exact in rows.texts for value in values
                )
            case Dates(terms, groups):
                return all(
                    any(term in terms and _interval(v, low, high) for term, _, low, high in rows.dates for v in group)
                    for group in groups
                )
            case Quantities(terms, values):
                return any(
                    abs(term) in terms
                    and _amount(value, low, high)
                    and _is(value.system, system)
                    and _is(value.code, code)
                    for term, low, high, system, code in rows.quantities
                    for value in values
                )
            case Paired():
                return any(_paired(condition, row) for row in rows.composites)
            case Near():
                return any(_near(condition, row) for row in rows.composites)
            case Present(terms, table):
                kept = {
                    "token_index": rows.tokens,
                    "text_index": rows.texts,
                    "date_index": rows.dates,
                    "quantity_index": rows.quantities,
                    "reference_index": rows.references,
                    "composite_index": rows.composites,
                }[table]
                return any(row[0] in terms for row in kept)
            case Listed(term, lists):
                holders = [found for found in self.documents if found.key in lists]
                return any((term, one.key) == row[:2] for found in holders for row in found.rows.references)
        raise AssertionError(condition)


def _is(wanted: int | None, found: int) -> bool:
    return wanted is None or wanted == found


def _text(value: TextValue, text: str, exact: int) -> bool:
    if value.mode == "start":
        return text.startswith(value.text)
    if value.mode == "part":
        return value.text in text
    return text == value.text and _is(value.exact, exact)


def _interval(value: Interval, low: int, high: int) -> bool:
    """https://hl7.org/fhir/R4/search.html#prefix, the interval of the search value against that of the resource."""
    inside = value.low <= low and high <= value.high
    above, below = high > value.high, low < value.low
    return {
        "eq": inside,
        "ne": not inside,
        "gt": above,
        "ge": above or inside,
        "lt": below,
        "le": below or inside,
        "sa": low >= value.high,
        "eb": high <= value.low,
        "ap": low < value.high and high > value.low,
    }[value.prefix]


def _amount(value: Amount, low: float, high: float) -> bool:
    point = low == high
    inside = value.low <= low < value.high and high < value.high
    return {
        "eq": inside,
        "ne": not inside,
        "gt": high > value.value,
        "ge": high >= value.value,
        "lt": low < value.value,
        "le": low <= value.value,
        "sa": low >= value.high,
        "eb": (low if point else high) < value.low,
        "ap": low <= value.high and high >= value.low,
    }[value.prefix]


def _paired(wanted: Paired, row: tuple[Any, ...]) -> bool:
    term, code, system, low, high, code2, system2, text = row
    if term not in wanted.terms or not any(_is(a, code) and _is(b, system) for a, b in wanted.codes):
        return False
    second = wanted.second
    if isinstance(second, Amount):
        return _amount(second, low, high) and _is(second.system, system2) and _is(second.code, code2)
    if isinstance(second, TextValue):
        return _text(second, text, 0)
    first, last = second
    if isinstance(first, Amount) and isinstance(last, Amount):
        return _amount(first, low, low) and _amount(last, high, high)
    return first == code2 and (last is None or last == system2)


def _near(near: Near, row: tuple[Any, ...]) -> bool:
    if row[0] not in near.terms:
        return False
    north = sin(radians(row[3] - near.latitude) / 2)
    east = sin(radians(row[4] - near.longitude) / 2)
    chord = north * north + cos(radians(row[3])) * cos(radians(near.latitude)) * east * east
    return 2 * 6371 * asin(sqrt(chord)) <= near.kilometres


def carried(one: Document) -> int:
    """The date by which `_sort` on the primary date orders."""
    term = primary_date(one.type)
    return next((low for number, _, low, _ in one.rows.dates if number == term), NO_DATE)


def type_number(one: Document) -> int:
    return definition.type_number(one.type)
