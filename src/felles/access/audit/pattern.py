"""Patterns of unusual reading, as pure functions over one day's contacts: what a privacy officer should look at.

None of them proves anything: each is a question with the rows that raise it (pasientjournalloven § 16 and § 22;
Normen faktaark 15).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from statistics import median

from felles.access.audit.row import Act, Result, Row
from felles.access.ground import Ground

EVIDENCE = 50
"""Rows that a finding names at the most."""
FLOOR = 30
"""Patients in a day who are no volume, whoever reads."""
TIMES = 3
KNOWN_DAYS = 5
ATTEMPTS = 5
"""Patients in a day whose records were refused."""
_WRITTEN = frozenset((Act.CREATE, Act.UPDATE, Act.DELETE))


class Pattern(StrEnum):
    """What is unusual."""

    OWN = "own-record"
    SURNAME = "same-surname"
    COLLEAGUE = "colleague"
    PROTECTED = "protected"
    NO_RELATION = "no-relation"
    ATTEMPTS = "refused-attempts"
    VOLUME = "volume"


REASONS = {
    Pattern.OWN: "leste i sin egen journal som ansatt",
    Pattern.SURNAME: "leste i journalen til en med samme etternavn uten å skrive noe",
    Pattern.COLLEAGUE: "leste i journalen til en kollega ved samme enhet uten å skrive noe",
    Pattern.PROTECTED: "leste i journalen til en med adressesperre eller særlig vern uten å skrive noe",
    Pattern.NO_RELATION: "åpnet en journal i en nødsituasjon uten å ha med pasienten å gjøre",
    Pattern.ATTEMPTS: "forsøkte å åpne flere journaler som ikke var åpne",
    Pattern.VOLUME: "åpnet langt flere journaler enn vanlig",
}
"""In words, without names: for the duty."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`id` is the same however often the day is looked at. `person` "Practitioner/x", `unit` "Organization/y";
    `patient` is a key, 0 where it is about several; `moment` of the first row; `rows` the evidence."""

    id: str
    pattern: Pattern
    person: str
    unit: str
    patient: int
    moment: int
    rows: tuple[int, ...]

    @property
    def reason(self) -> str:
        return REASONS[self.pattern]


@dataclass(slots=True)
class Contact:
    """What one person had to do with one patient in the day."""

    person: str
    unit: str
    patient: int
    moment: int
    rows: list[int] = field(default_factory=list)
    read: bool = False
    wrote: bool = False
    refused: bool = False
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a person: lower-case surnames, and marks (numbers; name with birth date) of which one is enough."""

    surnames: frozenset[str] = frozenset()
    marks: frozenset[tuple[str, ...]] = frozenset()
    protected: bool = False


NOBODY = Identity()


@dataclass(frozen=True, slots=True)
class Facts:
    """Who is who. `readers` and `colleagues` (marks of those at the same unit) by person, `patients` by key; `usual`:
    patients a day, on earlier days; `common`: surnames that too many have to mean anything."""

    readers: Mapping[str, Identity]
    colleagues: Mapping[str, frozenset[tuple[str, ...]]]
    patients: Mapping[int, Identity]
    usual: Mapping[str, Sequence[int]] = field(default_factory=dict)
    common: frozenset[str] = frozenset()


class Day:
    """The contacts of staff in one day."""

    def __init__(self) -> None:
        self.contacts: dict[tuple[str, int], Contact] = {}

    def add(self, seq: int, row: Row) -> None:
        """A row of the log."""
        if not row.person.startswith("Practitioner/"):
            return
        for patient in row.patients:
            key = (row.person, patient)
            one = self.contacts.get(key)
            if one is None:
                one = self.contacts[key] = Contact(row.person, row.department, patient, row.moment)
            if len(one.rows) < EVIDENCE:
                one.rows.append(seq)
            self._mark(one, row)

    def _mark(self, one: Contact, row: Row) -> None:
        if row.result is not Result.OK:
            one.refused = True
            return
        one.wrote = one.wrote or row.act in _WRITTEN
        one.read = one.read or row.act not in _WRITTEN
        one.emergency = one.emergency or row.act is Act.EMERGENCY or Ground.EMERGENCY in row.ground.split(",")

    def by_person(self) -> dict[str, list[Contact]]:
        """The contacts of each."""
        found: dict[str, list[Contact]] = {}
        for one in self.contacts.values():
            found.setdefault(one.person, []).append(one)
        return found

    def volumes(self) -> dict[str, int]:
        """How many records each has opened."""
        return {person: sum(one.read for one in found) for person, found in self.by_person().items()}


def findings(day: int, contacts: Day, facts: Facts) -> list[Finding]:
    """What is unusual in a day (`day` numbers it)."""
    found: list[Finding] = []
    for person, held in contacts.by_person().items():
        for one in held:
            found += [_finding(day, pattern, [one]) for pattern in _single(one, facts)]
        if facts.usual.get(person) is not None and is_much(sum(one.read for one in held), facts.usual[person]):
            found.append(_finding(day, Pattern.VOLUME, [one for one in held if one.read]))
        refused = [one for one in held if one.refused and not one.read]
        if len(refused) >= ATTEMPTS:
            found.append(_finding(day, Pattern.ATTEMPTS, refused))
    return found


def _single(one: Contact, facts: Facts) -> Iterator[Pattern]:
    """Patterns of one person and one patient. Somebody who has written has had something to do there."""
    if one.emergency:
        yield Pattern.NO_RELATION
    if not one.read:
        return
    reader, patient = facts.readers.get(one.person, NOBODY), facts.patients.get(one.patient, NOBODY)
    if not reader.marks.isdisjoint(patient.marks):
        yield Pattern.OWN
        return
    if one.wrote:
        return
    if not patient.marks.isdisjoint(facts.colleagues.get(one.person, frozenset())):
        yield Pattern.COLLEAGUE
    if (reader.surnames & patient.surnames) - facts.common:
        yield Pattern.SURNAME
    if patient.protected:
        yield Pattern.PROTECTED


def is_much(patients: int, usual: Sequence[int]) -> bool:
    """Far above what the same person opens otherwise; without days to compare with, twice the floor is."""
    if len(usual) < KNOWN_DAYS:
        return patients > 2 * FLOOR
    return patients > max(FLOOR, TIMES * median(usual))


def _finding(day: int, pattern: Pattern, contacts: Sequence[Contact]) -> Finding:
    first = contacts[0]
    patient = first.patient if len(contacts) == 1 and pattern not in (Pattern.VOLUME, Pattern.ATTEMPTS) else 0
    name = f"{day} {pattern} {first.person} {patient}"
    id = blake2b(name.encode(), digest_size=12).hexdigest()
    return Finding(id, pattern, first.person, first.unit, patient, min(one.moment for one in contacts), _rows(contacts))


def _rows(contacts: Iterable[Contact]) -> tuple[int, ...]:
    return tuple(sorted({seq for one in contacts for seq in one.rows})[:EVIDENCE])
