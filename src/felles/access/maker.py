"""Whose part of the shared record a resource is: made by, or addressed to, the units and people of a legal entity.

Each party answers for its own part (pasientjournalloven § 9); who has no agreement with a party does not see its part.
"""

from collections.abc import Collection
from functools import cache

from felles.access.right import OF_PATIENTS
from felles.record import definition
from felles.record.index.term import parameters
from felles.record.search.condition import Both, Chained, Condition, Either, Not, References, Selection

_STAFF = frozenset(("Practitioner", "PractitionerRole", "Organization", "HealthcareService", "Location", "CareTeam"))
_NEVER_LIMITED = frozenset(("Patient", "RelatedPerson"))
"""Who somebody is belongs to no party; a relation is needed all the same."""


@cache
def _terms(type_name: str) -> tuple[int, ...]:
    """The reference terms that name people or units at work."""
    found = parameters(type_name).values()
    named = (one for one in found if one.type == "reference" and not _STAFF.isdisjoint(one.targets))
    return tuple(sorted({number for one in named for number in one.numbers}))


@cache
def _visits(type_name: str) -> tuple[int, ...]:
    """The reference terms that name the encounter."""
    found = parameters(type_name)
    return tuple(
        sorted({number for code in ("encounter", "context") if code in found for number in found[code].numbers})
    )


def of(type_name: str, keys: Collection[int]) -> Condition | None:
    """Resources of a type that are of those with these keys; None for a type that does not say whose it is."""
    targets = tuple(sorted(keys))
    found: list[Condition] = []
    if _terms(type_name):
        found.append(References(_terms(type_name), targets))
    if _visits(type_name):
        at = Selection(("Encounter",), (References(_terms("Encounter"), targets),))
        found.append(Chained(_visits(type_name), at))
    return Either(tuple(found)) if found else None


def only(keys: Collection[int]) -> dict[int, Condition | None]:
    """By type number, what must hold for who sees the own part alone; None where no row of the type is theirs."""
    return {definition.type_number(name): of(name, keys) for name in sorted(OF_PATIENTS - _NEVER_LIMITED)}


def others(theirs: Collection[int], shared: Collection[int]) -> Condition:
    """What was made by others and is addressed to none of those who share."""
    terms = tuple(sorted({number for name in OF_PATIENTS - _NEVER_LIMITED for number in _terms(name)}))
    return Both((References(terms, tuple(sorted(theirs))), Not(References(terms, tuple(sorted(shared))))))
