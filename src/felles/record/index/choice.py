"""What is chosen per type: the date that every index row carries, the patient it belongs to, the tokens that
clinical work asks for per patient."""

from functools import cache
from typing import Final

from felles.record import definition
from felles.record.index.term import Parameter, Term, parameters

PRIMARY_DATE: Final = {
    "Account": "period",
    "AllergyIntolerance": "date",
    "Basic": "created",
    "Bundle": "timestamp",
    "Claim": "created",
    "ClaimResponse": "created",
    "Communication": "sent",
    "CommunicationRequest": "authored",
    "Condition": "onset-date",
    "Contract": "issued",
    "CoverageEligibilityRequest": "created",
    "CoverageEligibilityResponse": "created",
    "DetectedIssue": "identified",
    "DeviceRequest": "authored-on",
    "DocumentManifest": "created",
    "ExplanationOfBenefit": "created",
    "Goal": "start-date",
    "ImagingStudy": "started",
    "Media": "created",
    "MedicationAdministration": "effective-time",
    "MedicationDispense": "whenhandedover",
    "MedicationRequest": "authoredon",
    "MedicationStatement": "effective",
    "NutritionOrder": "datetime",
    "Patient": "birthdate",
    "PaymentNotice": "created",
    "PaymentReconciliation": "created",
    "Person": "birthdate",
    "Provenance": "recorded",
    "QuestionnaireResponse": "authored",
    "RelatedPerson": "birthdate",
    "RequestGroup": "authored",
    "ServiceRequest": "authored",
    "Slot": "start",
    "Specimen": "collected",
    "Task": "authored-on",
    "VisionPrescription": "datewritten",
}
"""The search parameter of the primary clinical date; where a type is not named it is `date`, if it has that."""

PROMOTED: Final = {
    "AllergyIntolerance": ("clinical-status",),
    "CarePlan": ("category", "status"),
    "Condition": ("category", "clinical-status", "code"),
    "DiagnosticReport": ("category", "code"),
    "DocumentReference": ("category", "type"),
    "Encounter": ("status",),
    "Immunization": ("vaccine-code",),
    "MedicationAdministration": ("code", "status"),
    "MedicationRequest": ("code", "status"),
    "MedicationStatement": ("code", "status"),
    "Observation": ("category", "code"),
    "Procedure": ("code",),
    "ServiceRequest": ("code", "status"),
    "Task": ("code", "status"),
}
"""Token parameters that stand in the per-patient index as well."""

SUBJECTS: Final = ("patient", "subject", "individual", "beneficiary")


@cache
def primary_date(type_name: str) -> int:
    """The number of the term whose low bound all rows of a resource carry; 0 where the type has none.

    Only a term that stands alone in its parameter and gives at most one value will do: then sorting and filtering by
    the carried date is exact.
    """
    term = _only_term(parameters(type_name).get(PRIMARY_DATE.get(type_name, "date")))
    if term is None or term.kind != "date" or not all(branch.single for branch in term.branches):
        return 0
    return term.number


@cache
def subject(type_name: str) -> int:
    """The reference term that says whom a resource is about; 0 where the type has none that gives at most one."""
    for code in SUBJECTS:
        parameter = parameters(type_name).get(code)
        term = _only_term(parameter)
        if parameter and term and "Patient" in parameter.targets and all(b.single for b in term.branches):
            return term.number
    return 0


@cache
def promoted(type_name: str) -> frozenset[int]:
    """The token terms that stand in the per-patient index."""
    if not subject(type_name):
        return frozenset()
    codes = PROMOTED.get(type_name, ())
    return frozenset(number for code in codes for number in parameters(type_name)[code].numbers)


@cache
def compartment(type_name: str) -> frozenset[int]:
    """The reference terms that place a resource in a patient's compartment
    (https://hl7.org/fhir/R4/compartmentdefinition-patient.html)."""
    codes = definition.compartment("Patient").get(type_name, ())
    known = parameters(type_name)
    return frozenset(number for code in codes if code in known for number in known[code].numbers)


def _only_term(parameter: Parameter | None) -> Term | None:
    if parameter is None or len(parameter.bindings) != 1:
        return None
    return parameter.bindings[0].term
