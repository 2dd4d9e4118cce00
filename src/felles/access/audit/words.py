"""The log in plain words (bokmål; the pages translate them): what kind of thing, what was done, why."""

from felles.access.audit.row import Act
from felles.access.ground import Ground

OTHER, RECORD = "annet i journalen", "journalen"
_THINGS = {
    "personopplysninger": "Patient RelatedPerson Person Coverage",
    "prøvesvar og målinger": "Observation DiagnosticReport Specimen",
    "bilder": "ImagingStudy Media",
    "diagnoser og problemer": "Condition DetectedIssue FamilyMemberHistory RiskAssessment",
    "legemidler": "MedicationRequest MedicationStatement MedicationAdministration MedicationDispense",
    "allergier": "AllergyIntolerance",
    "vaksiner": "Immunization ImmunizationRecommendation",
    "notater og dokumenter": "DocumentReference Composition ClinicalImpression QuestionnaireResponse Binary",
    "undersøkelser og behandling": "Procedure NutritionOrder DeviceUseStatement",
    "opphold og timer": "Encounter EpisodeOfCare Appointment AppointmentResponse Schedule Slot",
    "henvisninger og bestillinger": "ServiceRequest Task DeviceRequest SupplyRequest",
    "planer": "CarePlan CareTeam Goal",
    "meldinger": "Communication CommunicationRequest",
    "samtykker og sperrer": "Consent Flag",
    "loggen": "AuditEvent Provenance",
}
THINGS = {name: words for words, names in _THINGS.items() for name in names.split()}
"""Resource type → what a patient calls it."""

DEEDS = {
    Act.READ: "leste",
    Act.SEARCH: "leste",
    Act.HISTORY: "leste eldre versjoner av",
    Act.CREATE: "skrev",
    Act.UPDATE: "endret",
    Act.DELETE: "slettet",
    Act.OPERATION: "brukte",
    Act.PRINT: "skrev ut",
    Act.EXPORT: "hentet ut en kopi av",
    Act.MESSAGE: "sendte",
    Act.FIND: "søkte opp",
    Act.SIGN_IN: "logget inn",
    Act.SIGN_OUT: "logget ut",
    Act.EMERGENCY: "åpnet i en nødsituasjon",
    Act.TOKEN: "ga et program tilgang til",
}

REASONS = {
    Ground.ENCOUNTER: "hadde deg til undersøkelse eller behandling",
    Ground.EPISODE: "hadde ansvar i et forløp du var i",
    Ground.REFERRAL: "fikk en henvisning som gjelder deg",
    Ground.APPOINTMENT: "hadde en time med deg",
    Ground.PLAN: "følger opp en plan du har",
    Ground.TEAM: "er med i teamet ditt",
    Ground.DUTY: "hadde en oppgave som gjaldt deg",
    Ground.GP: "er fastlegen din",
    Ground.UNIT: "arbeider i en enhet som behandlet deg",
    Ground.EMERGENCY: "åpnet journalen i en nødsituasjon; det blir kontrollert etterpå",
    Ground.CONSENT: "hadde samtykke fra deg",
    Ground.QUALITY: "arbeidet med kvalitet eller læring",
    Ground.OWN: "så i sin egen journal",
    Ground.REPRESENTATIVE: "handlet på dine vegne",
    Ground.SYSTEM: "er et dataprogram som gjorde en fast oppgave",
    Ground.OVERSIGHT: "førte kontroll med hvem som åpner journaler",
}
FOUND = "søkte med navn og fødselsdato eller fødselsnummer, og fikk én linje uten adresse"
REFUSED = "fikk ikke se noe"
ELEVATED = "trengte det for å gjøre noe i journalen, for eksempel en sperre, en nødåpning eller en sammenslåing"
GIVEN = "skulle gi deg en fullmakt"
UNKNOWN = "grunnlaget er ikke oppgitt"


def thing(type_name: str) -> str:
    """What a patient calls resources of a type; of several at once, the record."""
    return THINGS.get(type_name, OTHER) if type_name else RECORD


def reason(ground: str) -> str:
    """Why, of one ground."""
    return REASONS.get(Ground(ground), UNKNOWN) if ground in set(Ground) else UNKNOWN
