"""Where a contact is reported from: the unit, its organisation number, and the institution that reports.

An institution is an Organization of type `urn:felles:reports|npr`; what lies below it is reported by it, each place by
its own organisation number (NPR: behandlingssted).
"""

from dataclasses import dataclass
from typing import Any

from felles.duties.reading import Reading

REPORTS, NPR = "urn:felles:reports", "npr"
ORGANISATION_NUMBER = "urn:oid:2.16.578.1.12.4.1.4.101"
DEEP = 16
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """`unit` and `institution` are "Organization/x"; `number` is the organisation number nearest above the unit, within
    the institution: empty where nobody has one."""

    unit: str
    institution: str
    number: str


def reports(organization: Json) -> bool:
    """Whether an Organization is an institution that reports to NPR."""
    codings = (coding for one in organization.get("type") or () for coding in one.get("coding") or ())
    return any((one.get("system"), one.get("code")) == (REPORTS, NPR) for one in codings)


def number_of(organization: Json) -> str:
    """The organisation number; empty without one."""
    numbers = [one for one in organization.get("identifier") or () if one.get("system") == ORGANISATION_NUMBER]
    return str(numbers[0].get("value", "")) if numbers else ""


async def place_of(read: Reading, unit: str) -> Place | None:
    """The place of a unit; None for a unit of no institution that reports."""
    at, number, seen = unit, "", 0
    while at.startswith("Organization/") and seen < DEEP:
        found = await read.read("Organization", at.partition("/")[2])
        if found is None:
            return None
        number = number or number_of(found)
        if reports(found):
            return Place(unit, at, number)
        at, seen = str((found.get("partOf") or {}).get("reference", "")), seen + 1
    return None
