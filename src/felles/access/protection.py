"""Who shares a protected address: the label of a Patient goes on to the relatives' entries and the homes in the record.

The predicate, the mask and what is refused lie beside the reading (`record.protection`).
"""

from collections.abc import Iterable
from typing import Any

from felles.record.protection import PROTECTION, STRICTLY, is_protected, mask, protection_of
from felles.record.rule import Deed, Inside, Put, Rule, Woken

Json = dict[str, Any]
DISPLAYS = {"6": "Strengt fortrolig adresse (kode 6)", "7": "Fortrolig adresse (kode 7)"}
MOST = 1_000


def protected(resource: Json, code: str) -> Json:
    """The same resource under protection "6" or "7", in place of a weaker one."""
    meta = resource.get("meta") or {}
    others = [one for one in meta.get("security") or () if one.get("system") != PROTECTION]
    label = {"system": PROTECTION, "code": code, "display": DISPLAYS[code]}
    return {**resource, "meta": {**meta, "security": [*others, label]}}


def lacks(resource: Json, code: str) -> bool:
    """Whether a resource has a weaker protection than `code`."""
    return protection_of(resource) not in (code, STRICTLY)


async def _spread(woken: Woken, inside: Inside) -> Iterable[Deed]:
    if woken.after is None:
        return []
    if woken.type == "RelatedPerson":
        return await _of_patient(woken.after, inside)
    code = protection_of(woken.after)
    if code is None or (woken.before is not None and not lacks(woken.before, code)):
        return []
    whom = [("patient", f"Patient/{woken.id}")]
    near = [*await inside.search("RelatedPerson", whom, MOST), *await _homes(whom, inside)]
    return [Put(protected(one, code)) for one in near if lacks(one, code)]


async def _of_patient(related: Json, inside: Inside) -> list[Deed]:
    """A relative who is entered for a protected patient, or whose entry is changed."""
    type_name, _, id = str((related.get("patient") or {}).get("reference")).partition("/")
    patient = await inside.read("Patient", id.partition("/")[0]) if type_name == "Patient" else None
    code = protection_of(patient) if patient else None
    return [Put(protected(related, code))] if code is not None and lacks(related, code) else []


async def _homes(whom: list[tuple[str, str]], inside: Inside) -> list[Json]:
    """Locations of kind `ho` (house) where the patient has been visited."""
    visits = await inside.search("Encounter", whom, MOST)
    places = {
        str((one.get("location") or {}).get("reference")) for visit in visits for one in visit.get("location") or ()
    }
    found = [
        await inside.read("Location", one.partition("/")[2]) for one in sorted(places) if one.startswith("Location/")
    ]
    return [one for one in found if one is not None and _is_home(one)]


def _is_home(place: Json) -> bool:
    return any(one.get("code") == "ho" for one in (place.get("physicalType") or {}).get("coding") or ())


RULE = Rule("a protected address covers relatives and homes", frozenset(("Patient", "RelatedPerson")), _spread, True)

__all__ = ["DISPLAYS", "PROTECTION", "RULE", "is_protected", "lacks", "mask", "protected", "protection_of"]
