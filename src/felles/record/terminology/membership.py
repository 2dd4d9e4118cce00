"""Which codes a value set or a branch of a hierarchy has, for the search modifiers :in, :not-in, :above and :below.

https://hl7.org/fhir/R4/search.html#modifiers
"""

from collections.abc import Mapping
from typing import Any

from felles.record import fhirpath
from felles.record.terminology.expansion import Key, NotExpandable, Resource, Source, ancestors, descendants, expand
from felles.record.terminology.shipped import SHIPPED


def codes_of(url: str, source: Source = SHIPPED) -> set[Key] | None:
    """(system, code) of every concept in a value set by canonical URL; None when that cannot be told here."""
    found = source.value_set(url.partition("|")[0])
    if found is None:
        return None
    try:
        return set(expand(found, source))
    except NotExpandable:
        return None


def members(value_set: Resource, source: Source = SHIPPED) -> set[Key]:
    """(system, code) of every concept in a value set. Raises NotExpandable."""
    return set(expand(value_set, source))


def below(system: str, code: str, source: Source = SHIPPED) -> set[str] | None:
    """The code and all that it subsumes; None when the code system or the code is not known here."""
    known = source.concepts(system)
    return None if known is None or code not in known else {code} | descendants(known, code)


def above(system: str, code: str, source: Source = SHIPPED) -> set[str] | None:
    """The code and all that subsumes it; None when the code system or the code is not known here."""
    known = source.concepts(system)
    return None if known is None or code not in known else {code} | ancestors(known, code)


class Membership(fhirpath.Terminology):
    """What FHIRPath asks: memberOf(), subsumes(), subsumedBy()."""

    def __init__(self, source: Source = SHIPPED) -> None:
        self.source = source

    def member_of(self, coded: Any, value_set: str) -> bool | None:
        codes = codes_of(value_set, self.source)
        if codes is None:
            return None
        if isinstance(coded, str):
            return any(code == coded for _, code in codes)
        return any(pair in codes for pair in _pairs(coded))

    def subsumes(self, general: Any, special: Any) -> bool | None:
        answers = [self._subsumes(one, other) for one in _pairs(general) for other in _pairs(special)]
        return True if True in answers else None if None in answers or not answers else False

    def _subsumes(self, general: Key, special: Key) -> bool | None:
        if general[0] != special[0]:
            return False
        found = below(*general, self.source)
        return None if found is None else special[1] in found


def _pairs(coded: Any) -> list[Key]:
    """(system, code) of a Coding, or of each coding of a CodeableConcept."""
    codings = coded.get("coding", [coded]) if isinstance(coded, Mapping) else ()
    return [(str(c.get("system")), str(c.get("code"))) for c in codings if isinstance(c, Mapping)]
