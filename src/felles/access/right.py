"""What a role may do with which kinds of resource: policy as data (tjenstlig behov, Normen faktaark 14).

Roles are categories of health personnel (Volven 9060) or the house's own codes. A code that is not in the table may
look up the house's directory and nothing else. Relations, locks and scopes narrow further; nothing here widens them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from felles.access.role import ADMINISTRATOR, LEADERS, OFFICER
from felles.record import definition
from felles.record.guard import Act
from felles.record.index.relation import Ground as Made

_READING = frozenset((Act.READ, Act.SEARCH, Act.HISTORY))


def _types(*groups: str) -> frozenset[str]:
    return frozenset(name for group in groups for name in group.split())


OF_PATIENTS = frozenset(definition.compartment("Patient")) | {"Patient", "Task"}
"""The types that concern patients (https://hl7.org/fhir/R4/compartmentdefinition-patient.html, and Task)."""

DEFINITIONS = _types(
    "ActivityDefinition CapabilityStatement ChargeItemDefinition CodeSystem CompartmentDefinition ConceptMap",
    "DeviceDefinition GraphDefinition ImplementationGuide Library Measure MessageDefinition NamingSystem",
    "ObservationDefinition OperationDefinition PlanDefinition Questionnaire SearchParameter SpecimenDefinition",
    "StructureDefinition StructureMap TerminologyCapabilities ValueSet",
)
DIRECTORY = _types(
    "Organization OrganizationAffiliation HealthcareService Location Practitioner PractitionerRole Endpoint Schedule",
    "Slot Device Medication MedicationKnowledge Substance",
)
LOOSE = DEFINITIONS | DIRECTORY
"""What staff see where no patient is concerned."""

IDENTITY = _types("Patient RelatedPerson")
PLANNING = _types(
    "Appointment AppointmentResponse Encounter EpisodeOfCare ServiceRequest Task Communication CommunicationRequest",
    "Flag List Schedule Slot",
)
MONEY = _types("Account ChargeItem Claim ClaimResponse Coverage Invoice PaymentNotice PaymentReconciliation")
LETTERS = _types("DocumentReference Composition QuestionnaireResponse")
MEASURED = _types("Observation Specimen Media DiagnosticReport ImagingStudy BodyStructure")
NURSING = _types(
    "AdverseEvent AllergyIntolerance CarePlan CareTeam ClinicalImpression Condition DetectedIssue DeviceUseStatement",
    "FamilyMemberHistory Goal Immunization ImmunizationRecommendation MedicationAdministration MedicationDispense",
    "MedicationStatement NutritionOrder Observation Procedure RiskAssessment Specimen Media",
)
ORDERING = _types("MedicationRequest DeviceRequest SupplyRequest VisionPrescription RequestGroup")

TERMINOLOGY = frozenset(("expand", "validate-code", "lookup", "subsumes", "validate"))
REGISTRATION = frozenset(("newborn", "unknown", "identify"))
WHOLE = frozenset(("everything",))
IDENTITY_WORK = frozenset(("match", "merge", "unmerge", "move-facts"))


RELATIONS = frozenset(Made) - {Made.CONSENT, Made.EMERGENCY, Made.REPRESENTATION}
"""What gives a ground by itself. The others are decided on the Consent, which also says for which part; the relation
only finds the patient."""


@dataclass(frozen=True)
class Rights:
    """`read`, `create`, `update`, `delete`: type names; `loose`: those that may be seen where no patient is concerned;
    `calls`: operations without `$`. `finds`: may look for patients whom they have nothing to do with yet.
    `through`: the relations that open a record to this role; `below`: those of units below the own one count too."""

    read: frozenset[str] = frozenset()
    create: frozenset[str] = frozenset()
    update: frozenset[str] = frozenset()
    delete: frozenset[str] = frozenset()
    loose: frozenset[str] = LOOSE
    calls: frozenset[str] = TERMINOLOGY
    finds: bool = False
    through: frozenset[int] = RELATIONS
    below: bool = True
    _written: dict[Act, frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        written = {Act.CREATE: self.create, Act.UPDATE: self.update, Act.DELETE: self.delete, Act.CALL: self.calls}
        object.__setattr__(self, "_written", written)

    def allow(self, act: Act, name: str) -> bool:
        """Whether this may be done with a type at all (or an operation of this name be called)."""
        if act in _READING:
            return name in self.read or name in self.loose
        return name in self._written[act]

    @cached_property
    def type_numbers(self) -> frozenset[int]:
        return numbers(self.read | self.loose)

    @cached_property
    def loose_numbers(self) -> frozenset[int]:
        return numbers(self.loose)


def numbers(names: Iterable[str]) -> frozenset[int]:
    """The numbers of resource types."""
    return frozenset(map(definition.type_number, names))


def _care(write: frozenset[str], calls: frozenset[str] = frozenset(), read: frozenset[str] = OF_PATIENTS) -> Rights:
    return Rights(read, write, write, calls=TERMINOLOGY | calls, finds=True)


_DAILY = NURSING | PLANNING | LETTERS | frozenset(("RelatedPerson",))
_DOCTOR = _care(_DAILY | ORDERING | MEASURED | IDENTITY | frozenset(("Provenance",)), WHOLE | REGISTRATION | {"match"})
_PSYCHOLOGIST = _care(_DAILY | IDENTITY, WHOLE | REGISTRATION | {"match"})
_NURSE = _care(_DAILY | IDENTITY, WHOLE | REGISTRATION | {"match"})
_MIDWIFE = _care(_DAILY | ORDERING | MEASURED | IDENTITY, WHOLE | REGISTRATION | {"match"})
_ASSISTANT = _care(_types("Observation MedicationAdministration Task Communication Procedure Flag"), WHOLE)
_CLERK = _care(
    PLANNING | MONEY | LETTERS | IDENTITY,
    REGISTRATION | IDENTITY_WORK,
    IDENTITY | PLANNING | MONEY | LETTERS | _types("DiagnosticReport Immunization Provenance"),
)
_IMAGING = _care(
    MEASURED | _types("Procedure Task Communication Appointment MedicationAdministration"),
    frozenset(("match",)),
    IDENTITY | PLANNING | LETTERS | MEASURED | _types("AllergyIntolerance Condition Procedure Flag Immunization")
    | _types("MedicationRequest MedicationStatement MedicationAdministration DeviceUseStatement"),
)  # fmt: skip
_LABORATORY = _care(
    _types("Observation Specimen DiagnosticReport Task Communication Media"),
    frozenset(("match",)),
    IDENTITY | PLANNING | MEASURED | _types("Condition MedicationRequest MedicationStatement Procedure"),
)
_HOUSE = _types(
    "Organization OrganizationAffiliation HealthcareService Location Practitioner PractitionerRole Endpoint Contract"
)
_ADMINISTRATOR = Rights(create=_HOUSE, update=_HOUSE, delete=_HOUSE, loose=LOOSE | {"Contract"})
_PRIVACY_OFFICER = Rights(
    read=_types("AuditEvent Task Provenance"), update=_types("Task"), loose=LOOSE | {"Contract"},
    through=frozenset((Made.DUTY,)), below=False,
)  # fmt: skip
"""Follows up what the log raises questions of, and sees of patients only what is owed in that."""
_LEADER = Rights(
    read=_types("AuditEvent Task Provenance Patient Encounter Appointment"), update=_types("Task"), finds=False
)
"""Looks after the work of a unit, and after what was opened in it in emergencies."""
NOTHING = Rights()
"""No patient data: the programme that rolls the platform out, and any code that the table does not know."""

OF_ROLE = {
    "LE": _DOCTOR, "TL": _DOCTOR, "PS": _PSYCHOLOGIST, "SP": _NURSE, "VP": _NURSE, "FT": _NURSE, "ET": _NURSE,
    "JO": _MIDWIFE, "HF": _ASSISTANT, "HE": _CLERK, "RA": _IMAGING, "BI": _LABORATORY,
    "merkantil": _CLERK, ADMINISTRATOR: _ADMINISTRATOR, OFFICER: _PRIVACY_OFFICER, "utrullingsleder": NOTHING,
    "XX": NOTHING, **dict.fromkeys(sorted(LEADERS), _LEADER),
}  # fmt: skip
"""Volven 9060 or own code → rights."""

_PORTAL = _types("Appointment AppointmentResponse Communication QuestionnaireResponse")
PATIENT = Rights(OF_PATIENTS - {"Provenance", "List", "Basic"}, _PORTAL, _PORTAL, calls=TERMINOLOGY | WHOLE)
"""Of the patient in the own record, and of those who act for the patient."""
SYSTEM = Rights(*4 * (frozenset(definition.RESOURCE_TYPES),), loose=frozenset(definition.RESOURCE_TYPES),
                calls=TERMINOLOGY | WHOLE | IDENTITY_WORK | REGISTRATION)  # fmt: skip
"""Of a program, within its scopes."""


def of_role(code: str) -> Rights:
    """The rights of a role code; those of nobody in particular for a code that is not known."""
    return OF_ROLE.get(code, NOTHING)
