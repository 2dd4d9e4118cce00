"""Patient and RelatedPerson (https://hl7.org/fhir/R4/patient.html, https://hl7.org/fhir/R4/relatedperson.html)."""

from felles.demo import clock, number
from felles.demo.chart import Chart
from felles.demo.population import Person, Relative
from felles.demo.resource import Json, hl7, identifier, reference

INTERPRETER = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"
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
    if person.died:
        found["deceasedDateTime"] = clock.instant(clock.at(person.died, 4, 20))
    return {name: value for name, value in found.items() if value != []}


def related(chart: Chart) -> None:
    """A RelatedPerson for each relative."""
    for relative in chart.person.relatives:
        chart.add(
            "RelatedPerson",
            {
                "active": True,
                "patient": chart.subject,
                "relationship": [hl7("v3-RoleCode", relative.code, relative.word)],
                "name": [{"use": "official", "family": relative.family, "given": relative.given.split(" ")}],
                "telecom": [{"system": "phone", "value": relative.telephone, "use": "mobile"}],
                "gender": relative.sex,
            },
        )
