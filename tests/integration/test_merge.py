"""Patient/$merge and its undoing on both engines: nothing lost, digits kept, history shows both."""

import asyncio
from typing import Any

import pytest

from felles.record import feed
from felles.record.identity import mention
from felles.record.identity.late import NAME, take_along
from felles.record.record import Record
from tests.integration.conftest import Answer, Client
from tests.integration.test_match import parameters, person

pytestmark = pytest.mark.anyio


async def pair(fhir: Client) -> tuple[str, str]:
    """Two records of one person: source and target."""
    source = person("Kari", "Olsen", "1980-01-02") | {"identifier": [{"system": "urn:a", "value": "1"}]}
    target = person("Kari", "Olsen", "1980-01-02") | {"identifier": [{"system": "urn:a", "value": "2"}]}
    return (await fhir.create(source))["id"], (await fhir.create(target))["id"]


def observation(patient: str, value: str = "1.50", **more: Any) -> bytes:
    body = (
        '{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference" : "Patient/%s"},'
        '"valueQuantity":{"value":%s,"unit":"g"}%s}'
    )
    extra = "".join(f',"{name}":{text}' for name, text in more.items())
    return (body % (patient, value, extra)).encode()


async def record_fact(fhir: Client, body: bytes) -> str:
    answer = await fhir("POST", "Observation", body)
    assert answer.status == 201, answer.text
    return str(answer.json["id"])


async def merge(fhir: Client, source: str, target: str, **more: Any) -> Answer:
    references = {
        "source_patient": {"reference": f"Patient/{source}"},
        "target_patient": {"reference": f"Patient/{target}"},
    }
    return await fhir("POST", "Patient/$merge", parameters(**references, **more))


async def unmerge(fhir: Client, source: str, **more: Any) -> Answer:
    return await fhir("POST", "Patient/$unmerge", parameters(source_patient={"reference": f"Patient/{source}"}, **more))


def reviewed(answer: Answer) -> list[str]:
    parts = [part["part"] for part in answer.json["parameter"] if part["name"] == "review"]
    return [part[0]["valueReference"]["reference"] for part in parts]


async def test_facts_move_with_their_digits_and_the_trail_names_every_version(fhir: Client) -> None:
    source, target = await pair(fhir)
    fact = await record_fact(fhir, observation(source))
    answer = await merge(fhir, source, target, reason="same person")
    assert answer.status == 200, answer.text
    read = await fhir("GET", f"Observation/{fact}")
    assert b'"reference" : "Patient/%b"' % target.encode() in read.text
    assert b'"value":1.50' in read.text
    for query in (f"subject=Patient/{target}", f"patient={target}", f"subject:Patient={target}"):
        assert (await fhir("GET", f"Observation?{query}")).ids == [fact]
    assert (await fhir("GET", f"Patient/{target}/Observation")).ids == [fact]
    assert (await fhir("GET", f"Observation?patient={source}")).ids == []
    gone, on = (await fhir("GET", f"Patient/{source}")).json, (await fhir("GET", f"Patient/{target}")).json
    assert gone["active"] is False
    assert gone["link"] == [{"other": {"reference": f"Patient/{target}"}, "type": "replaced-by"}]
    assert on["link"] == [{"other": {"reference": f"Patient/{source}"}, "type": "replaces"}]
    assert on["identifier"][1] == {"system": "urn:a", "value": "1", "use": "old"}
    trail = (await fhir("GET", f"Provenance?target=Observation/{fact}")).entries[0]["resource"]
    assert {"reference": f"Observation/{fact}/_history/2"} in trail["target"]
    assert {"role": "revision", "what": {"reference": f"Observation/{fact}/_history/1"}} in trail["entity"]
    assert trail["reason"] == [{"text": "same person"}]


async def test_references_everywhere_are_rewritten(fhir: Client) -> None:
    source, target = await pair(fhir)
    other = (await fhir.create(person("Per", "Berg", "1970-01-01")))["id"]
    note = f'[{{"authorReference":{{"reference":"Patient/{source}"}},"text":"t"}}]'
    extension = f'[{{"url":"urn:x","valueReference":{{"reference":"Patient/{source}"}}}}]'
    performer = f'[{{"reference":"Patient/{source}"}}]'
    facts = [
        await record_fact(fhir, observation(other, note=note)),
        await record_fact(fhir, observation(other, extension=extension)),
        await record_fact(fhir, observation(other, performer=performer)),
        await record_fact(fhir, observation(source.join(("", "")), note=note).replace(b"Patient/", b"Patient\\/")),
    ]
    group = {"resourceType": "Group", "type": "person", "actual": True}
    members = [{"entity": {"reference": f"Patient/{id}"}} for id in (source, other, target)]
    grouped = (await fhir.create({**group, "member": members}))["id"]
    friend = (
        await fhir.create(
            {"resourceType": "Patient", "link": [{"other": {"reference": f"Patient/{source}"}, "type": "seealso"}]}
        )
    )["id"]
    assert (await merge(fhir, source, target)).status == 200
    for fact in facts:
        text = (await fhir("GET", f"Observation/{fact}")).text
        assert source.encode() not in text
        assert target.encode() in text
    member = (await fhir("GET", f"Group/{grouped}")).json["member"]
    assert [one["entity"]["reference"] for one in member] == [f"Patient/{id}" for id in (target, other, target)]
    assert (await fhir("GET", f"Patient/{friend}")).json["link"][0]["other"]["reference"] == f"Patient/{target}"
    assert (await unmerge(fhir, source)).status == 200
    member = (await fhir("GET", f"Group/{grouped}")).json["member"]
    assert [one["entity"]["reference"] for one in member] == [f"Patient/{id}" for id in (source, other, target)]
    assert (await fhir("GET", f"Patient/{friend}")).json["link"][0]["other"]["reference"] == f"Patient/{source}"
    assert source.encode() in (await fhir("GET", f"Observation/{facts[1]}")).text


