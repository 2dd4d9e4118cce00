"""Parents of a child who may act for it.

A parent is an active RelatedPerson of the child with a parental relationship, to which the parent's
own Patient links (`Patient.link`, type seealso: https://hl7.org/fhir/R4/patient.html#links). By policy one of the
parents must share the child's registered address, as on Helsenorge; then all of them may.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from felles.access.epoch import among, listed
from felles.record.index.term import parameters
from felles.record.index.value import key64, normalise
from felles.record.protection import protection_of
from felles.record.store.transaction import Reading

PARENTAL = frozenset(("PRN", "FTH", "MTH", "NPRN", "NFTH", "NMTH", "ADOPTP", "ADOPTF", "ADOPTM", "GUARD", "FTHFOST"))
"""HL7 v3 RoleCode of those with parental responsibility (foreldreansvar)."""
SHARED_ADDRESS = True
"""Policy: whether one of the parents must live at the child's registered address."""
_LINK = ", ".join(map(str, parameters("Patient")["link"].numbers))
Json = dict[str, Any]


def is_parent(related: Json) -> bool:
    """Whether a RelatedPerson stands as a parent."""
    codings = [one for concept in related.get("relationship") or () for one in concept.get("coding") or ()]
    return related.get("active") is not False and any(one.get("code") in PARENTAL for one in codings)


async def parents(store: Reading, child: Json, near: Sequence[Json]) -> frozenset[int]:
    """The keys of the parents' own "Patient/x"."""
    sql = (
        "SELECT r.body FROM reference_index x JOIN resource r ON r.rid = x.rid "  # noqa: S608 - numbers and placeholders
        f"WHERE x.term IN ({_LINK}) AND {among(store, 'x.target')} AND r.deleted = 0"
    )
    rows = await store.rows(sql, listed(store, [key64(f"RelatedPerson/{one['id']}") for one in near]))
    people = [one for one in (orjson.loads(row[0]) for row in rows) if one.get("active") is not False]
    if SHARED_ADDRESS and not any(_home(child) & _home(one) for one in people):
        return frozenset()
    return frozenset(key64(f"Patient/{one['id']}") for one in people if protection_of(one) is None)


def _home(person: Json) -> frozenset[tuple[str, ...]]:
    """Where somebody lives, so that it can be compared; work and former addresses aside."""
    found = [one for one in person.get("address") or () if one.get("use", "home") == "home" and one.get("line")]
    return frozenset((normalise(" ".join(one["line"])), str(one.get("postalCode"))) for one in found)
