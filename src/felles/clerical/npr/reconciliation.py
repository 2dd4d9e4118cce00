"""Record and extract beside each other, unit by unit: what the record counts is in the messages or on the list of what
is not, with its reason. The messages are read again as they lie in their files.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from felles.clerical.npr.gathered import Gathered


@dataclass(frozen=True, slots=True)
class Tally:
    """One unit. `contacts`, `periods`: of the record; `reported_*`: in the file; `left`: reason → how many contacts;
    `over`: periods that were over before the month; `waiting`: by the waiting list, and in the file."""

    unit: str
    contacts: int = 0
    reported_contacts: int = 0
    left: Mapping[str, int] = field(default_factory=dict)
    periods: int = 0
    reported_periods: int = 0
    over: int = 0
    waiting: int = 0
    reported_waiting: int = 0

    @property
    def holds(self) -> bool:
        """Whether every row of the record is accounted for."""
        return (
            self.contacts == self.reported_contacts + sum(self.left.values())
            and self.periods == self.reported_periods + self.over
            and self.waiting == self.reported_waiting
        )

    @property
    def empty(self) -> bool:
        return not (self.contacts or self.periods or self.reported_contacts or self.reported_periods)


@dataclass(slots=True)
class Read:
    """What stands in the messages: by unit's number, and the patients' running numbers in each."""

    contacts: Counter[str] = field(default_factory=Counter)
    periods: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    patients: set[str] = field(default_factory=set)
    identities: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The units in order, and how many patients each message has."""

    tallies: tuple[Tally, ...]
    patients: int
    identities: int
    joined: bool

    @property
    def holds(self) -> bool:
        """Whether each unit adds up and both messages are of the same patients."""
        return self.joined and all(one.holds for one in self.tallies)


def reconcile(one: Gathered, files: Sequence[Path]) -> Reconciled:
    """The record beside what lies in npr_ord and npr_ide; without files, beside nothing."""
    read = _read(*files) if files else Read()
    numbers = {unit: str(place) for place, unit in enumerate(sorted(one.places), 1)}
    reasons: dict[str, Counter[str]] = {unit: Counter() for unit in one.places}
    for left in one.left:
        reasons[left.unit][left.reason] += 1
    tallies = tuple(_tally(one, unit, numbers[unit], reasons[unit], read) for unit in sorted(one.places))
    joined = read.patients == read.identities
    return Reconciled(
        tuple(each for each in tallies if not each.empty), len(read.patients), len(read.identities), joined
    )


def _tally(one: Gathered, unit: str, number: str, reasons: Counter[str], read: Read) -> Tally:
    over = reasons.pop("over", 0)
    counted = one.counted
    return Tally(
        unit, counted.contacts.get(unit, 0), read.contacts[number], dict(sorted(reasons.items())),
        counted.periods.get(unit, 0), read.periods[number], over,
        counted.waiting.get(unit, 0), read.waiting[number],
    )  # fmt: skip


def _read(activity: Path, identities: Path) -> Read:
    found = Read()
    for name, element in _elements(activity, "Henvisningsperiode", "Episode", "Objektholder"):
        if name == "Objektholder":
            found.patients.add(element.get("pasientNr", ""))
            continue
        unit = element[0].get("enhetID", "") if name == "Henvisningsperiode" else element[1].get("enhetID", "")
        (found.periods if name == "Henvisningsperiode" else found.contacts)[unit] += 1
        if name == "Henvisningsperiode" and not element.get("ventetidSluttDato"):
            found.waiting[unit] += 1
    found.identities = {element.get("pid", "") for _, element in _elements(identities, "PasientIdent")}
    return found


def _elements(file: Path, *names: str) -> Iterator[tuple[str, etree._Element]]:
    """The elements of these names, each whole, let go afterwards."""
    wanted = tuple(f"{{*}}{name}" for name in names)
    for _, element in etree.iterparse(str(file), tag=wanted, resolve_entities=False, no_network=True):
        name = etree.QName(element).localname
        yield name, element
        if name in ("Objektholder", "PasientIdent"):
            element.clear(keep_tail=False)
