"""Identifiers as attributes: national numbers, which of them are in force, and what becomes of replaced ones."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from felles.record.validation import national
from felles.record.validation.identifier import fault

Identifier = dict[str, Any]

_OID = "urn:oid:2.16.578.1.12.4.1.4."
BIRTH_NUMBER, D_NUMBER, HELP_NUMBER = f"{_OID}1", f"{_OID}2", f"{_OID}3"
"""Fødselsnummer, D-number, common help number (HL7 Norway, no-basis-Patient)."""
PERSONAL = (BIRTH_NUMBER, D_NUMBER)
TEMPORARY = "urn:felles:temporary-number"
"""Numbers this record gives to persons who have none yet."""
PROVISIONAL = (TEMPORARY, HELP_NUMBER)


def key(identifier: Mapping[str, Any]) -> tuple[str, str]:
    """System and value, without spaces in a national number."""
    system, value = str(identifier.get("system", "")), str(identifier.get("value", ""))
    return (system, "".join(value.split())) if system.startswith(_OID) else (system, value.strip())


def keys(identifiers: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """The keys of identifiers that have a value."""
    return {key(one) for one in identifiers if one.get("value")}


def checked(identifier: Mapping[str, Any]) -> bool:
    """A fødselsnummer or D-number whose check digits hold."""
    return identifier.get("system") in PERSONAL and bool(identifier.get("value")) and fault(identifier) is None


def in_force(identifiers: Iterable[Mapping[str, Any]], systems: Sequence[str] = PERSONAL) -> dict[str, set[str]]:
    """Values by system, without old ones (Identifier.use old, or a period that has an end)."""
    found: dict[str, set[str]] = {}
    for one in identifiers:
        ended = one.get("use") == "old" or "end" in one.get("period", {})
        if one.get("system") in systems and one.get("value") and not ended:
            found.setdefault(str(one["system"]), set()).add(key(one)[1])
    return found


def retired(identifier: Mapping[str, Any], day: str) -> Identifier:
    """The same identifier as an old one, in use until `day`."""
    period = {**identifier.get("period", {})}
    period.setdefault("end", day)
    return {**identifier, "use": "old", "period": period}


def united(own: Sequence[Identifier], others: Sequence[Identifier]) -> list[Identifier]:
    """Own identifiers, and those of the others that are missing, as old ones
    (https://build.fhir.org/patient-operation-merge.html)."""
    have = keys(own)
    return [*own, *({**one, "use": "old"} for one in others if one.get("value") and key(one) not in have)]


def stated_birth_date(identifier: Mapping[str, Any]) -> str | None:
    """The birth date that a checked fødselsnummer or D-number states, or None."""
    if not checked(identifier):
        return None
    found = national.birth_date(key(identifier)[1])
    return found.isoformat() if found else None