async def test_preview_changes_nothing_and_again_is_no_error(fhir: Client) -> None:
    source, target = await pair(fhir)
    fact = await record_fact(fhir, observation(source))
    preview = await merge(fhir, source, target, preview=True)
    assert preview.status == 200
    assert "would be moved: 1 Observation" in preview.text.decode()
    assert (await fhir("GET", f"Observation/{fact}")).json["meta"]["versionId"] == "1"
    assert (await fhir("GET", "Provenance")).ids == []
    first, again = await merge(fhir, source, target), await merge(fhir, source, target)
    assert (first.status, again.status) == (200, 200)
    assert (await fhir("GET", f"Patient/{target}")).json["meta"]["versionId"] == "2"
    late = await record_fact(fhir, observation(source))
    assert (await merge(fhir, source, target)).status == 200
    assert late in (await fhir("GET", f"Observation?patient={target}")).ids
    assert (await unmerge(fhir, source)).status == 200
    assert set((await fhir("GET", f"Observation?patient={source}")).ids) == {fact, late}


async def test_undo_keeps_later_edits_and_lists_what_came_after(fhir: Client) -> None:
    source, target = await pair(fhir)
    fact, edited, gone = [await record_fact(fhir, observation(source)) for _ in range(3)]
    own = await record_fact(fhir, observation(target))
    before = [(await fhir("GET", f"Patient/{id}")).json for id in (source, target)]
    assert (await merge(fhir, source, target)).status == 200
    change = (await fhir("GET", f"Observation/{edited}")).text.replace(b"1.50", b"2.500")
    assert (await fhir("PUT", f"Observation/{edited}", change)).status == 200
    assert (await fhir("DELETE", f"Observation/{gone}")).status == 204
    new = await record_fact(fhir, observation(target))
    phone = {**(await fhir("GET", f"Patient/{target}")).json, "telecom": [{"system": "phone", "value": "1"}]}
    assert (await fhir("PUT", f"Patient/{target}", phone)).status == 200
    undone = await unmerge(fhir, source, reason="two persons")
    assert undone.status == 200, undone.text
    assert set(reviewed(undone)) == {f"Observation/{new}", f"Observation/{gone}"}
    assert set((await fhir("GET", f"Observation?patient={source}")).ids) == {fact, edited}
    assert set((await fhir("GET", f"Observation?patient={target}")).ids) == {own, new}
    assert b'"value":2.500' in (await fhir("GET", f"Observation/{edited}")).text
    after = [(await fhir("GET", f"Patient/{id}")).json for id in (source, target)]
    assert {k: v for k, v in after[0].items() if k != "meta"} == {k: v for k, v in before[0].items() if k != "meta"}
    assert after[1]["identifier"] == before[1]["identifier"]
    assert "link" not in after[1]
    assert after[1]["telecom"] == phone["telecom"]
    versions = (await fhir("GET", f"Observation/{fact}/_history")).entries
    subjects = [one["resource"]["subject"]["reference"] for one in versions]
    assert subjects == [f"Patient/{source}", f"Patient/{target}", f"Patient/{source}"]
    codes = [e["resource"]["activity"]["coding"][0]["code"] for e in (await fhir("GET", "Provenance")).entries]
    assert sorted(codes) == ["merge", "unmerge"]
    assert (await unmerge(fhir, source)).status == 422
    assert (await merge(fhir, source, target)).status == 200


async def test_merges_are_undone_last_first(fhir: Client) -> None:
    a, b = await pair(fhir)
    c = (await fhir.create(person("Kari", "Olsen", "1980-01-02")))["id"]
    fact = await record_fact(fhir, observation(a))
    assert (await merge(fhir, a, b)).status == 200
    assert (await merge(fhir, b, c)).status == 200
    assert (await fhir("GET", f"Observation?patient={c}")).ids == [fact]
    early = await unmerge(fhir, a)
    assert early.status == 422
    assert f"Patient/{b} into Patient/{c}" in early.diagnostics
    assert (await unmerge(fhir, b)).status == 200
    assert (await unmerge(fhir, a)).status == 200
    assert (await fhir("GET", f"Observation?patient={a}")).ids == [fact]


