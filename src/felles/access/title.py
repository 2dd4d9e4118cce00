"""What roles are called, and what their rights come to, in plain words (bokmål; the pages translate them)."""

from collections.abc import Iterator, Mapping

from felles.access.right import Rights
from felles.access.role import ADMINISTRATOR, LEADERS, OFFICER, OWN, PROFESSION

PROFESSIONS: Mapping[str, str] = {
    "LE": "Lege", "TL": "Tannlege", "PS": "Psykolog", "SP": "Sykepleier", "VP": "Vernepleier",
    "FT": "Fysioterapeut", "ET": "Ergoterapeut", "JO": "Jordmor", "HF": "Helsefagarbeider", "HE": "Helsesekretær",
    "RA": "Radiograf", "BI": "Bioingeniør", "XX": "Ikke helsepersonell",
}  # fmt: skip
"""Volven 9060. All but the last are authorised (helsepersonelloven § 48), and so held by whoever has that."""
OFFICES: Mapping[str, str] = {
    "leder": "Enhetsleder",
    "merkantil": "Merkantil",
    OFFICER: "Personvernombud",
    ADMINISTRATOR: "Administrator",
    "utrullingsleder": "Utrullingsleder",
}
"""The house's own codes."""
TITLES: Mapping[str, str] = {**PROFESSIONS, **OFFICES}
UNAUTHORISED = "XX"

NO_PATIENTS = "ser ingen pasienter"
_ABILITIES = {
    "leser journal": "Condition",
    "ser navn og kontakter": "Encounter",
}
ABILITIES = (*_ABILITIES, "skriver journal", "forordner legemidler", "søker opp pasienter", "gir roller", "ser loggen")


def title(code: str) -> str:
    """The name of a role code; the code itself where the house has none."""
    return OFFICES["leder"] if code in LEADERS else TITLES.get(code, code)


def system(code: str) -> str:
    """The code system of a role code."""
    return PROFESSION if code in PROFESSIONS else OWN


def abilities(rights: Rights) -> Iterator[str]:
    """What rights come to."""
    seen = next((words for words, name in _ABILITIES.items() if name in rights.read), None)
    if seen:
        yield seen
    if "Observation" in rights.create or "DocumentReference" in rights.create:
        yield "skriver journal"
    if "MedicationRequest" in rights.create:
        yield "forordner legemidler"
    if rights.finds:
        yield "søker opp pasienter"
    if "PractitionerRole" in rights.create:
        yield "gir roller"
    if "AuditEvent" in rights.read and not rights.create:
        yield "ser loggen"
    if not seen:
        yield NO_PATIENTS
