"""Norwegian identifiers as people read them."""

from typing import Any

from felles.web.chart.text import Resource, first
from felles.web.chart.words import N_

# HL7 Norway no-basis: the OIDs of the national person identifiers
NATIONAL = {
    "urn:oid:2.16.578.1.12.4.1.4.1": N_("Fødselsnummer"),
    "urn:oid:2.16.578.1.12.4.1.4.2": N_("D-nummer"),
    "urn:oid:2.16.578.1.12.4.1.4.3": N_("FH-nummer"),
}


def grouped(number: str) -> str:
    """`010190 12345`: birth date and person number apart, as they are read aloud."""
    return f"{number[:6]} {number[6:]}" if len(number) == 11 and number.isdigit() else number


def national_identifier(patient: Resource) -> tuple[str, str]:
    """(its kind, the number grouped); the first other identifier when there is no national one."""
    identifiers: list[dict[str, Any]] = list(patient.get("identifier", ()))
    for system, kind in NATIONAL.items():
        for identifier in identifiers:
            if identifier.get("system") == system and identifier.get("use") != "old":
                return kind, grouped(str(identifier.get("value", "")))
    return N_("Annen ID"), str(first(identifiers).get("value", "")) if identifiers else ""
