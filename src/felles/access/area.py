"""Service areas: what people call the parts of a record, for locks and powers of attorney. Policy as data."""

from collections.abc import Iterable, Mapping

Types = frozenset[str] | None
"""Names of resource types; None for all that a patient sees."""

AREAS: Mapping[str, Types] = {
    "record": None,
    "appointments": frozenset(("Appointment", "AppointmentResponse", "Encounter", "EpisodeOfCare")),
    "messages": frozenset(("Communication", "CommunicationRequest", "QuestionnaireResponse")),
    "medicines": frozenset(("MedicationRequest", "MedicationStatement", "MedicationDispense", "AllergyIntolerance")),
    "results": frozenset(("Observation", "DiagnosticReport", "ImagingStudy", "Specimen")),
    "documents": frozenset(("DocumentReference", "Composition")),
    "referrals": frozenset(("ServiceRequest", "Task")),
    "vaccines": frozenset(("Immunization", "ImmunizationRecommendation")),
}
"""Of a power of attorney."""
CLOSABLE: Mapping[str, frozenset[str]] = {
    "diagnoses": frozenset(("Condition",)),
    **{name: types for name, types in AREAS.items() if types is not None},
}
"""Of a lock or a block: each part on its own."""
_ALL = {"diagnoses": CLOSABLE["diagnoses"], **AREAS}


def named(types: Iterable[str]) -> tuple[list[str], list[str]]:
    """The areas that lie wholly within these types, and the types that are left over. Whoever represents somebody sees
    who it is, so Patient is never left over."""
    given = frozenset(types)
    found = [name for name, one in _ALL.items() if one is not None and one <= given]
    covered = frozenset[str]().union(*(_ALL[name] or () for name in found))
    return found, sorted(given - covered - {"Patient"})
