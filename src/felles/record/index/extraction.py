"""Index rows of one resource, by code generated once per type."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from felles.record.index.choice import compartment, primary_date, promoted, subject
from felles.record.index.leaf import NUMBERS
from felles.record.index.relation import RELATING, relations
from felles.record.index.source import compile_terms
from felles.record.index.term import Term, terms
from felles.record.index.value import NO_DATE, key64
from felles.record.protection import bare

_PATIENT = NUMBERS["Patient"]
Related = tuple[int, int, int, int, int, int]
Extract = Callable[[dict[str, Any], str], tuple[Any, ...]]


class Rows(msgspec.Struct, gc=False):
    """What the index holds of one resource; the tuples are in the column order of the store's tables.

    `patient` is the key of the patient whom the resource is about, else of the one whose compartment holds it, else
    0. `relations` are (patient, subject, ground, low, high, state), see `relation`; `concerned` are the keys of the
    patients that a resource without `patient` names. `date` is the carried date: the low bound, in microseconds, of
    the type's primary date, NO_DATE without one. `promoted` stands only where `patient` is the subject itself.
    """

    tokens: list[tuple[int, int, int]]
    promoted: list[tuple[int, int, int]]
    texts: list[tuple[int, str, int]]
    dates: list[tuple[int, int, int, int]]
    quantities: list[tuple[int, float, float, int, int]]
    references: list[tuple[int, int, int]]
    composites: list[tuple[int, int, int, float, float, int, int, str]]
    relations: list[Related]
    concerned: list[int]
    patient: int
    date: int

    @property
    def lists(self) -> tuple[list[Any], ...]:
        """All rows, per table of the store's `INDEXES`."""
        return (
            self.tokens,
            self.promoted,
            self.texts,
            self.dates,
            self.quantities,
            self.references,
            self.composites,
            self.relations,
            self.concerned,
        )


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one type is indexed."""

    type: str
    terms: tuple[Term, ...]
    run: Extract
    subject: int
    compartment: frozenset[int]
    promoted: frozenset[int]


@cache
def _plan(type_name: str) -> _Plan:
    found = terms(type_name)
    run = compile_terms(type_name, found, primary_date(type_name))
    return _Plan(type_name, found, run, subject(type_name), compartment(type_name), promoted(type_name))


def extract(type_name: str, resource: dict[str, Any], base: str = "") -> Rows:
    """The index rows of a resource. `base` is the server's own address: references below it are local.

    A value that cannot be read is left out, whatever its shape; the rest is indexed. About 10 µs.
    """
    plan = _plan(type_name)
    resource = bare(type_name, resource)
    try:
        found = plan.run(resource, base)
    except (AttributeError, TypeError, ValueError, KeyError, OverflowError):
        found = _term_by_term(plan, resource, base)
    *lists, date = found
    tokens, texts, dates, quantities, references, composites = (
        [*dict.fromkeys(rows)] if len(rows) > 1 else rows for rows in lists
    )
    patient, is_subject = _patient(plan, resource, references)
    wanted = plan.promoted
    promoted = [row for row in tokens if row[0] in wanted] if is_subject and wanted else []
    concerned = [] if patient or type_name in _DEFINITIONS else _concerned(resource)
    related = _related(type_name, resource, [patient] if patient else concerned) if type_name in RELATING else []
    return Rows(tokens, promoted, texts, dates, quantities, references, composites, related, concerned, patient, date)


_DEFINITIONS = frozenset({"CodeSystem", "ConceptMap", "OperationDefinition", "StructureDefinition", "ValueSet"})
"""Types without patients, and large."""


def _related(type_name: str, resource: dict[str, Any], patients: list[int]) -> list[Related]:
    found = relations(type_name, resource) if patients else []
    return [*dict.fromkeys((patient, *one) for patient in patients for one in found)]


def _concerned(resource: dict[str, Any]) -> list[int]:
    """The keys of all patients that are named anywhere in a resource."""
    found: dict[int, None] = {}
    stack: list[Any] = [resource]
    while stack:
        at = stack.pop()
        if isinstance(at, dict):
            target = at.get("reference")
            if isinstance(target, str) and target.startswith("Patient/"):
                found[key64("/".join(target.split("/")[:2]))] = None
            stack += at.values()
        elif isinstance(at, list):
            stack += at
    return list(found)


def _patient(plan: _Plan, resource: dict[str, Any], references: list[tuple[int, int, int]]) -> tuple[int, bool]:
    """The patient's key and whether the resource is about that patient."""
    if plan.type == "Patient":
        return key64(f"Patient/{resource.get('id')}"), False
    found = 0
    for term, key, kind in references:
        if kind == _PATIENT and key and term in plan.compartment:
            if term == plan.subject:
                return key, True
            found = key if found in (0, key) else -1
    return (found if found != -1 else 0), False


def _term_by_term(plan: _Plan, resource: dict[str, Any], base: str) -> tuple[Any, ...]:
    """The same for a resource of which some member has a shape that R4 does not allow."""
    lists: tuple[list[Any], ...] = ([], [], [], [], [], [])
    date = NO_DATE
    for run in _single(plan.type):
        try:
            *found, carried = run(resource, base)
        except (AttributeError, TypeError, ValueError, KeyError, OverflowError):
            continue
        date = max(date, carried)
        for rows, more in zip(lists, found, strict=True):
            rows += more
    return (*lists, date)


@cache
def _single(type_name: str) -> tuple[Extract, ...]:
    primary = primary_date(type_name)
    return tuple(compile_terms(type_name, (term,), primary) for term in terms(type_name))
