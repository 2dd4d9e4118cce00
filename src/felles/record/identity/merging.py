"""Two records of one person become one: what speaks against it, and what both Patients look like afterwards.

Pure: https://build.fhir.org/patient-operation-merge.html on plain data.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from felles.record.identity.identifier import PERSONAL, in_force, keys, united
from felles.record.identity.resolution import linked, replaced_by

Patient = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Objection:
    """Why two records should not be merged. `firm`: not even with a reason."""

    text: str
    expression: str
    firm: bool = False


def objections(
    source: Mapping[str, Any], target: Mapping[str, Any], relatives: Sequence[Mapping[str, Any]]
) -> list[Objection]:
    """All that speaks against merging. `relatives` are the RelatedPersons of both."""
    return [*_states(source, target), *_contradictions(source, target), *_kinship(source, target, relatives)]


def _states(source: Mapping[str, Any], target: Mapping[str, Any]) -> Iterable[Objection]:
    gone, on = replaced_by(source), replaced_by(target)
    if gone is not None:
        yield Objection(f"Patient/{source['id']} has been merged into Patient/{gone}", "source-patient", firm=True)
    if on == source["id"]:
        text = f"Patient/{target['id']} was merged into Patient/{on}: undo that first ($unmerge)"
        yield Objection(text, "target-patient", firm=True)
    elif on is not None:
        text = f"Patient/{target['id']} has been merged into Patient/{on}: merge into that one"
        yield Objection(text, "target-patient", firm=True)
    if gone is None and source.get("active") is False:
        yield Objection("the source is not active", "source-patient")
    if on is None and target.get("active") is False:
        yield Objection("the target is not active", "target-patient")


def _contradictions(source: Mapping[str, Any], target: Mapping[str, Any]) -> Iterable[Objection]:
    if differs(source.get("birthDate"), target.get("birthDate")):
        yield Objection("the birth dates differ", "Patient.birthDate")
    genders = {source.get("gender"), target.get("gender")}
    if genders == {"male", "female"}:
        yield Objection("the genders differ", "Patient.gender")
    if _deceased(source) != _deceased(target):
        yield Objection("one is recorded as deceased, the other is not", "Patient.deceased")
    ours, theirs = in_force(source.get("identifier", ())), in_force(target.get("identifier", ()))
    for system in PERSONAL:
        if ours.get(system) and theirs.get(system) and not ours[system] & theirs[system]:
            yield Objection("they have different national numbers of one kind", "Patient.identifier")


def differs(one: Any, other: Any) -> bool:
    """Whether two FHIR dates exclude each other: `1980` and `1980-05-01` do not."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    length = min(len(one), len(other))
    return one[:length] != other[:length]


def _deceased(patient: Mapping[str, Any]) -> bool:
    return bool(patient.get("deceasedDateTime") or patient.get("deceasedBoolean"))


def _kinship(
    source: Mapping[str, Any], target: Mapping[str, Any], relatives: Sequence[Mapping[str, Any]]
) -> Iterable[Objection]:
    """A relative of one who is the other (a newborn's mother): not one person but two."""
    for relative in relatives:
        whose = relative.get("patient", {}).get("reference", "").rpartition("/")[2]
        other = target if whose == source["id"] else source if whose == target["id"] else None
        if other is not None and _is(relative, other):
            yield Objection(f"RelatedPerson/{relative['id']} says that they are relatives", "RelatedPerson.patient")


def _is(relative: Mapping[str, Any], patient: Mapping[str, Any]) -> bool:
    links = [link.get("other", {}).get("reference", "") for link in patient.get("link", ())]
    same = keys(relative.get("identifier", ())) & keys(patient.get("identifier", ()))
    return f"RelatedPerson/{relative['id']}" in links or bool(same)


def subsumed(source: Patient, target_id: str) -> Patient:
    """The source afterwards: not active, replaced by the target."""
    return {**source, "active": False, "link": [*_other_links(source, target_id), _link(target_id, "replaced-by")]}


def surviving(target: Patient, source: Mapping[str, Any]) -> Patient:
    """The target afterwards: it replaces the source and has its identifiers too, as old ones."""
    after = {**target, "link": [*_other_links(target, source["id"]), _link(source["id"], "replaces")]}
    identifiers = united(target.get("identifier", []), source.get("identifier", []))
    return {**after, "identifier": identifiers} if identifiers else after


def result_faults(result: Mapping[str, Any], source_id: str, target_id: str) -> Iterable[Objection]:
    """What is wrong with a `result-patient`."""
    if result.get("resourceType") != "Patient" or result.get("id") != target_id:
        yield Objection("result-patient is the target Patient with its id", "result-patient.id", firm=True)
    if source_id not in linked(result, "replaces"):
        yield Objection("result-patient needs a link of type replaces to the source", "result-patient.link", firm=True)
    if linked(result, "replaced-by") or result.get("active") is False:
        yield Objection("result-patient is the record that lives on: active, not replaced", "result-patient", firm=True)


def relinked(other: Patient, source_id: str, target_id: str) -> Patient:
    """A third Patient that referred to the source: `seealso` and `refer` lead on, who replaced whom stays history."""
    links = [_follow(link, source_id, target_id) for link in other.get("link", [])]
    return {**other, "link": links} if links else other


def _follow(link: dict[str, Any], source_id: str, target_id: str) -> dict[str, Any]:
    if link.get("type") not in ("seealso", "refer") or not _leads_to(link, source_id):
        return link
    return {**link, "other": {**link["other"], "reference": f"Patient/{target_id}"}}


def _link(id: str, kind: str) -> dict[str, Any]:
    return {"other": {"reference": f"Patient/{id}"}, "type": kind}


def _leads_to(link: Mapping[str, Any], id: str) -> bool:
    literal = str(link.get("other", {}).get("reference", "")).partition("/_history/")[0]
    return literal == f"Patient/{id}" or literal.endswith(f"/Patient/{id}")


def _other_links(patient: Mapping[str, Any], id: str) -> list[dict[str, Any]]:
    return [link for link in patient.get("link", []) if not _leads_to(link, id)]
