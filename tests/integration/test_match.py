"""Patient/$match, newborn and unknown persons, and the number that is found later, on both engines."""

import asyncio
from typing import Any

import pytest

from tests.integration.conftest import Answer, Client

pytestmark = pytest.mark.anyio
FNR, DNR = "urn:oid:2.16.578.1.12.4.1.4.1", "urn:oid:2.16.578.1.12.4.1.4.2"
GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"


def person(given: str, family: str, born: str | None = None, number: str | None = None) -> dict[str, Any]:
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "active": True,
        "name": [{"family": family, "given": [given]}],
    }
    patient |= {"birthDate": born} if born else {}
    return patient | ({"identifier": [{"system": FNR, "value": number}]} if number else {})


def parameters(**values: Any) -> dict[str, Any]:
    """Parameters of named values: Patient_ as resource, others by the type of the value."""
    parts = [
        {"name": name.replace("_", "-"), **({"resource": v} if "resourceType" in v else {_member(v): v})}
        if isinstance(v, dict)
        else {"name": name.replace("_", "-"), _member(v): v}
        for name, v in values.items()
    ]
    return {"resourceType": "Parameters", "parameter": parts}


def _member(value: Any) -> str:
    if isinstance(value, dict):
        return "valueReference" if "reference" in value else "valueIdentifier" if "value" in value else "valueHumanName"
    kinds = {bool: "valueBoolean", int: "valueInteger", str: "valueString"}
    return kinds[type(value)]


def grades(answer: Answer) -> list[tuple[str, str]]:
    assert answer.status == 200, answer.text
    found = [entry for entry in answer.entries if entry["search"]["mode"] == "match"]
    assert all(entry["search"]["extension"][0]["url"] == GRADE for entry in found)
    return [(e["resource"]["id"], e["search"]["extension"][0]["valueCode"]) for e in found]


async def test_by_number_by_name_and_by_slips(fhir: Client) -> None:
    kari = await fhir.create(person("Kari", "Kristoffersen", "1965-07-15", "15076500565"))
    await fhir.create(person("Per", "Berg", "1970-01-01"))
    certain = await fhir("POST", "Patient/$match", person("Kari", "Kristoffersen", None, "15076500565"))
    assert grades(certain) == [(kari["id"], "certain")]
    for asked in (
        person("Kari", "Christofferson", "1965-07-15"),
        person("Kari", "Kristoffersen", "1965-07-51".replace("51", "14")),
        person("Kristoffersen", "Kari", "1965-07-15"),
        person("Karri", "Kristofersen", "1965-07-15"),
    ):
        found = await fhir("POST", "Patient/$match", asked)
        assert [id for id, _ in grades(found)] == [kari["id"]]
        assert found.json["total"] == 1


