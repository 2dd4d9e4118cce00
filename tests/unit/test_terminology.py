"""Expansion, look-up and membership over the shipped code systems and over stored ones."""

import asyncio

import pytest

from felles.record import terminology
from felles.record.outcome import Problem
from felles.record.terminology import SHIPPED, resolved

ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
GENDER = "http://hl7.org/fhir/ValueSet/administrative-gender"
ANIMALS = {
    "resourceType": "CodeSystem",
    "url": "https://a.example/animals",
    "status": "active",
    "content": "complete",
    "concept": [
        {"code": "mammal", "concept": [{"code": "dog", "display": "Hund"}, {"code": "cat", "display": "Katt, tam"}]},
        {"code": "bird", "display": "Fugl", "property": [{"code": "status", "valueCode": "retired"}]},
        {"code": "puppy", "display": "Valp", "property": [{"code": "parent", "valueCode": "dog"}]},
    ],
}


def value_set(*include, exclude=(), name="set"):
    compose = {"include": list(include), **({"exclude": list(exclude)} if exclude else {})}
    return {"resourceType": "ValueSet", "url": f"https://a.example/{name}", "status": "active", "compose": compose}


def stored(*resources):
    async def fetch(type_name, url):
        return next((r for r in resources if (r["resourceType"], r["url"]) == (type_name, url)), None)

    return fetch


def expanded(found, *more, **options):
    work = resolved(lambda source: terminology.expand(source, found["url"], **options), stored(ANIMALS, found, *more))
    expansion = asyncio.run(work)["expansion"]
    return [entry["code"] for entry in expansion.get("contains", ())]


def animals(**filters):
    given = [{"property": "concept", "op": op.replace("_", "-"), "value": value} for op, value in filters.items()]
    return {"system": "https://a.example/animals", **({"filter": given} if given else {})}


def parameters(resource):
    return {
        p["name"]: next(v for k, v in p.items() if k.startswith("value"))
        for p in resource["parameter"]
        if "part" not in p
    }


def test_a_shipped_value_set_is_expanded():
    expansion = terminology.expand(SHIPPED, f"{GENDER}|4.0.1")["expansion"]
    assert expansion["total"] == 4
    assert {"system": "http://hl7.org/fhir/administrative-gender", "code": "female", "display": "Female"} in expansion[
        "contains"
    ]


@pytest.mark.parametrize(
    ("include", "codes"),
    [
        (animals(), ["mammal", "dog", "cat", "bird", "puppy"]),
        (animals(is_a="dog"), ["dog", "puppy"]),
        (animals(descendent_of="mammal"), ["dog", "cat", "puppy"]),
        (animals(is_not_a="mammal"), ["bird"]),
        (animals(generalizes="puppy"), ["mammal", "dog", "puppy"]),
        ({**animals(), "filter": [{"property": "status", "op": "=", "value": "retired"}]}, ["bird"]),
        ({**animals(), "filter": [{"property": "code", "op": "regex", "value": "[dc].*"}]}, ["dog", "cat"]),
        ({**animals(), "concept": [{"code": "dog"}]}, ["dog"]),
        ({**animals(), "valueSet": ["https://a.example/other"]}, ["cat"]),
        ({"valueSet": ["https://a.example/other"]}, ["cat", "x"]),
    ],
)
def test_composition(include, codes):
    other = value_set(
        {**animals(), "concept": [{"code": "cat"}]}, {"system": "urn:x", "concept": [{"code": "x"}]}, name="other"
    )
    assert expanded(value_set(include), other) == codes


def test_exclusion():
    assert expanded(value_set(animals(), exclude=[animals(is_a="mammal")])) == ["bird"]


def test_filter_finds_words_by_their_beginning_and_ranks_them():
    everything = value_set(animals())
    assert expanded(everything, filter="TAM") == ["cat"]
    assert expanded(everything, filter="am") == []
    assert expanded(everything, filter="hund") == ["dog"]
    assert expanded(everything, filter="pup") == ["puppy"]


