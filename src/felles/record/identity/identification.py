"""A person becomes known: the number that was missing, or the fødselsnummer in place of a D-number. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from felles.record.identity.identifier import (
    BIRTH_NUMBER,
    D_NUMBER,
    PERSONAL,
    PROVISIONAL,
    Identifier,
    checked,
    key,
    retired,
    stated_birth_date,
)
from felles.record.identity.merging import differs
from felles.record.identity.person import ESTIMATED, is_estimated
from felles.record.outcome import problem

Patient = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is now known: a checked number, and name, birth date and gender where they came with it."""

    identifier: Identifier
    name: Mapping[str, Any] | None = None
    birth_date: str | None = None
    gender: str | None = None
    force: bool = False


def identified(patient: Patient, finding: Finding, day: str) -> Patient:
    """The Patient with its number from `day` on; what it replaces stays as an old identifier with the end of its time.

    The same number again changes nothing. Raises Problem 422 for a number that is no fødselsnummer or D-number, or
    that contradicts the birth date or a number in force of the same kind, unless forced.
    """
    if not checked(finding.identifier):
        raise problem(422, "value", "the identifier is no valid fødselsnummer or D-number", "identifier")
    number = {"use": "official", "period": {"start": day}, **finding.identifier, "value": key(finding.identifier)[1]}
    known = [one for one in patient.get("identifier", []) if key(one) == key(number) and one.get("use") != "old"]
    after = patient if known else {**patient, "identifier": _with(patient, number, finding, day)}
    return _described(after, finding)


def _with(patient: Patient, number: Identifier, finding: Finding, day: str) -> list[Identifier]:
    """The identifiers with the new number first and those it replaces retired."""
    kept: list[Identifier] = []
    for one in patient.get("identifier", []):
        if key(one) == key(number):
            continue
        if one.get("use") == "old" or not _replaces(number["system"], one.get("system"), finding.force):
            kept.append(one)
        else:
            kept.append(retired(one, day))
    return [number, *kept]


def _replaces(new: str, old: Any, force: bool) -> bool:
    """Whether a number of system `new` ends the time of one of system `old`."""
    if old in PROVISIONAL or (new == BIRTH_NUMBER and old == D_NUMBER):
        return True
    if new == D_NUMBER and old == BIRTH_NUMBER:
        raise problem(422, "business-rule", "a fødselsnummer is not replaced by a D-number", "identifier")
    if new == old and new in PERSONAL and not force:
        text = "the patient has another number of this kind; a corrected number needs force=true"
        raise problem(422, "business-rule", text, "identifier")
    return bool(new == old)


def _described(patient: Patient, finding: Finding) -> Patient:
    after = dict(patient)
    if finding.name is not None:
        former = [
            {**name, "use": "old"} if name.get("use") in ("temp", "anonymous") else name for name in _names(after)
        ]
        after["name"] = [finding.name, *(name for name in former if name != finding.name)]
    if finding.gender is not None:
        after["gender"] = finding.gender
    born = finding.birth_date or stated_birth_date(finding.identifier)
    return _born(after, born, finding.force) if born else after


def _names(patient: Patient) -> list[dict[str, Any]]:
    names: list[dict[str, Any]] = patient.get("name", [])
    return names


def _born(patient: Patient, born: str, force: bool) -> Patient:
    """The Patient with this birth date; a guessed one gives way to it."""
    known = patient.get("birthDate")
    if known and not is_estimated(patient) and differs(known, born) and not force:
        raise problem(422, "business-rule", "the number belongs to another birth date than the patient's", "identifier")
    after = {**patient, "birthDate": born if not known or len(born) > len(known) or differs(known, born) else known}
    if "_birthDate" in after:
        rest = [one for one in after["_birthDate"].get("extension", ()) if one.get("url") != ESTIMATED]
        after["_birthDate"] = {**after["_birthDate"], "extension": rest}
        if not rest:
            del after["_birthDate"]
    return after