async def test_scores_fall_and_count_limits(fhir: Client) -> None:
    exact = await fhir.create(person("Anne", "Li", "1980-02-03"))
    near = await fhir.create(person("Anne", "Lie", "1980-03-02"))
    asked = person("Anne", "Li", "1980-02-03")
    found = await fhir("POST", "Patient/$match", parameters(resource=asked))
    scores = [entry["search"]["score"] for entry in found.entries]
    assert [id for id, _ in grades(found)] == [exact["id"], near["id"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    only = await fhir("POST", "Patient/$match", parameters(resource=asked, count=1))
    assert [id for id, _ in grades(only)] == [exact["id"]]


async def test_only_certain_matches(fhir: Client) -> None:
    one = await fhir.create(person("Kari", "Olsen", "1965-07-15", "15076500565"))
    asked = person("Kari", "Olsen", "1965-07-15", "15076500565")
    wish = parameters(resource=asked, onlyCertainMatches=True)
    assert grades(await fhir("POST", "Patient/$match", wish)) == [(one["id"], "certain")]
    await fhir.create(person("Kari", "Olsen", "1965-07-15", "15076500565"))
    several = await fhir("POST", "Patient/$match", wish)
    assert grades(several) == []
    assert several.entries[0]["search"]["mode"] == "outcome"
    assert len(grades(await fhir("POST", "Patient/$match", asked))) == 2


async def test_a_record_that_was_merged_away_gives_the_one_that_lives_on(fhir: Client) -> None:
    old = await fhir.create(person("Oleksandr", "Kovalenko", "1990-05-06"))
    new = await fhir.create(person("Olexandr", "Kovalenko", "1990-05-06", "15076500565"))
    ids = {"source_patient": f"Patient/{old['id']}", "target_patient": f"Patient/{new['id']}"}
    merged = await fhir(
        "POST", "Patient/$merge", parameters(**{name: {"reference": value} for name, value in ids.items()})
    )
    assert merged.status == 200, merged.text
    found = await fhir("POST", "Patient/$match", person("Oleksandr", "Kovalenko", "1990-05-06"))
    assert [id for id, _ in grades(found)] == [new["id"]]


async def test_what_cannot_be_matched_is_refused(fhir: Client) -> None:
    nothing = await fhir("POST", "Patient/$match", {"resourceType": "Patient", "gender": "male"})
    assert nothing.status == 422
    wrong = await fhir("POST", "Patient/$match", person("A", "B", None, "15076500566"))
    assert wrong.status == 422
    assert (await fhir("POST", "Patient/$match", {"resourceType": "Observation"})).status == 400
    assert (await fhir("POST", "Patient/$match", parameters(resource=person("A", "B"), count=-1))).status == 400
    unknown = await fhir("POST", "Patient/$match", parameters(resource=person("A", "B"), limit=1))
    assert "onlyCertainMatches" in unknown.diagnostics
    assert (await fhir("GET", "Patient/$match")).status == 405


async def test_a_newborn_gets_a_number_later(fhir: Client) -> None:
    mother = await fhir.create(person("Máret", "Sara", "1990-01-01"))
    birth = parameters(birth="2026-11-22T04:12:00+01:00", gender="female", multiple_birth_order=1)
    born = await fhir("POST", f"Patient/{mother['id']}/$newborn", birth)
    assert born.status == 201, born.text
    child = born.json
    assert child["identifier"][0]["system"] == "urn:felles:temporary-number"
    related = (await fhir("GET", f"RelatedPerson?patient={child['id']}")).entries[0]["resource"]
    link = (await fhir("GET", f"Patient/{mother['id']}")).json["link"]
    assert link == [{"other": {"reference": f"RelatedPerson/{related['id']}"}, "type": "seealso"}]
    refused = await fhir(
        "POST",
        "Patient/$merge",
        parameters(
            source_patient={"reference": f"Patient/{child['id']}"},
            target_patient={"reference": f"Patient/{mother['id']}"},
        ),
    )
    assert refused.status == 422
    assert "relatives" in refused.diagnostics


async def test_an_unknown_person_is_identified(fhir: Client) -> None:
    seen = await fhir("POST", "Patient/$unknown", parameters(gender="male", estimated_age=60))
    assert seen.status == 201, seen.text
    address = f"Patient/{seen.json['id']}/$identify"
    number = {"system": FNR, "value": "15076500565"}
    known = await fhir("POST", address, parameters(identifier=number, name={"family": "Berg", "given": ["Ola"]}))
    assert known.status == 200, known.text
    assert known.json["birthDate"] == "1965-07-15"
    assert [one["use"] for one in known.json["identifier"]] == ["official", "old"]
    again = await fhir("POST", address, parameters(identifier=number))
    assert again.json["meta"]["versionId"] == "2"
    assert (await fhir("GET", f"Patient?identifier={FNR}|15076500565")).ids == [seen.json["id"]]
    assert (await fhir("GET", f"Patient?identifier={seen.json['identifier'][0]['value']}")).ids == [seen.json["id"]]


async def test_a_d_number_becomes_a_fodselsnummer_and_both_find_the_patient(fhir: Client) -> None:
    worker = person("Jan", "Kowalski") | {"identifier": [{"system": DNR, "value": "70019950032", "use": "official"}]}
    id = (await fhir.create(worker))["id"]
    known = await fhir(
        "POST", f"Patient/{id}/$identify", parameters(identifier={"system": FNR, "value": "15076500565"})
    )
    assert known.status == 200, known.text
    assert known.json["identifier"][1]["use"] == "old"
    assert "end" in known.json["identifier"][1]["period"]
    for number in (f"{FNR}|15076500565", f"{DNR}|70019950032"):
        assert (await fhir("GET", f"Patient?identifier={number}")).ids == [id]


async def test_a_number_of_somebody_else_points_to_merge(fhir: Client) -> None:
    other = await fhir.create(person("Ola", "Berg", "1965-07-15", "15076500565"))
    seen = (await fhir("POST", "Patient/$unknown", parameters(gender="male"))).json
    number = parameters(identifier={"system": FNR, "value": "15076500565"})
    refused = await fhir("POST", f"Patient/{seen['id']}/$identify", number)
    assert refused.status == 409
    assert "$merge" in refused.diagnostics
    assert other["id"] in refused.diagnostics
    assert (await fhir("GET", f"Patient/{seen['id']}")).json["meta"]["versionId"] == "1"


async def test_two_at_once_with_one_number(fhir: Client) -> None:
    seen = [(await fhir("POST", "Patient/$unknown", parameters(gender="male"))).json["id"] for _ in range(4)]
    number = parameters(identifier={"system": FNR, "value": "15076500565"})
    answers = await asyncio.gather(*(fhir("POST", f"Patient/{id}/$identify", number) for id in seen))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]


async def test_the_operations_are_told_of(fhir: Client) -> None:
    statement = (await fhir("GET", "metadata")).json
    patient = next(one for one in statement["rest"][0]["resource"] if one["type"] == "Patient")
    names = {operation["name"] for operation in patient["operation"]}
    assert {"match", "merge", "unmerge", "move-facts", "newborn", "unknown", "identify"} <= names
