"""What the search specification promises (https://hl7.org/fhir/R4/search.html), end to end on a small world."""

from typing import Any

import pytest

from tests.integration.conftest import Client

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
MR = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
Json = dict[str, Any]


def coded(code: str, system: str = LOINC, **more: str) -> Json:
    return {"coding": [{"system": system, "code": code, **more}]}


def amount(value: float, code: str) -> Json:
    return {"value": value, "unit": code, "system": UCUM, "code": code}


def to(address: str) -> Json:
    return {"reference": address}


def pressure(systolic: int, diastolic: int) -> list[Json]:
    return [
        {"code": coded("8480-6"), "valueQuantity": amount(systolic, "mm[Hg]")},
        {"code": coded("8462-4"), "valueQuantity": amount(diastolic, "mm[Hg]")},
    ]


def observation(id: str, **more: Any) -> Json:
    return {"resourceType": "Observation", "id": id, "status": "final", "code": coded("1-1"), **more}


WORLD: list[Json] = [
    {"resourceType": "Organization", "id": "o1", "name": "Sykehuset", "active": True},
    {"resourceType": "Organization", "id": "o2", "name": "Avdelingen", "partOf": to("Organization/o1")},
    {"resourceType": "Practitioner", "id": "d1", "name": [{"family": "Lege"}], "active": True},
    {
        "resourceType": "Practitioner",
        "id": "d2",
        "identifier": [{"system": "urn:bare", "value": "78"}, {"type": {"text": "Hjelpenummer"}, "value": "77"}],
    },
    {
        "resourceType": "Patient",
        "id": "p1",
        "meta": {
            "source": "https://a.example/system",
            "profile": ["https://a.example/profile|1"],
            "tag": [{"system": "urn:tag", "code": "t1"}],
            "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}],
        },
        "active": True,
        "identifier": [{"type": MR, "system": "urn:mr", "value": "12,3"}, {"system": "urn:other", "value": "a|b"}],
        "name": [{"family": "Ås-Øyen", "given": ["Éva", "Marie"]}],
        "gender": "female",
        "birthDate": "1980-05-17",
        "telecom": [{"system": "email", "value": "eva@a.example"}, {"system": "phone", "value": "99887766"}],
        "address": [{"city": "Tromsø", "postalCode": "9008"}],
        "generalPractitioner": [to("Practitioner/d1")],
        "managingOrganization": to("Organization/o2"),
    },
    {
        "resourceType": "Patient",
        "id": "p2",
        "name": [{"text": "Ola Nordmann"}],
        "gender": "male",
        "birthDate": "1980-05",
        "deceasedDateTime": "2020-06-01",
        "managingOrganization": to("Organization/o1"),
    },
    {"resourceType": "Patient", "id": "p3", "birthDate": "1980", "gender": "male", "deceasedBoolean": False},
    {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": to("Patient/p1"),
        "period": {"start": "2020-03-01", "end": "2020-03-05"},
        "participant": [{"individual": to("Practitioner/d1")}],
    },
    {
        "resourceType": "Encounter",
        "id": "e2",
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": to("Patient/p2"),
        "period": {"start": "2020-03-04"},
    },
    observation(
        "b1",
        subject=to("Patient/p1"),
        encounter=to("Encounter/e1"),
        effectiveDateTime="2020-03-01T10:00:00+01:00",
        valueQuantity=amount(5.4, "mmol/L"),
        code={**coded("14749-6", display="Glukose i plasma"), "text": "Blodsukker"},
    ),
    observation(
        "b2",
        subject=to("Patient/p2"),
        effectivePeriod={"start": "2020-03-01", "end": "2020-04-30"},
        valueQuantity=amount(5.44, "mmol/L"),
        code=coded("14749-6"),
        status="amended",
    ),
    observation("b3", subject=to("Patient/p1"), effectiveDateTime="2020", valueQuantity={"value": 7, "unit": "stk"}),
    observation("b4", subject=to("Patient/p1"), encounter=to("Encounter/e1"), component=pressure(120, 80)),
    observation("b5", subject=to("Patient/p2"), component=pressure(80, 120), valueString="Høyt trykk"),
    observation(
        "b6", subject={"identifier": {"system": "urn:mr", "value": "9"}}, valueCodeableConcept=coded("x", "urn:x")
    ),
    {
        "resourceType": "Condition",
        "id": "c1",
        "subject": to("Patient/p1"),
        "code": {"text": "Migrene med aura"},
        "recordedDate": "2020-01-02",
    },
    {"resourceType": "Condition", "id": "c2", "subject": to("Patient/p2"), "code": coded("A", "urn:c")},
    {
        "resourceType": "List",
        "id": "l1",
        "status": "current",
        "mode": "working",
        "entry": [{"item": to("Patient/p1")}, {"item": to("Patient/p3")}],
    },
    {
        "resourceType": "RiskAssessment",
        "id": "r1",
        "status": "final",
        "subject": to("Patient/p1"),
        "prediction": [{"probabilityDecimal": 0.25}],
    },
    {
        "resourceType": "RiskAssessment",
        "id": "r2",
        "status": "final",
        "subject": to("Patient/p2"),
        "prediction": [{"probabilityDecimal": 0.8}],
    },
    {"resourceType": "Location", "id": "oslo", "position": {"latitude": 59.91, "longitude": 10.75}},
    {"resourceType": "Location", "id": "bergen", "position": {"latitude": 60.39, "longitude": 5.32}},
    {"resourceType": "ValueSet", "id": "v1", "status": "active", "url": "https://a.example/fhir/one", "version": "2"},
    {"resourceType": "ValueSet", "id": "v2", "status": "active", "url": "https://a.example/fhir/one/two"},
]


