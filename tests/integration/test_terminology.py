"""Terminology operations, and searches by value sets and hierarchies, over what R4 has and what is stored."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.integration.conftest import Answer, Client

ANIMALS = {
    "resourceType": "CodeSystem",
    "id": "animals",
    "url": "https://a.example/animals",
    "title": "Dyr",
    "status": "active",
    "content": "complete",
    "language": "en",
    "concept": [
        {
            "code": "mammal",
            "display": "Mammal",
            "designation": [{"language": "nb", "value": "Pattedyr"}],
            "concept": [
                {"code": "dog", "display": "Dog", "designation": [{"language": "nb-NO", "value": "Hund"}]},
                {"code": "cat", "display": "Cat", "designation": [{"language": "nn", "value": "Katt"}]},
            ],
        },
        {"code": "dodo", "display": "Dodo", "property": [{"code": "status", "valueCode": "retired"}]},
    ],
}
MAMMALS = {
    "resourceType": "ValueSet",
    "id": "mammals",
    "url": "https://a.example/mammals",
    "status": "active",
    "compose": {
        "include": [
            {
                "system": "https://a.example/animals",
                "filter": [{"property": "concept", "op": "is-a", "value": "mammal"}],
            }
        ]
    },
}
ALL = {
    "resourceType": "ValueSet",
    "id": "all",
    "url": "https://a.example/all",
    "status": "active",
    "compose": {"include": [{"system": "https://a.example/animals"}]},
}
GENDER = "http://hl7.org/fhir/ValueSet/administrative-gender"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
SYSTEM = "https://a.example/animals"


@pytest.fixture
async def terms(fhir: Client) -> Client:
    for resource in (ANIMALS, MAMMALS, ALL):
        assert (await fhir("PUT", f"{resource['resourceType']}/{resource['id']}", resource)).status == 201
    return fhir


def members(answer: Answer) -> list[tuple[str, str]]:
    assert answer.status == 200, answer.text
    return [(one["code"], one["display"]) for one in answer.json["expansion"].get("contains", [])]


def outcome(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.text
    named = [one for one in answer.json["parameter"] if "part" not in one]
    return {one["name"]: next(value for key, value in one.items() if key != "name") for one in named}


def parameters(**named: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": n, **v} for n, v in named.items()]}


@pytest.mark.anyio
async def test_expand(terms: Client) -> None:
    assert ("female", "Female") in members(await terms("GET", f"ValueSet/$expand?url={GENDER}&filter=fem"))
    stored = "ValueSet/$expand?url=https://a.example/mammals"
    assert [code for code, _ in members(await terms("GET", stored))] == ["mammal", "dog", "cat"]
    assert [code for code, _ in members(await terms("GET", "ValueSet/mammals/$expand?count=1&offset=1"))] == ["dog"]
    assert members(await terms("GET", f"{stored}&displayLanguage=nb&filter=hu")) == [("dog", "Hund")]
    assert dict(members(await terms("GET", f"{stored}&displayLanguage=no")))["cat"] == "Katt"
    active = await terms("GET", "ValueSet/all/$expand?activeOnly=true")
    assert "dodo" not in dict(members(active))
    posted = parameters(valueSet={"resource": {**MAMMALS, "url": "https://a.example/unstored"}})
    told = await terms("POST", "ValueSet/$expand?includeDesignations=true", posted)
    assert told.json["expansion"]["contains"][0]["designation"] == [{"language": "nb", "value": "Pattedyr"}]


@pytest.mark.anyio
async def test_expand_the_newest(terms: Client) -> None:
    newer = {**MAMMALS, "id": "newer", "compose": {"include": [{"system": SYSTEM, "concept": [{"code": "cat"}]}]}}
    await terms("PUT", "ValueSet/newer", newer)
    answer = await terms("GET", "ValueSet/$expand?url=https://a.example/mammals")
    assert [code for code, _ in members(answer)] == ["cat"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("url", "status", "words"),
    [
        ("ValueSet/$expand", 400, "url"),
        ("ValueSet/$expand?url=https://a.example/none", 404, "not known"),
        (f"ValueSet/$expand?url={GENDER}&colour=red", 400, "activeOnly"),
        (f"ValueSet/$expand?url={GENDER}&count=x", 400, "whole number"),
        (f"ValueSet/$expand?url={GENDER}&displayLanguage=n%20b", 400, "language tag"),
        ("ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/body-site", 422, "snomed"),
        ("CodeSystem/$lookup?system=https://a.example/animals", 400, "code"),
        ("CodeSystem/$lookup?system=https://a.example/animals&code=x", 404, "no code"),
        ("CodeSystem/$lookup?system=https://a.example/animals&code=dog&version=1", 400, "property"),
        ("ValueSet/$validate-code?code=x", 400, "url"),
        (f"ValueSet/$validate-code?url={GENDER}", 400, "code"),
        ("CodeSystem/$subsumes?codeA=dog&codeB=cat", 400, "system"),
        ("ValueSet/none/$expand", 404, ""),
        ("CodeSystem/animals/$lookup?code=dog", 404, "offers on this level"),
    ],
)
async def test_refusals(terms: Client, url: str, status: int, words: str) -> None:
    answer = await terms("GET", url)
    assert answer.status == status
    assert words in answer.diagnostics


@pytest.mark.anyio
async def test_lookup(terms: Client) -> None:
    told = await terms("GET", f"CodeSystem/$lookup?system={SYSTEM}&code=dog&displayLanguage=nb")
    assert (outcome(told)["name"], outcome(told)["display"]) == ("Dyr", "Hund")
    coding = parameters(coding={"valueCoding": {"system": ACT, "code": "AMB"}})
    assert outcome(await terms("POST", "CodeSystem/$lookup", coding))["display"] == "ambulatory"
    parent = await terms("GET", f"CodeSystem/$lookup?system={SYSTEM}&code=dog&property=parent")
    properties = [one["part"] for one in parent.json["parameter"] if one["name"] == "property"]
    assert properties == [[{"name": "code", "valueCode": "parent"}, {"name": "value", "valueCode": "mammal"}]]


@pytest.mark.anyio
async def test_validate_code(terms: Client) -> None:
    async def told(url: str) -> dict[str, Any]:
        return outcome(await terms("GET", url))

    assert (await told(f"ValueSet/$validate-code?url={GENDER}&code=female"))["result"] is True
    assert (await told(f"ValueSet/mammals/$validate-code?system={SYSTEM}&code=dodo"))["result"] is False
    assert (await told(f"CodeSystem/$validate-code?url={SYSTEM}&code=dog&display=Hund"))["result"] is True
    wrong = await told("CodeSystem/animals/$validate-code?code=dog&display=Katt&displayLanguage=nb")
    assert (wrong["result"], wrong["display"]) == (False, "Hund")
    concept = {"coding": [{"system": "urn:x", "code": "1"}, {"system": SYSTEM, "code": "cat"}]}
    posted = parameters(url={"valueUri": MAMMALS["url"]}, codeableConcept={"valueCodeableConcept": concept})
    assert outcome(await terms("POST", "ValueSet/$validate-code", posted))["result"] is True


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("dog", "dog", "equivalent"),
        ("mammal", "dog", "subsumes"),
        ("dog", "mammal", "subsumed-by"),
        ("dog", "cat", "not-subsumed"),
    ],
)
async def test_subsumes(terms: Client, one: str, other: str, said: str) -> None:
    answer = await terms("GET", f"CodeSystem/$subsumes?system={SYSTEM}&codeA={one}&codeB={other}")
    assert outcome(answer) == {"outcome": said}
    answer = await terms("GET", f"CodeSystem/animals/$subsumes?codeA={one}&codeB={other}")
    assert outcome(answer) == {"outcome": said}


@pytest.mark.anyio
async def test_capabilities_tell_them(terms: Client) -> None:
    resources = (await terms("GET", "metadata")).json["rest"][0]["resource"]
    offered = {one["type"]: {found["name"] for found in one["operation"]} for one in resources}
    assert {"expand", "validate-code"} <= offered["ValueSet"]
    assert {"lookup", "validate-code", "subsumes"} <= offered["CodeSystem"]


async def observations(fhir: Client) -> None:
    for code in ("mammal", "dog", "cat", "dodo"):
        coding = {"system": SYSTEM, "code": code}
        resource = {"resourceType": "Observation", "id": code, "status": "final", "code": {"coding": [coding]}}
        assert (await fhir("PUT", f"Observation/{code}", resource)).status == 201
    plain = {"resourceType": "Observation", "id": "plain", "status": "amended", "code": {"text": "dog"}}
    assert (await fhir("PUT", "Observation/plain", plain)).status == 201


@pytest.mark.anyio
async def test_search_by_value_set_and_hierarchy(terms: Client) -> None:
    await observations(terms)

    async def found(query: str) -> set[str]:
        answer = await terms("GET", f"Observation?{query}")
        assert answer.status == 200, answer.text
        return set(answer.ids)

    assert await found("code:in=https://a.example/mammals") == {"mammal", "dog", "cat"}
    assert await found("code:in=ValueSet/mammals") == {"mammal", "dog", "cat"}
    assert await found("code:not-in=https://a.example/mammals") == {"dodo", "plain"}
    assert await found(f"code:below={SYSTEM}%7Cmammal") == {"mammal", "dog", "cat"}
    assert await found(f"code:above={SYSTEM}%7Cdog") == {"mammal", "dog"}
    assert await found(f"code:below={SYSTEM}%7Cdog,{SYSTEM}%7Cdodo") == {"dog", "dodo"}
    amended = quote("http://hl7.org/fhir/ValueSet/observation-status")
    assert len(await found(f"status:in={amended}")) == 5


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("code:in=https://a.example/none", 400, "not known"),
        ("code:in=http://hl7.org/fhir/ValueSet/body-site", 400, "snomed"),
        ("code:below=dog", 400, "system|code"),
        ("code:below=http://snomed.info/sct%7C1", 400, "not known"),
    ],
)
async def test_search_by_what_cannot_be_expanded(terms: Client, query: str, status: int, words: str) -> None:
    answer = await terms("GET", f"Observation?{query}")
    assert answer.status == status
    assert words in answer.diagnostics


@pytest.mark.anyio
async def test_pages_and_conditions_know_value_sets_too(terms: Client) -> None:
    await observations(terms)
    first = await terms("GET", "Observation?code:in=https://a.example/mammals&_count=2")
    following = next(link["url"] for link in first.json["link"] if link["relation"] == "next")
    second = await terms("GET", "?" + following.partition("?")[2])
    assert len({*first.ids, *second.ids}) == 3
    created = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    header = "code:in=https://a.example/mammals&status=final&_id=dog"
    assert (await terms("POST", "Observation", created, if_none_exist=header)).status == 200
    header = "code:in=https://a.example/mammals&status=cancelled"
    assert (await terms("POST", "Observation", created, if_none_exist=header)).status == 201