async def test_what_must_not_be_merged(fhir: Client) -> None:
    source, target = await pair(fhir)
    other = (await fhir.create(person("Kari", "Olsen", "1981-01-02") | {"gender": "male"}))["id"]
    assert (await merge(fhir, source, source)).status == 422
    assert (await merge(fhir, source, "missing")).status == 404
    doubt = await merge(fhir, source, other)
    assert (doubt.status, doubt.expressions) == (422, ["Patient.birthDate"])
    assert (await merge(fhir, source, other, force=True)).status == 400
    forced = await merge(fhir, source, other, force=True, reason="the date was wrong")
    assert forced.status == 200
    assert (await merge(fhir, source, target)).status == 422
    circle = await merge(fhir, other, source, force=True, reason="x")
    assert circle.status == 422
    assert "$unmerge" in circle.diagnostics
    assert (await merge(fhir, target, source, force=True, reason="x")).status == 422


async def test_by_identifiers_and_with_a_result(fhir: Client) -> None:
    source, target = await pair(fhir)
    by = {
        "source_patient_identifier": {"system": "urn:a", "value": "1"},
        "target_patient_identifier": {"system": "urn:a", "value": "2"},
    }
    link = [{"other": {"reference": f"Patient/{source}"}, "type": "replaces"}]
    result = {**person("Kari", "Haugen", "1980-01-02"), "id": target, "link": link}
    assert (await fhir("POST", "Patient/$merge", parameters(**by, result_patient={**result, "link": []}))).status == 422
    answer = await fhir("POST", "Patient/$merge", parameters(**by, result_patient=result))
    assert answer.status == 200, answer.text
    assert (await fhir("GET", f"Patient/{target}")).json["name"][0]["family"] == "Haugen"
    assert (await unmerge(fhir, source)).status == 200
    assert (await fhir("GET", f"Patient/{target}")).json["name"][0]["family"] == "Olsen"
    unknown = {**by, "source_patient_identifier": {"system": "urn:a", "value": "9"}}
    assert (await fhir("POST", "Patient/$merge", parameters(**unknown))).status == 422


async def test_writing_meanwhile_loses_nothing(record: Record, fhir: Client) -> None:
    source, target = await pair(fhir)
    facts = [await record_fact(fhir, observation(source)) for _ in range(20)]

    async def edit(fact: str) -> int:
        patch = b'[{"op":"add","path":"/note","value":[{"text":"seen"}]}]'
        return (await fhir("PATCH", f"Observation/{fact}", patch, content_type="application/json-patch+json")).status

    results = await asyncio.gather(
        merge(fhir, source, target),
        *(edit(fact) for fact in facts),
        *(record_fact(fhir, observation(source)) for _ in range(5)),
        merge(fhir, source, target),
    )
    assert results[0].status == results[-1].status == 200
    assert set(results[1:21]) == {200}
    assert (await merge(fhir, source, target)).status == 200
    found = (await fhir("GET", f"Observation?patient={target}&_count=100")).entries
    assert {e["resource"]["id"] for e in found} == {*facts, *results[21:26]}
    assert sum("note" in e["resource"] for e in found) == 20
    assert (await unmerge(fhir, source)).status == 200
    assert len((await fhir("GET", f"Observation?patient={source}&_count=100")).ids) == 25


async def test_what_arrives_for_a_merged_record_is_taken_along(record: Record, fhir: Client) -> None:
    source, target = await pair(fhir)
    assert (await merge(fhir, source, target)).status == 200
    late = await record_fact(fhir, observation(source))
    own = await record_fact(fhir, observation(target))
    while await feed.step(record, NAME, take_along):
        pass
    assert set((await fhir("GET", f"Observation?patient={target}")).ids) == {late, own}
    trails = (await fhir("GET", f"Provenance?target=Observation/{late}")).entries
    assert trails[0]["resource"]["activity"]["coding"][0]["code"] == "merge-late"
    assert (await unmerge(fhir, source)).status == 200
    assert (await fhir("GET", f"Observation?patient={source}")).ids == [late]


async def test_too_much_for_one_act_is_refused_whole(fhir: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = await pair(fhir)
    facts = [await record_fact(fhir, observation(source)) for _ in range(4)]
    monkeypatch.setattr(mention, "MAX_FACTS", 3)
    refused = await merge(fhir, source, target)
    assert (refused.status, refused.json["issue"][0]["code"]) == (413, "too-costly")
    assert set((await fhir("GET", f"Observation?patient={source}")).ids) == set(facts)


async def test_a_subject_that_names_a_version_moves_too(fhir: Client) -> None:
    source, target = await pair(fhir)
    fact = await record_fact(fhir, observation(f"{source}/_history/1"))
    assert (await merge(fhir, source, target)).status == 200
    assert (await fhir("GET", f"Observation/{fact}")).json["subject"] == {"reference": f"Patient/{target}"}
    assert (await fhir("GET", f"Observation?patient={target}")).ids == [fact]
    assert (await unmerge(fhir, source)).status == 200
    assert (await fhir("GET", f"Observation/{fact}")).json["subject"] == {"reference": f"Patient/{source}/_history/1"}
