"""Identifiers whose system says that they can be checked: Norwegian national identifiers by their OID.

OIDs: HL7 Norway basis profiles (no-basis-Patient, -Practitioner, -Organization); form: `national`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from felles.record.validation import national

_OID = "urn:oid:2.16.578.1.12.4.1."

FORMATS: Mapping[str, Callable[[str], bool]] = {
    "birth-number": national.is_birth_number,
    "d-number": national.is_d_number,
    "common-help-number": national.is_help_number,
    "health-personnel-number": national.is_health_personnel_number,
    "organization-number": national.is_organization_number,
    "her-id": national.is_her_id,
}
SYSTEMS: Mapping[str, tuple[str, str]] = {
    f"{_OID}4.1": ("birth-number", "fødselsnummer"),
    f"{_OID}4.2": ("d-number", "D-number"),
    f"{_OID}4.3": ("common-help-number", "common help number (FH-nummer)"),
    f"{_OID}4.4": ("health-personnel-number", "HPR number"),
    f"{_OID}4.101": ("organization-number", "organisation number"),
    f"{_OID}2": ("her-id", "HER-id"),
}
"""Identifier.system -> (format, name)."""


def fault(identifier: Mapping[str, Any]) -> str | None:
    """What is wrong with the value of an Identifier whose system is known here, or None."""
    system, value = identifier.get("system"), identifier.get("value")
    if not isinstance(system, str) or not isinstance(value, str) or system not in SYSTEMS:
        return None
    form, name = SYSTEMS[system]
    return None if FORMATS[form](value) else f"the value is not a valid {name}"


def condition() -> dict[str, Any]:
    """The same as JSON Schema: a system from elsewhere, or a value of the form of its system."""
    known = {"required": ["system"], "properties": {"system": {"enum": sorted(SYSTEMS)}}}
    forms = [
        {"properties": {"system": {"enum": [system]}, "value": {"format": form}}}
        for system, (form, _) in SYSTEMS.items()
    ]
    return {"anyOf": [{"not": known}, *forms]}
