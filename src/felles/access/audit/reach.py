"""Which rows of the log somebody may see: the patient those about the own record (pasientjournalloven § 18,
pasientjournalforskriften § 14), the privacy officer all, the leader of a unit those of its own staff, a program what
its scopes leave."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from felles.access.audit.row import Row
from felles.access.role import LEADERS, OFFICER
from felles.access.who import Kind, Who
from felles.record.index.value import key64


@dataclass(frozen=True, slots=True)
class Reach:
    """All rows, or those about these patients, or those of these people (64-bit keys)."""

    everything: bool = False
    patients: frozenset[int] = frozenset()
    people: frozenset[int] = frozenset()

    @property
    def nothing(self) -> bool:
        return not (self.everything or self.patients or self.people)

    def covers(self, row: Row) -> bool:
        """Whether the row is one of those."""
        return self.everything or not self.patients.isdisjoint(row.patients) or key64(row.person) in self.people

    def shown(self, row: Row) -> list[int]:
        """The patients whom the reader of the row learns of: of rows about several, only oneself."""
        if self.everything or key64(row.person) in self.people:
            return row.patients
        return [one for one in row.patients if one in self.patients]


ALL = Reach(everything=True)
NONE = Reach()


class Directory(Protocol):
    """The part of `felles.access.house.House` that knows who works where."""

    async def standing(self) -> "Standing": ...
    async def members(self, units: list[str], /) -> frozenset[int]: ...


class Standing(Protocol):
    @property
    def tree(self) -> "Units": ...


class Units(Protocol):
    def within(self, unit: str, /) -> Collection[str]: ...


async def reach_of(who: Who, house: Directory) -> Reach:
    """What somebody may see of the log. A representative sees nothing: a young person's log tells what the record
    hides from parents."""
    if who.kind is Kind.SYSTEM:
        return ALL
    if who.kind is Kind.PATIENT:
        return NONE if who.acts_for else Reach(patients=frozenset((key64(who.id),)))
    if who.role is None:
        return NONE
    if who.role.code == OFFICER:
        return ALL
    if who.role.code in LEADERS:
        units = (await house.standing()).tree.within(who.role.unit)
        return Reach(people=await house.members(sorted(units)))
    return NONE
