"""Rows that wait to be put down. Requests of one group share a stage, so that one flush serves many of them."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from felles.record import definition
from felles.record.store.table import (
    CHANGE,
    COMPOSITE,
    CONCERN,
    DATE,
    DIRECTORY,
    INDEXES,
    PATIENT,
    QUANTITY,
    REFERENCE,
    RELATION,
    RESOURCE,
    TEXT,
    TOKEN,
    VERSION,
    Table,
)
from felles.record.store.transaction import Current, Transaction
from felles.record.store.write import Kind, Line, Reindex, Row

IndexRows = tuple[list[Any], ...]
HOUSE = 0
"""The key of the epoch of all that is not one patient's: units, roles, agreements."""
CONSENT = definition.type_number("Consent")
OF_PATIENT = frozenset(map(definition.type_number, ("Patient", "RelatedPerson")))
OF_HOUSE = frozenset(
    map(
        definition.type_number,
        ("Organization", "HealthcareService", "Location", "Practitioner", "PractitionerRole", "Contract"),
    )
)
"""A relation that comes makes no epoch: a cached no is never trusted. One that goes does, and so do these types."""


def index_rows(rows: IndexRows, patient: int, date: int, rid: int) -> dict[Table, list[Row]]:
    """Index rows of one resource, completed with what they share, in the column order of each table that has any."""
    if not rows:
        return {}
    tokens, promoted, texts, dates, quantities, references, composites, relations, concerned = rows
    end = (date, rid, patient)
    full: dict[Table, list[Row]] = {}
    if tokens:
        full[TOKEN] = [(term, code, system, date, rid, patient) for term, code, system in tokens]
    if promoted and patient:
        full[PATIENT] = [(patient, term, code, date, system, rid) for term, code, system in promoted]
    if texts:
        full[TEXT] = [(term, value, exact, date, rid, patient) for term, value, exact in texts]
    if dates:
        full[DATE] = [(term, span, low, high, date, rid, patient) for term, span, low, high in dates]
    if quantities:
        full[QUANTITY] = [(*row, *end) for row in quantities]
    if references:
        full[REFERENCE] = [(term, target, date, rid, kind, patient) for term, target, kind in references]
    if composites:
        full[COMPOSITE] = [(*row, *end) for row in composites]
    if relations:
        full[RELATION] = [(*row, date, rid) for row in relations]
    if concerned:
        full[CONCERN] = [(rid, whom) for whom in concerned]
    return full


@dataclass(slots=True)
class Stage:
    """Inserted, replaced and removed rows, the keys of the resources they belong to, whose relations have changed
    (`epochs`), and the lines of rooms that nothing can refuse."""

    inserted: dict[Table, list[Row]] = field(default_factory=lambda: defaultdict(list))
    updated: list[Row] = field(default_factory=list)
    removed: dict[Table, list[Row]] = field(default_factory=lambda: defaultdict(list))
    touched: set[int] = field(default_factory=set)
    epochs: set[int] = field(default_factory=set)
    lines: list[Line] = field(default_factory=list)

    def create(self, new: Current, rows: IndexRows, origin: int) -> None:
        """A resource that did not exist."""
        self.inserted[DIRECTORY].append((new.key, new.rid, new.patient))
        self.inserted[RESOURCE].append(new.row())
        self._follow(new, Kind.CREATE, origin)
        for table, full in index_rows(rows, new.patient, new.date, new.rid).items():
            self.inserted[table] += full

    def supersede(
        self, old: Current, old_rows: IndexRows, new: Current, rows: IndexRows, kind: Kind, origin: int
    ) -> None:
        """A new version of a resource; only index rows that differ are touched."""
        was = Kind.DELETE if old.deleted else Kind.CREATE if old.number == 1 else Kind.UPDATE
        self.inserted[VERSION].append((old.rid, old.number, old.patient, old.type, old.updated, was, old.body))
        self.updated.append(new.row())
        self._follow(new, kind, origin)
        if new.type in OF_PATIENT:
            self.epochs |= {old.patient, new.patient} - {0}
        before = index_rows(old_rows, old.patient, old.date, old.rid)
        after = index_rows(rows, new.patient, new.date, new.rid)
        for table in before.keys() | after.keys():
            gone, come = set(before.get(table, ())), set(after.get(table, ()))
            self.removed[table] += gone - come
            self.inserted[table] += come - gone
            if table is RELATION:
                self.epochs |= {row[0] for row in gone - come}

    def reindex(self, old: Current, one: Reindex) -> None:
        """Other index rows for the same version; patient and date are set right with them."""
        self.touched.add(old.key)
        for table, gone, come in zip(INDEXES, one.gone, one.come, strict=True):
            self.removed[table] += gone
            self.inserted[table] += come
        self.epochs |= {row[0] for row in one.gone[INDEXES.index(RELATION)]}
        if (old.patient, old.date) != (one.patient, one.date):
            self.move(old, one.patient)
            self.updated.append(replace(old, patient=one.patient, date=one.date).row())

    def move(self, old: Current, patient: int) -> None:
        """The directory's row under another patient."""
        if old.patient != patient:
            self.removed[DIRECTORY].append((old.key, old.rid, old.patient))
            self.inserted[DIRECTORY].append((old.key, old.rid, patient))

    def _follow(self, new: Current, kind: Kind, origin: int) -> None:
        self.touched.add(new.key)
        if new.type in OF_HOUSE:
            self.epochs.add(HOUSE)
        elif new.type == CONSENT and new.patient:
            self.epochs.add(new.patient)
        self.inserted[CHANGE].append((new.rid, new.number, new.patient, new.type, new.updated, kind, origin))

    async def flush(self, tx: Transaction) -> None:
        """Puts everything down and is empty again."""
        if self.touched:
            await tx.put(self.inserted, self.updated, self.removed)
        if self.epochs:
            await tx.bump(sorted(self.epochs))
        if self.lines:
            await tx.lines(self.lines)
        if self.touched or self.lines:
            self.clear()

    def absorb(self, other: "Stage") -> None:
        """Takes over what `other` holds."""
        for table, rows in other.inserted.items():
            self.inserted[table] += rows
        for table, rows in other.removed.items():
            self.removed[table] += rows
        self.updated += other.updated
        self.touched |= other.touched
        self.epochs |= other.epochs
        self.lines += other.lines

    def clear(self) -> None:
        self.inserted.clear()
        self.updated.clear()
        self.removed.clear()
        self.touched.clear()
        self.epochs.clear()
        self.lines.clear()
