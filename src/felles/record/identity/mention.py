"""Resources that refer to one: by the compartment, by the reference index, and by their text where no index reaches."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from felles.record import definition
from felles.record.identity.reference import addresses, places
from felles.record.index.term import terms
from felles.record.index.value import key64
from felles.record.outcome import Problem, problem
from felles.record.reading import Stored
from felles.record.record import Record
from felles.record.store import Kind

MAX_FACTS = 20_000
"""Resources that one act may move. It is one transaction, so there are no half ones."""

KEPT = frozenset(("AuditEvent", "Provenance", "Bundle"))
"""Types that tell what was done or said at a time, about the record that was meant then: never rewritten."""

_COLUMNS = "r.rid, r.type, r.id, r.number, r.updated, r.body"
_COMPARTMENT = f"SELECT {_COLUMNS} FROM resource r WHERE r.patient = $1 AND r.deleted = 0 AND r.patient <> 0 LIMIT $2"  # noqa: S608
_TEXT = {
    "sqlite": "(instr(r.body, $1) > 0 OR instr(r.body, $2) > 0)",
    "postgresql": "(position($1::bytea in r.body) > 0 OR position($2::bytea in r.body) > 0)",
}


@dataclass(frozen=True, slots=True)
class Mentions:
    """Current versions that refer to something. `complete`: the text of the whole store was looked through too."""

    resources: list[Stored]
    complete: bool = True


@cache
def reference_terms() -> tuple[int, ...]:
    """The index terms that hold references, of all types."""
    found = (term for type_name in definition.RESOURCE_TYPES for term in terms(type_name))
    return tuple(sorted({term.number for term in found if term.kind == "reference"}))


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))


@cache
def _indexed(numbers: tuple[int, ...]) -> str:
    return (
        f"SELECT {_COLUMNS} FROM resource r WHERE r.deleted = 0 AND r.rid IN (SELECT rid FROM reference_index "  # noqa: S608
        f"WHERE target = $1 AND term IN ({_listed(numbers)})) ORDER BY r.updated, r.rid LIMIT $2"
    )


def stored(row: tuple[Any, ...]) -> Stored:
    """A current version from a row of `_COLUMNS`."""
    _, kind, id, number, updated, body = row
    return Stored(definition.type_name(kind), id, number, updated, Kind.UPDATE, body)


async def in_compartment(record: Record, patient: str, limit: int = MAX_FACTS) -> list[Stored]:
    """What lies in the compartment of Patient/`patient`, the Patient too."""
    rows = await record.reader.rows(_COMPARTMENT, (key64(f"Patient/{patient}"), limit + 2))
    return [stored(row) for row in rows]


async def referring(record: Record, address: str, numbers: tuple[int, ...], limit: int = MAX_FACTS) -> list[Stored]:
    """What refers to `address` by one of these index terms, oldest change first."""
    rows = await record.reader.rows(_indexed(numbers), (key64(address), limit + 2))
    return [stored(row) for row in rows]


async def of_patient(record: Record, id: str, *, thorough: bool = True) -> Mentions:
    """Everything that refers to Patient/`id` and may be rewritten, without that Patient itself.

    `thorough` reads the text of all bodies for references in places without a search parameter (extensions, authors
    of notes); where the store is too large for that within its time limit, `complete` is False.
    Raises Problem 413 past MAX_FACTS.
    """
    found = {one.address: one for one in await in_compartment(record, id)}
    names = addresses("Patient", id, record.base)
    for address in names:
        found |= {one.address: one for one in await referring(record, address, reference_terms())}
    written = await _by_text(record, id) if thorough else []
    for one in written or ():
        found.setdefault(one.address, one)
    found.pop(f"Patient/{id}", None)
    mentions = [one for one in found.values() if one.type not in KEPT and places(orjson.loads(one.body or b"0"), names)]
    if len(mentions) > MAX_FACTS:
        raise problem(413, "too-costly", f"more than {MAX_FACTS} resources refer to Patient/{id}: too many at once")
    return Mentions(sorted(mentions, key=lambda one: (one.type, one.id)), written is not None)


async def _by_text(record: Record, id: str) -> list[Stored] | None:
    """Bodies that hold the address in their text; None when that takes too long."""
    sql = f"SELECT {_COLUMNS} FROM resource r WHERE r.deleted = 0 AND {_TEXT[record.store.dialect]} LIMIT $3"  # noqa: S608
    needles = (f'Patient/{id}"'.encode(), f'Patient\\/{id}"'.encode())
    try:
        rows = await record.reader.rows(sql, (*needles, 2 * MAX_FACTS))
    except Problem:
        return None
    return [stored(row) for row in rows]
