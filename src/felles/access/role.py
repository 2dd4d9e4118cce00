"""Roles: a PractitionerRole read as what it gives to whom, and when (https://hl7.org/fhir/R4/practitionerrole.html)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from felles.access.who import Role
from felles.record.index.leaf import period_row
from felles.record.index.value import BEGINNING, FOREVER

PROFESSION = "urn:oid:2.16.578.1.12.4.1.1.9060"
"""Category of health personnel (Volven 9060)."""
OWN = "urn:felles:role"
"""The house's own role codes; where a role has one, it says more than the profession."""
LEADERS = frozenset(("leder", "enhetsleder"))
"""Of those who lead a unit: one office, by either of its names."""
OFFICER = "personvernombud"
ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Employment:
    """`practitioner` is "Practitioner/x"; `role` with its unit and dates; `active` as the resource says."""

    practitioner: str
    role: Role
    active: bool

    def holds(self, moment: int) -> bool:
        """Whether it gives anything at a moment (microseconds)."""
        began = self.role.start is None or self.role.start <= moment
        return self.active and began and (self.role.end is None or moment < self.role.end)


def employment(resource: dict[str, Any]) -> Employment | None:
    """The employment of a PractitionerRole; None without person or unit."""
    practitioner, unit = (_target(resource.get(name)) for name in ("practitioner", "organization"))
    if not practitioner.startswith("Practitioner/") or not unit.startswith("Organization/"):
        return None
    row = period_row(resource.get("period") or {})
    start = row[1] if row and row[1] != BEGINNING else None
    end = row[2] if row and row[2] != FOREVER else None
    role = Role(f"PractitionerRole/{resource.get('id')}", unit, code(resource), start, end)
    return Employment(practitioner, role, resource.get("active") is not False)


def code(resource: dict[str, Any]) -> str:
    """The role's code: the house's own first, then the profession; empty where it has neither."""
    found = {one.get("system"): str(one.get("code")) for one in _codings(resource.get("code"))}
    return found.get(OWN) or found.get(PROFESSION) or ""


def _codings(concepts: Iterable[dict[str, Any]] | None) -> Iterable[dict[str, Any]]:
    for concept in concepts or ():
        yield from concept.get("coding") or ()


def _target(reference: dict[str, Any] | None) -> str:
    return "/".join(str((reference or {}).get("reference") or "").split("/")[:2])
