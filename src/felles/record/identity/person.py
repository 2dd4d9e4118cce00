"""Persons who come without a number: newborns and unknown persons. Pure: what their first resources look like.

https://hl7.org/fhir/R4/patient.html#maternity: a newborn is a Patient of its own; its mother is a RelatedPerson of it
that her Patient links to with `seealso`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Resource = dict[str, Any]
ESTIMATED = "urn:felles:estimated-birth-date"
"""Extension on Patient.birthDate (boolean): the year is guessed from how old somebody looks."""
_BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
_ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_WORDS = {"male": "gutt", "female": "jente"}
_ADULT = {"male": "mann", "female": "kvinne"}


@dataclass(frozen=True, slots=True)
class Birth:
    """A birth: when (a FHIR dateTime), the child's gender, its order of birth where there are several (from 1)."""

    time: str
    gender: str = "unknown"
    order: int | None = None


def newborn(birth: Birth, mother: Mapping[str, Any], identifier: Resource) -> Resource:
    """The Patient of a newborn: called after its mother until it has a name, at her address."""
    child: Resource = {
        "resourceType": "Patient",
        "identifier": [identifier],
        "active": True,
        "name": [_newborn_name(birth, mother)],
        "gender": birth.gender,
        "birthDate": birth.time[:10],
    }
    if len(birth.time) > 10:
        child["_birthDate"] = {"extension": [{"url": _BIRTH_TIME, "valueDateTime": birth.time}]}
    if birth.order is not None:
        child["multipleBirthInteger"] = birth.order
    homes = [address for address in mother.get("address", ()) if address.get("use") not in ("old", "temp")]
    return child | ({"address": homes} if homes else {})


def _newborn_name(birth: Birth, mother: Mapping[str, Any]) -> Resource:
    family = next((name["family"] for name in mother.get("name", ()) if name.get("family")), None)
    words = ["nyfødt", _WORDS.get(birth.gender, "barn"), *([str(birth.order)] if birth.order else [])]
    text = " ".join([*words, *(["av", family] if family else [])])
    return {"use": "temp", "text": text, **({"family": family} if family else {})}


def mother_of(child_id: str, mother: Mapping[str, Any], birth: Birth) -> Resource:
    """The RelatedPerson that says who the child's mother is."""
    related: Resource = {
        "resourceType": "RelatedPerson",
        "active": True,
        "patient": {"reference": f"Patient/{child_id}"},
        "relationship": [{"coding": [{"system": _ROLE, "code": "MTH", "display": "mother"}]}],
        "period": {"start": birth.time[:10]},
    }
    copied = {name: mother[name] for name in ("identifier", "name", "telecom", "gender", "birthDate") if name in mother}
    return related | copied


def with_relative(mother: Resource, related_id: str) -> Resource:
    """The mother's Patient with the link to her RelatedPerson."""
    link = {"other": {"reference": f"RelatedPerson/{related_id}"}, "type": "seealso"}
    return {**mother, "link": [*mother.get("link", []), link]}


@dataclass(frozen=True, slots=True)
class Appearance:
    """What can be seen of a person nobody knows: gender, an age in years as it is guessed, words (where found)."""

    gender: str = "unknown"
    age: int | None = None
    note: str = ""


def unknown(seen: Appearance, identifier: Resource, year: int) -> Resource:
    """The Patient of a person who is not known (nødpasient) in this year."""
    who = _ADULT.get(seen.gender, "person") if seen.age is None or seen.age >= 18 else _WORDS.get(seen.gender, "barn")
    text = f"ukjent {who}" + (f", ca. {seen.age} år" if seen.age is not None else "")
    person: Resource = {
        "resourceType": "Patient",
        "identifier": [identifier],
        "active": True,
        "name": [{"use": "anonymous", "text": f"{text} ({seen.note})" if seen.note else text}],
        "gender": seen.gender,
    }
    if seen.age is not None:
        person["birthDate"] = str(year - seen.age)
        person["_birthDate"] = {"extension": [{"url": ESTIMATED, "valueBoolean": True}]}
    return person


def is_estimated(patient: Mapping[str, Any]) -> bool:
    """Whether the birth date is a guess."""
    extensions = patient.get("_birthDate", {}).get("extension", ())
    return any(one.get("url") == ESTIMATED and one.get("valueBoolean") for one in extensions)
