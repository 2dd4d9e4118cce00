"""Patient and RelatedPerson (https://hl7.org/fhir/R4/patient.html, https://hl7.org/fhir/R4/relatedperson.html)."""

from felles.demo import clock, number
from felles.demo.chart import Chart
from felles.demo.population import Person, Relative
from felles.demo.resource import Json, hl7, identifier, key, reference

INTERPRETER = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"
NO_BASIS = "http://hl7.no/fhir/CodeSystem"
FAMILY = {"MTH": ("mor", "Mor"), "FTH": ("far", "Far")}
"""HL7 v3 RoleCode → code and words of no-basis-family-relation."""
PROTECTION = "urn:felles:protection"
PROTECTIONS = {"6": "Strengt fortrolig adresse (kode 6)", "7": "Fortrolig adresse (kode 7)"}
LANGUAGES = {
    "nb": "Norsk bokmål",
    "nn": "Norsk nynorsk",
    "sma": "Sørsamisk",
    "pl": "Polsk",
    "uk": "Ukrainsk",
    "ar": "Arabisk",
    "so": "Somali",
    "ti": "Tigrinja",
    "vi": "Vietnamesisk",
    "en": "Engelsk",
    "ur": "Urdu",
}


def _telecom(person: Person, age: int) -> list[Json]:
    phone = {"system": "phone", "value": number.telephone(100_000 + person.ordinal), "use": "mobile"}
    email = {"system": "email", "value": f"innbygger{person.ordinal}@post.example", "use": "home"}
    return [] if age < 13 else [phone] if age > 88 else [phone, email]


def _communication(person: Person) -> list[Json]:
    code = person.origin.language
    if code == "nb":
        code = person.town.language
    tongue = {"coding": [{"system": "urn:ietf:bcp:47", "code": code, "display": LANGUAGES[code]}]}
    return [{"language": tongue | {"text": LANGUAGES[code]}, "preferred": True}]


def _contact(relative: Relative) -> Json:
    return {
        "relationship": [hl7("v3-RoleCode", relative.code, relative.word)],
        "name": {"family": relative.family, "given": relative.given.split(" ")},
        "telecom": [{"system": "phone", "value": relative.telephone, "use": "mobile"}],
        "gender": relative.sex,
    }


def _marital(chart: Chart) -> Json:
    code, words = ("M", "Gift") if chart.chance(0.5) else ("S", "Ugift") if chart.age < 50 else ("W", "Enke/enkemann")
    return hl7("v3-MaritalStatus", code, words)


def body(chart: Chart) -> Json:
    """The Patient's elements."""
    person = chart.person
    name = {"use": "official", "family": person.family, "given": person.given.split(" ")}
    found: Json = {
        "identifier": [identifier(*person.number)],
        "active": person.died is None,
        "name": [name],
        "telecom": _telecom(person, chart.age),
        "gender": person.sex,
        "birthDate": person.birth.isoformat(),
        "address": [person.address],
        "communication": _communication(person),
        "generalPractitioner": [reference(person.gp.role, person.gp.name)],
        "managingOrganization": person.gp.place.as_reference(),
    }
    if chart.age >= 20:
        found["maritalStatus"] = _marital(chart)
    if person.relatives:
        found["contact"] = [_contact(relative) for relative in person.relatives]
    if person.interpreter:
        found["extension"] = [{"url": INTERPRETER, "valueBoolean": True}]
    if person.parent_of:
        found["link"] = [
            {"other": reference(f"RelatedPerson/{key(child, 'RelatedPerson', ordinal)}"), "type": "seealso"}
            for child, ordinal in person.parent_of
        ]
    if person.died:
        found["deceasedDateTime"] = clock.instant(clock.at(person.died, 4, 20))
    return {name: value for name, value in found.items() if value != []}


def related(chart: Chart) -> None:
    """A RelatedPerson for each relative; of a protected patient all entries are."""
    for relative in chart.person.relatives:
        numbered: Json = {"identifier": [identifier(*relative.number)]} if relative.number else {}
        body: Json = {
            "active": True,
            "patient": chart.subject,
            "relationship": _relationship(relative),
            "name": [{"use": "official", "family": relative.family, "given": relative.given.split(" ")}],
            "telecom": [{"system": "phone", "value": relative.telephone, "use": "mobile"}],
            "gender": relative.sex,
        }
        chart.add("RelatedPerson", numbered | body)
    if chart.person.protection:
        for found in chart.resources:
            protect(found, chart.person.protection)


def _relationship(relative: Relative) -> list[Json]:
    """Of a parent the Norwegian codes too: relation and responsibility (no-basis-RelatedPerson)."""
    found = [hl7("v3-RoleCode", relative.code, relative.word)]
    if relative.code in FAMILY:
        code, words = FAMILY[relative.code]
        found.append({"coding": [{"system": f"{NO_BASIS}/no-basis-family-relation", "code": code, "display": words}]})
        shared = {"system": f"{NO_BASIS}/no-basis-parental-responsibility", "code": "felles", "display": "Felles"}
        found.append({"coding": [shared], "text": "Felles foreldreansvar"})
    return found


def protect(found: Json, code: str) -> None:
    """Labels a resource that tells where somebody with a protected address is."""
    label = {"system": PROTECTION, "code": code, "display": PROTECTIONS[code]}
    found["meta"] = {**found["meta"], "security": [label]}