def test_paging():
    everything = value_set(animals())
    assert expanded(everything, count=2) == ["mammal", "dog"]
    assert expanded(everything, count=2, offset=4) == ["puppy"]
    assert expanded(everything, count=0) == []
    with pytest.raises(Problem) as refused:
        expanded(everything, count=-1)
    assert refused.value.status == 400


def test_inactive_concepts_say_so():
    found = value_set(animals())
    work = resolved(lambda source: terminology.expand(source, found["url"], filter="fugl"), stored(ANIMALS, found))
    assert asyncio.run(work)["expansion"]["contains"][0]["inactive"] is True


@pytest.mark.parametrize(
    ("found", "status", "code"),
    [
        (value_set({"system": "http://snomed.info/sct", "filter": []}), 422, "not-supported"),
        (value_set({"system": "urn:unknown"}), 422, "not-found"),
        (value_set({"valueSet": ["https://a.example/set"]}), 422, "processing"),
        (value_set({**animals(), "filter": [{"property": "x", "op": "odd", "value": ""}]}), 422, "not-supported"),
    ],
)
def test_what_cannot_be_expanded_says_so(found, status, code):
    with pytest.raises(Problem) as refused:
        expanded(found)
    assert (refused.value.status, refused.value.issues[0].code) == (status, code)


def test_an_unknown_value_set():
    with pytest.raises(Problem) as refused:
        terminology.expand(SHIPPED, "https://a.example/none")
    assert refused.value.status == 404


def test_lookup():
    found = terminology.lookup(SHIPPED, ACT, "AMB")
    assert parameters(found)["display"] == "ambulatory"
    related = [[part.get("valueCode") for part in p["part"]] for p in found["parameter"] if p["name"] == "property"]
    assert ["parent", "_ActEncounterCode"] in related
    for system, code in ((ACT, "NOPE"), ("urn:none", "AMB")):
        with pytest.raises(Problem) as refused:
            terminology.lookup(SHIPPED, system, code)
        assert refused.value.status == 404


def test_validate_code():
    def answer(**given):
        return parameters(terminology.validate_code(SHIPPED, **given))

    assert answer(url=GENDER, code="female")["result"] is True
    assert answer(url=GENDER, code="woman")["result"] is False
    wrong = answer(url=GENDER, code="female", display="Male")
    assert wrong["result"] is False and "Female" in wrong["message"]
    assert answer(system=ACT, code="AMB")["result"] is True
    with pytest.raises(Problem) as refused:
        terminology.validate_code(SHIPPED, system="http://snomed.info/sct", code="1")
    assert refused.value.status == 422


def test_membership_and_hierarchy_for_search():
    assert ("http://hl7.org/fhir/administrative-gender", "male") in (terminology.codes_of(GENDER) or ())
    assert terminology.codes_of("https://a.example/none") is None
    assert terminology.codes_of("http://hl7.org/fhir/ValueSet/body-site") is None
    assert {"_ActEncounterCode", "AMB", "IMP", "ACUTE"} <= (terminology.below(ACT, "_ActEncounterCode") or set())
    assert "_ActEncounterCode" in (terminology.above(ACT, "ACUTE") or set())
    assert terminology.below(ACT, "none") is None
    assert terminology.below("urn:none", "x") is None


def test_membership_for_fhirpath():
    asked = terminology.Membership()
    male = {"system": "http://hl7.org/fhir/administrative-gender", "code": "male"}
    assert asked.member_of(male, GENDER) is True
    assert asked.member_of({"coding": [{"system": "urn:x", "code": "male"}]}, GENDER) is False
    assert asked.member_of("male", GENDER) is True
    assert asked.member_of(male, "https://a.example/none") is None
    encounter, inpatient = {"system": ACT, "code": "_ActEncounterCode"}, {"system": ACT, "code": "IMP"}
    assert asked.subsumes(encounter, inpatient) is True
    assert asked.subsumes(inpatient, encounter) is False