@pytest.fixture
async def world(fhir: Client) -> Client:
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}} for one in WORLD
    ]
    answer = await fhir("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert answer.status == 200, answer.text
    return fhir


QUESTIONS: dict[str, dict[str, str]] = {
    "dates of different precision": {
        "Patient?birthdate=1980": "p1 p2 p3",
        "Patient?birthdate=1980-05": "p1 p2",
        "Patient?birthdate=1980-05-17": "p1",
        "Patient?birthdate=ne1980-05": "p3",
        "Patient?birthdate=gt1980-05-17": "p2 p3",
        "Patient?birthdate=lt1980-05-17": "p2 p3",
        "Patient?birthdate=ge1980-05-17": "p1 p2 p3",
        "Patient?birthdate=le1980-05-17": "p1 p2 p3",
        "Patient?birthdate=sa1980-05-16": "p1",
        "Patient?birthdate=eb1980-06": "p1 p2",
        "Patient?birthdate=gt1980": "",
        "Patient?birthdate=ge1980-05-01&birthdate=lt1980-06": "p1 p2 p3",
        "Observation?date=2020-03-01": "b1",
        "Observation?date=2020-03-01T09:00:00Z": "b1",
        "Observation?date=2020-03-01T10:00:00%2B01:00": "b1",
        "Observation?date=2020-03": "b1",
        "Observation?date=2020": "b1 b2 b3",
        "Observation?date=sa2020-02-29": "b1 b2",
        "Observation?date=eb2020-04": "b1",
        "Observation?date=gt2020-04-15": "b2 b3",
        "Observation?date=ap2020-03": "b1 b2 b3",
        "Encounter?date=ge2020-03-06": "e2",
        "Encounter?date=2020-03": "e1",
        "Patient?death-date=ge2020": "p2",
    },
    "missing and not": {
        "Patient?deceased:missing=true": "",
        "Patient?gender:missing=false": "p1 p2 p3",
        "Patient?general-practitioner:missing=true": "p2 p3",
        "Patient?name:missing=true": "p3",
        "Observation?date:missing=true": "b4 b5 b6",
        "Observation?value-quantity:missing=false": "b1 b2 b3",
        "ValueSet?version:missing=true": "v2",
        "Patient?gender:not=male": "p1",
        "Patient?active:not=true": "p2 p3",
        "Observation?status:not=final": "b2",
        "Observation?component-code:not=http://loinc.org|8480-6": "b1 b2 b3 b6",
    },
    "tokens": {
        "Patient?identifier=urn:mr|12\\,3": "p1",
        "Patient?identifier=12\\,3": "p1",
        "Patient?identifier=urn:other|a\\|b": "p1",
        "Patient?identifier=urn:mr|": "p1",
        "Patient?identifier=|12\\,3": "",
        "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|12\\,3": "p1",
        "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|SS|12\\,3": "",
        "Patient?gender=female,male": "p1 p2 p3",
        "Patient?gender=http://hl7.org/fhir/administrative-gender|female": "p1",
        "Patient?gender=http://hl7.org/fhir/administrative-gender|": "p1 p2 p3",
        "Patient?gender=urn:other|female": "",
        "Patient?gender=urn:other|": "",
        "Patient?gender=|female": "p1",
        "Patient?gender:not=urn:other|female": "p1 p2 p3",
        "Practitioner?identifier=urn:bare|": "d2",
        "Practitioner?identifier=|77": "d2",
        "Practitioner?identifier=77": "d2",
        "Practitioner?identifier:not=urn:bare|": "d1",
        "Practitioner?identifier:text=hjelpe": "d2",
        "Practitioner?identifier:missing=false": "d2",
        "Observation?status=http://hl7.org/fhir/observation-status|amended": "b2",
        "Observation?status:in=http://hl7.org/fhir/ValueSet/observation-status&_id=b1,b2": "b1 b2",
        "Observation?status:not-in=http://hl7.org/fhir/ValueSet/observation-status": "",
        "Encounter?class:in=http://terminology.hl7.org/ValueSet/v3-ActEncounterCode": "e1 e2",
        "Encounter?class:below=http://terminology.hl7.org/CodeSystem/v3-ActCode|_ActEncounterCode": "e1 e2",
        "Encounter?class:above=http://terminology.hl7.org/CodeSystem/v3-ActCode|IMP": "e1",
        "Patient?email=eva@a.example": "p1",
        "Patient?telecom=phone|99887766": "p1",
        "Patient?deceased=true": "p2",
        "Patient?deceased=false": "p1 p3",
        "Patient?active=true": "p1",
        "Observation?code=http://loinc.org|14749-6": "b1 b2",
        "Observation?code:text=blodsu": "b1",
        "Observation?code:text=glukose": "b1",
        "Condition?code:text=migrene": "c1",
        "Observation?combo-code=8480-6": "b4 b5",
        "Observation?value-concept=urn:x|x": "b6",
        "Encounter?class=IMP": "e1",
    },
    "strings and uris": {
        "Patient?name=eva": "p1",
        "Patient?name=åS": "p1",
        "Patient?family:exact=Ås-Øyen": "p1",
        "Patient?family:exact=ås-øyen": "",
        "Patient?family:contains=yen": "p1",
        "Patient?name=ola": "p2",
        "Patient?name=eva&name=marie": "p1",
        "Patient?given=eva,nobody": "p1",
        "Patient?address=troms": "p1",
        "Patient?address-postalcode=9008": "p1",
        "Observation?value-string=høyt": "b5",
        "ValueSet?url=https://a.example/fhir/one": "v1",
        "ValueSet?url:below=https://a.example/fhir": "v1 v2",
        "ValueSet?url:above=https://a.example/fhir/one/two/three": "v1 v2",
    },
    "numbers and quantities": {
        "RiskAssessment?probability=gt0.5": "r2",
        "RiskAssessment?probability=0.25": "r1",
        "RiskAssessment?probability=lt0.8": "r1",
        "RiskAssessment?probability=ne0.25": "r2",
        "Observation?value-quantity=5.4": "b1 b2",
        "Observation?value-quantity=5.40": "b1",
        "Observation?value-quantity=5.4|http://unitsofmeasure.org|mmol/L": "b1 b2",
        "Observation?value-quantity=5.4||mmol/L": "b1 b2",
        "Observation?value-quantity=5.4|http://unitsofmeasure.org|mg": "",
        "Observation?value-quantity=gt5.4": "b2 b3",
        "Observation?value-quantity=ap5": "b1 b2",
        "Observation?value-quantity=7||stk": "b3",
        "Observation?value-quantity=le5.4,7": "b1 b3",
    },
    "references": {
        "Observation?subject=Patient/p1": "b1 b3 b4",
        "Observation?subject=p1": "b1 b3 b4",
        "Observation?subject:Patient=p1": "b1 b3 b4",
        "Observation?subject:Group=p1": "",
        "Observation?subject=BASE/Patient/p1": "b1 b3 b4",
        "Observation?patient=p2": "b2 b5",
        "Observation?subject:identifier=urn:mr|9": "b6",
        "Patient?organization=Organization/o1,Organization/o2": "p1 p2",
    },
    "composites": {
        "Observation?code-value-quantity=http://loinc.org|14749-6$5.40": "b1",
        "Observation?code-value-quantity=14749-6$gt5.4": "b2",
        "Observation?component-code-value-quantity=http://loinc.org|8480-6$gt100": "b4",
        "Observation?component-code-value-quantity=8480-6$120|http://unitsofmeasure.org|mm[Hg]": "b4",
        "Observation?component-code-value-quantity=8480-6$80,8462-4$80": "b4 b5",
        "Observation?combo-code-value-quantity=14749-6$lt5.42": "b1",
        "Observation?code-value-concept=1-1$urn:x|x": "b6",
    },
    "chains": {
        "Observation?subject:Patient.name=eva": "b1 b3 b4",
        "Observation?patient.gender=male": "b2 b5",
        "Observation?patient.organization.name=sykehuset": "b2 b5",
        "Observation?patient.organization.partof.name=sykehuset": "b1 b3 b4",
        "Observation?patient.general-practitioner:Practitioner.family=lege": "b1 b3 b4",
        "Observation?patient.birthdate=1980-05-17&status=final": "b1 b3 b4",
        "Observation?encounter.class=IMP": "b1 b4",
        "Observation?subject:Patient._id=p2": "b2 b5",
        "Observation?patient.gender:not=male": "b1 b3 b4",
        "Observation?patient._tag=urn:tag|t1": "b1 b3 b4",
    },
    "reverse chains": {
        "Patient?_has:Observation:patient:code=14749-6": "p1 p2",
        "Patient?_has:Observation:patient:status=amended": "p2",
        "Patient?_has:Encounter:patient:_has:Observation:encounter:code=14749-6": "p1",
        "Practitioner?_has:Encounter:participant:patient.gender=female": "d1",
        "Observation?patient._has:Condition:patient:code:text=migrene": "b1 b3 b4",
        "Organization?_has:Patient:organization:_id=p1": "o2",
        "Patient?_has:Observation:subject:code=14749-6&gender=male": "p2",
    },
    "what every resource has": {
        "Patient?_id=p1,p3": "p1 p3",
        "Patient?_profile=https://a.example/profile": "p1",
        "Patient?_profile=https://a.example/profile|1": "p1",
        "Patient?_profile=https://a.example/profile|2": "",
        "Patient?_tag=urn:tag|t1": "p1",
        "Patient?_tag:not=t1": "p2 p3",
        "Patient?_security=R": "p1",
        "Patient?_source=https://a.example/system": "p1",
        "Patient?_lastUpdated=gt2020-01-01": "p1 p2 p3",
        "Patient?_lastUpdated=lt2020-01-01": "",
        "Patient?_list=l1": "p1 p3",
        "Patient?_list=l1&gender=male": "p3",
    },
    "several types": {
        "?_type=Patient,Practitioner&_id=p1,d1": "p1 d1",
        "?_type=Organization&name=syk": "o1",
        "?_tag=urn:tag|t1": "p1",
        "?_type=Condition,Encounter&patient=Patient/p1": "c1 e1",
        "?_type=Patient,Location&_lastUpdated=gt2020": "p1 p2 p3 oslo bergen",
    },
    "compartments": {
        "Patient/p1/Observation": "b1 b3 b4",
        "Patient/p1/Observation?code=14749-6": "b1",
        "Patient/p1/*?_type=Encounter,Condition": "e1 c1",
        "Encounter/e1/Observation": "b1 b4",
        "Practitioner/d1/Encounter": "e1",
    },
    "places": {
        "Location?near=59.9|10.7|20|km": "oslo",
        "Location?near=59.9|10.7|1000|km": "oslo bergen",
    },
}


@pytest.mark.anyio
async def test_questions(world: Client) -> None:
    wrong = []
    for topic, questions in QUESTIONS.items():
        for question, expected in questions.items():
            answer = await world("GET", question.replace("BASE", world.record.base))
            found = sorted(answer.ids) if answer.status == 200 else [f"{answer.status}: {answer.diagnostics}"]
            if found != sorted(expected.split()):
                wrong.append(f"{topic}: {question} gives {' '.join(found)}, expected {expected}")
    assert not wrong, "\n".join(wrong)


ORDERS = {
    "Patient?_sort=gender,-birthdate": "p1 p2 p3",
    "Patient?_sort=-gender,birthdate": "p3 p2 p1",
    "Patient?_sort=birthdate,_id&gender=male": "p3 p2",
    "Observation?_sort=-date,_id&date:missing=false": "b1 b2 b3",
    "Observation?_sort=value-quantity&value-quantity:missing=false": "b1 b2 b3",
    "Observation?_sort=status,-_id": "b2 b6 b5 b4 b3 b1",
    "Organization?_sort=name": "o2 o1",
    "Organization?_sort=-name": "o1 o2",
    "Patient?_sort=_id": "p1 p2 p3",
    "Patient?_sort=family,_id": "p1 p2 p3",
    "Patient?_sort=-family,_id": "p1 p2 p3",
    "Patient?_sort=name,_id": "p1 p2 p3",
    "Patient?_sort=death-date,_id": "p2 p1 p3",
    "Patient?_sort=-death-date,_id": "p2 p1 p3",
    "Patient?_sort=identifier,_id": "p1 p2 p3",
    "Patient?_sort=-active,_id": "p1 p2 p3",
    "Patient?_sort=organization,_id": "p2 p1 p3",
    "Patient?_sort=-organization,_id": "p1 p2 p3",
    "Patient?_sort=-general-practitioner,_id": "p1 p2 p3",
    "Patient?_sort=_tag,_id": "p1 p2 p3",
    "Patient?_sort=_profile,_id": "p1 p2 p3",
    "Patient?_sort=-_lastUpdated": "p3 p2 p1",
    "RiskAssessment?_sort=probability": "r1 r2",
    "RiskAssessment?_sort=-probability": "r2 r1",
    "Observation?_sort=value-quantity,_id": "b1 b2 b3 b4 b5 b6",
    "Observation?_sort=-value-quantity,_id": "b3 b2 b1 b4 b5 b6",
    "Observation?_sort=date,-_id": "b3 b2 b1 b6 b5 b4",
    "Observation?_sort=patient,-date,_id": "b6 b1 b3 b4 b2 b5",
    "ValueSet?_sort=version,_id": "v1 v2",
    "ValueSet?_sort=-url": "v2 v1",
    "?_type=Condition,Encounter&_sort=patient,_id": "c1 e1 c2 e2",
}


@pytest.mark.anyio
async def test_order(world: Client) -> None:
    wrong = []
    for question, expected in ORDERS.items():
        answer = await world("GET", question)
        if answer.status != 200 or answer.ids != expected.split():
            wrong.append(f"{question}: {answer.ids if answer.status == 200 else answer.diagnostics}, not {expected}")
            continue
        paged, url = [], f"{question}&_count=1"
        while url:
            page = await world("GET", url)
            paged += page.ids
            following = [one["url"] for one in page.json["link"] if one["relation"] == "next"]
            url = following[0].removeprefix(world.record.base) if following else ""
        if paged != expected.split():
            wrong.append(f"{question} in pages: {paged}, not {expected}")
    assert not wrong, "\n".join(wrong)


INCLUDES = {
    "Observation?_id=b1&_include=Observation:subject": "b1 p1",
    "Observation?_id=b1&_include=Observation:subject:Group": "b1",
    "Observation?_id=b1&_include=Observation:patient&_include:iterate=Patient:organization": "b1 p1 o2",
    "Observation?_id=b1&_include=Observation:patient&_include:iterate=Patient:organization"
    "&_include:iterate=Organization:partof": "b1 p1 o2 o1",
    "Encounter?_id=e1&_include=*": "e1 p1 d1",
    "Patient?_id=p2&_revinclude=Observation:subject": "p2 b2 b5",
    "Patient?_id=p1&_revinclude=Encounter:patient&_revinclude:iterate=Observation:encounter": "p1 e1 b1 b4",
}


@pytest.mark.anyio
async def test_includes(world: Client) -> None:
    for question, expected in INCLUDES.items():
        answer = await world("GET", question)
        found = [one["resource"]["id"] for one in answer.entries]
        assert sorted(found) == sorted(expected.split()), question


@pytest.mark.anyio
async def test_shape_of_the_answer(world: Client) -> None:
    counted = await world("GET", "Patient?gender=male&_summary=count")
    assert (counted.json["total"], counted.entries) == (2, [])
    assert (await world("GET", "Patient?_count=0")).json["total"] == 3
    some = await world("GET", "Patient?_id=p1&_elements=birthDate")
    assert set(some.entries[0]["resource"]) == {"resourceType", "id", "meta", "birthDate", "active"}
    short = await world("GET", "Observation?_summary=true")
    assert all("text" not in one["resource"] for one in short.entries)
    posted = await world("POST", "Patient/_search", b"gender=male&_sort=_id")
    assert posted.ids == ["p2", "p3"]
    everywhere = await world("POST", "_search", b"_type=Patient&_id=p1")
    assert everywhere.ids == ["p1"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "question",
    [
        "Patient?colour=red",
        "Patient?name:below=x",
        "Patient?birthdate=yesterday",
        "Patient?_sort=colour",
        "Patient?_include=Observation:colour",
        "Patient?_text=x",
        "Patient?_content=x",
        "Patient?_filter=x",
        "Patient?phonetic=x:y&unknown=1",
        "Patient?identifier=|",
        "Patient?identifier=",
        "Observation?code:in=https://a.example/unknown",
        "Observation?code:below=http://loinc.org|1-1",
        "Location?near=north",
        "Observation?value-quantity=5.4|a",
        "Patient?_has:Observation=x",
        "Patient?organization.colour=x",
    ],
)
async def test_what_cannot_be_asked_is_refused(world: Client, question: str) -> None:
    refused = await world("GET", question)
    assert refused.status == 400 and refused.diagnostics
    ignored = await world("GET", question, prefer="handling=lenient")
    assert ignored.status == 200, ignored.text
    notes = [one for one in ignored.entries if one["search"]["mode"] == "outcome"]
    assert notes and notes[0]["resource"]["issue"][0]["severity"] == "warning"
