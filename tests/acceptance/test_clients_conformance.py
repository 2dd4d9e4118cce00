"""Rules of FHIR R4 that a client relies on, by the clause (https://hl7.org/fhir/R4/http.html)."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.wire import Answer, Wire, fresh


@pytest.fixture
def patient(service: Wire) -> dict[str, Any]:
    """A patient of this test's own."""
    return service.create({"resourceType": "Patient", "identifier": [{"system": fresh(), "value": "1"}]})


def person(system: str, value: str = "1", **parts: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": system, "value": value}], **parts}


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(method: str, url: str, resource: Any = None, full_url: str | None = None, **request: str) -> dict[str, Any]:
    found: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        found["resource"] = resource
    return found | ({"fullUrl": full_url} if full_url else {})


def statuses(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [one["response"]["status"][:3] for one in answer.entries]


# #update, #concurrency


def test_a_stale_update_is_412_and_changes_nothing(service: Wire, patient: dict[str, Any]) -> None:
    url = f"/Patient/{patient['id']}"
    assert service("PUT", url, patient, if_match='W/"1"').status == 200
    for method, body in (("PUT", patient), ("DELETE", None), ("PATCH", [{"op": "test", "path": "/id", "value": "x"}])):
        kind = {"content_type": "application/json-patch+json"} if method == "PATCH" else {}
        stale = service(method, url, body, if_match='W/"1"', **kind)
        assert stale.status == 412, stale.body
        assert stale.issues[0]["code"] == "conflict"
    assert service("GET", url).json["meta"]["versionId"] == "2"


def test_create_only_if_absent(service: Wire, patient: dict[str, Any]) -> None:
    assert service("PUT", f"/Patient/{patient['id']}", patient, if_none_match="*").status == 412
    id = fresh().removeprefix("urn:uuid:")
    assert service("PUT", f"/Patient/{id}", {"resourceType": "Patient", "id": id}, if_none_match="*").status == 201


def test_the_body_must_name_the_address(service: Wire, patient: dict[str, Any]) -> None:
    url = f"/Patient/{patient['id']}"
    for body in ({"resourceType": "Patient"}, {"resourceType": "Patient", "id": "other"}):
        assert service("PUT", url, body).status == 400
    assert service("PUT", url, {**patient, "resourceType": "Person"}).status == 400


# #delete, #vread, #history


def test_a_life_in_versions(service: Wire, patient: dict[str, Any]) -> None:
    url = f"/Patient/{patient['id']}"
    service("PUT", url, {**patient, "active": True})
    deleted = service("DELETE", url)
    assert (deleted.status, deleted.body) == (204, b"")
    assert service("DELETE", url).status == 204
    assert service("DELETE", "/Patient/never-was").status == 204
    assert service("GET", url).status == 410
    assert service("GET", f"{url}/_history/3").status == 410
    assert service("GET", f"{url}/_history/1").status == 200
    assert service("GET", f"{url}/_history/9").status == 404
    assert service("GET", "/Patient/never-was/_history").status == 404
    assert service("GET", f"/Patient?_id={patient['id']}").json["total"] == 0
    assert service("PUT", url, patient).status == 201
    history = service("GET", f"{url}/_history")
    assert (history.json["type"], len(history.entries)) == ("history", 4)
    for number, one in zip((4, 3, 2, 1), history.entries, strict=True):
        assert one["fullUrl"] == f"{service.base}/Patient/{patient['id']}"
        assert one["response"]["etag"] == f'W/"{number}"'
        assert one["response"]["lastModified"]
        assert ("resource" in one) == (number != 3)
        if number != 3:
            assert one["resource"]["meta"]["versionId"] == str(number)
            assert one["resource"]["meta"]["lastUpdated"] == one["response"]["lastModified"]
    assert [one["request"]["method"] for one in history.entries] == ["PUT", "DELETE", "PUT", "POST"]
    assert [one["response"]["status"][:3] for one in history.entries] == ["200", "204", "200", "201"]
    assert [one["request"]["url"] for one in history.entries] == [url[1:]] * 3 + ["Patient"]


def test_the_first_version_was_a_creation(service: Wire) -> None:
    id = fresh().removeprefix("urn:uuid:")
    for _ in (1, 2):
        service("PUT", f"/Patient/{id}", {"resourceType": "Patient", "id": id})
        assert service("GET", f"/Patient/{id}/_history").entries[-1]["response"]["status"] == "201"
    feed = service("GET", "/Patient/_history?_count=2").entries
    assert [one["response"]["status"] for one in feed] == ["200", "201"]


def test_history_pages_and_since(service: Wire, patient: dict[str, Any]) -> None:
    url = f"/Patient/{patient['id']}"
    for _ in range(4):
        service("PUT", url, patient)
    seen: list[str] = []
    page: str | None = f"{url}/_history?_count=2"
    while page:
        answer = service("GET", page)
        seen += [one["resource"]["meta"]["versionId"] for one in answer.entries]
        page = answer.link("next")
    assert seen == ["5", "4", "3", "2", "1"]
    third = service("GET", f"{url}/_history/3").json["meta"]["lastUpdated"]
    since = service("GET", f"{url}/_history?_since={third.replace('+', '%2B')}")
    assert [one["resource"]["meta"]["versionId"] for one in since.entries] == ["5", "4", "3"]


# #ccreate, #cond-update, #cdelete


def test_conditional_writes(service: Wire) -> None:
    system = fresh()
    where = f"identifier={system}|1"
    made = service("PUT", f"/Patient?{where}", person(system))
    assert made.status == 201
    id = made.json["id"]
    assert service("PUT", f"/Patient?{where}", person(system, active=True)).json["meta"]["versionId"] == "2"
    assert service("PUT", f"/Patient?{where}", person(system, id=id)).status == 200
    assert service("PUT", f"/Patient?{where}", person(system, id="other")).status == 400
    patch = [{"op": "add", "path": "/active", "value": False}]
    patched = service("PATCH", f"/Patient?{where}", patch, content_type="application/json-patch+json")
    assert (patched.status, patched.json["active"]) == (200, False)
    none = service("PATCH", f"/Patient?identifier={system}|0", patch, content_type="application/json-patch+json")
    assert none.status == 404
    service.create(person(system))
    for method, body in (("PUT", person(system)), ("DELETE", None), ("PATCH", patch)):
        kind = {"content_type": "application/json-patch+json"} if method == "PATCH" else {}
        many = service(method, f"/Patient?{where}", body, **kind)
        assert (many.status, many.issues[0]["code"]) == (412, "multiple-matches")
    assert service("POST", "/Patient", person(system), if_none_exist=where).status == 412
    service("DELETE", f"/Patient/{id}")
    assert service("DELETE", f"/Patient?{where}").status == 204
    assert service("DELETE", f"/Patient?{where}").status == 204
    assert service("GET", f"/Patient?{where}").json["total"] == 0
    assert service("PUT", f"/Patient?{where}", person(system, id=f"mine-{id}")).json["id"] == f"mine-{id}"


# search.html#total, #2.21.1.2, #include


def test_totals_count_matches_alone(service: Wire, patient: dict[str, Any]) -> None:
    for number in range(5):
        service.create(
            {
                "resourceType": "Observation",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": f"c{number}"}]},
                "subject": {"reference": f"Patient/{patient['id']}"},
            }
        )
    url = f"/Observation?patient={patient['id']}"
    for total in ("accurate", "estimate"):
        assert service("GET", f"{url}&_total={total}&_count=2").json["total"] == 5
    assert service("GET", f"{url}&_total=none&_count=2").json.get("total") in (None, 5)
    for counting in ("_summary=count", "_count=0"):
        answer = service("GET", f"{url}&{counting}").json
        assert answer["total"] == 5
        assert "entry" not in answer
    page: str | None = f"{url}&_count=2&_include=Observation:subject&_sort=code"
    codes, pages = [], 0
    while page:
        answer = service("GET", page)
        assert answer.json["total"] == 5
        modes = [one["search"]["mode"] for one in answer.entries]
        assert modes[-1] == "include" and modes.count("include") == 1
        codes += [one["resource"]["code"]["coding"][0]["code"] for one in answer.entries[:-1]]
        page, pages = answer.link("next"), pages + 1
    assert (codes, pages) == ([f"c{number}" for number in range(5)], 3)
    around = service("GET", f"/Patient?_id={patient['id']}&_revinclude=Observation:patient")
    assert [one["search"]["mode"] for one in around.entries] == ["match"] + ["include"] * 5
    every = service("GET", f"/Patient/{patient['id']}/$everything")
    assert len(every.entries) == 6
    inside = service("GET", f"/Patient/{patient['id']}/Observation?code=c1,c2&_summary=count")
    assert inside.json["total"] == 2


def test_an_empty_answer_has_no_empty_list(service: Wire) -> None:
    answer = service("GET", f"/Patient?identifier={fresh()}|1").json
    assert answer["total"] == 0
    assert "entry" not in answer


# #transaction, #trules, #brules


def test_a_transaction_answers_in_order_with_all_fields(service: Wire, patient: dict[str, Any]) -> None:
    system, urn = fresh(), fresh()
    gone = service.create({"resourceType": "Patient"})
    answer = service(
        "POST",
        "",
        bundle(
            "transaction",
            entry("GET", f"Patient?identifier={system}|1"),
            entry("PUT", f"Patient/{patient['id']}", {**patient, "managingOrganization": {"reference": urn}}),
            entry("POST", "Organization", {"resourceType": "Organization", "name": "a"}, urn),
            entry("POST", "Patient", person(system), ifNoneExist=f"identifier={system}|1"),
            entry("DELETE", f"Patient/{gone['id']}"),
            entry("POST", "Condition", {
                "resourceType": "Condition",
                "subject": {"reference": f"Patient?identifier={patient['identifier'][0]['system']}|1"},
            }),
        ),
    )  # fmt: skip
    assert statuses(answer) == ["200", "200", "201", "201", "204", "201"]
    assert answer.json["type"] == "transaction-response"
    assert answer.entries[0]["resource"]["total"] == 1
    for one in (answer.entries[place] for place in (1, 2, 3, 5)):
        response = one["response"]
        assert response["location"].startswith(f"{service.base}/")
        number = response["location"].rpartition("/")[2]
        assert response["etag"] == f'W/"{number}"'
        assert response["lastModified"]
        assert service("GET", response["location"]).status == 200
    organization = answer.entries[2]["response"]["location"].split("/")[-3]
    read = service("GET", f"/Patient/{patient['id']}").json
    assert read["managingOrganization"]["reference"] == f"Organization/{organization}"
    condition = service("GET", answer.entries[5]["response"]["location"]).json
    assert condition["subject"]["reference"] == f"Patient/{patient['id']}"
    again = bundle("transaction", entry("POST", "Patient", person(system), ifNoneExist=f"identifier={system}|1"))
    second = service("POST", "", again)
    assert statuses(second) == ["200"]
    assert second.entries[0]["response"]["location"] == answer.entries[3]["response"]["location"]
    shown = service("POST", "", again, prefer="return=representation")
    assert shown.entries[0]["resource"]["identifier"][0]["system"] == system


REFUSED: dict[str, tuple[int, dict[str, Any]]] = {
    "an invalid resource": (422, entry("POST", "Patient", {"resourceType": "Patient", "gender": "x"})),
    "an unknown type": (404, entry("POST", "Nonsense", {"resourceType": "Nonsense"})),
    "a stale version": (412, entry("PUT", "Patient/{id}", {"resourceType": "Patient", "id": "{id}"}, ifMatch='W/"7"')),
    "a read of nothing": (404, entry("GET", "Patient/never-was")),
    "a bad search": (400, entry("GET", "Patient?nonsense=1")),
    "many matches": (412, entry("DELETE", "Patient?identifier={system}|many")),
    "no match for a reference": (412, entry("POST", "Condition", {
        "resourceType": "Condition", "subject": {"reference": "Patient?identifier={system}|none"}})),
    "another id": (400, entry("PUT", "Patient/{id}", {"resourceType": "Patient", "id": "other"})),
    "another type": (400, entry("PUT", "Patient/{id}", {"resourceType": "Person", "id": "{id}"})),
}  # fmt: skip


def filled(value: Any, **names: str) -> Any:
    """With {id} and {system} in all its strings replaced."""
    if isinstance(value, dict):
        return {key: filled(item, **names) for key, item in value.items()}
    if isinstance(value, str):
        return value.replace("{id}", names["id"]).replace("{system}", names["system"])
    return value


@pytest.mark.parametrize("name", REFUSED)
def test_one_bad_entry_undoes_a_transaction_and_nothing_else_of_a_batch(
    service: Wire, patient: dict[str, Any], name: str
) -> None:
    status, bad = REFUSED[name]
    system = fresh()
    for _ in range(2):
        service.create(person(system, "many"))
    bad = filled(bad, id=patient["id"], system=system)
    good = entry("POST", "Patient", person(system, "good"))
    whole = service("POST", "", bundle("transaction", good, bad))
    assert whole.status == status, whole.body
    assert any(expression.startswith("Bundle.entry[1]") for expression in whole.expressions), whole.issues
    assert service("GET", f"/Patient?identifier={system}|good").json["total"] == 0
    if name == "no match for a reference":
        return
    batch = service("POST", "", bundle("batch", good, bad))
    assert statuses(batch) == ["201", str(status)]
    assert batch.entries[1]["response"]["outcome"]["issue"][0]["diagnostics"]
    assert service("GET", f"/Patient?identifier={system}|good").json["total"] == 1


def test_two_entries_for_one_resource_are_refused(service: Wire, patient: dict[str, Any]) -> None:
    twice = bundle(
        "transaction", entry("PUT", f"Patient/{patient['id']}", patient), entry("DELETE", f"Patient/{patient['id']}")
    )
    assert service("POST", "", twice).status == 400
    urn = fresh()
    same = [entry("POST", "Patient", {"resourceType": "Patient"}, urn)] * 2
    assert service("POST", "", bundle("transaction", *same)).status == 400


def test_the_same_condition_twice_in_a_transaction_makes_one(service: Wire) -> None:
    system = fresh()
    condition = f"identifier={system}|1"
    create = entry("POST", "Patient", person(system), ifNoneExist=condition)
    other = entry("POST", "Patient", person(system, active=True), ifNoneExist=condition)
    about = {"resourceType": "Condition", "subject": {"reference": f"Patient?{condition}"}}
    answer = service("POST", "", bundle("transaction", create, other, entry("POST", "Condition", about)))
    assert statuses(answer) == ["201", "200", "201"]
    assert len({one["response"]["location"] for one in answer.entries[:2]}) == 1
    assert service("GET", f"/Condition?patient.identifier={system}|1").json["total"] == 1
    put = entry("PUT", f"Patient?identifier={system}|2", person(system, "2"))
    assert service("POST", "", bundle("transaction", put, put)).status == 400
    gone = entry("DELETE", f"Patient?{condition}")
    assert statuses(service("POST", "", bundle("transaction", create, gone))) == ["201", "204"]
    assert service("GET", f"/Patient?{condition}").json["total"] == 1


def test_a_json_patch_in_a_bundle_is_a_binary(service: Wire, patient: dict[str, Any]) -> None:
    operations = base64.b64encode(b'[{"op":"add","path":"/active","value":true}]').decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": operations}
    for number, kind in ((2, "transaction"), (3, "batch")):
        answer = service("POST", "", bundle(kind, entry("PATCH", f"Patient/{patient['id']}", binary)))
        assert statuses(answer) == ["200"]
        assert answer.entries[0]["response"]["etag"] == f'W/"{number}"'
    assert service("GET", f"/Patient/{patient['id']}").json["active"] is True


def test_references_to_the_server_itself_are_local(service: Wire, patient: dict[str, Any]) -> None:
    about = {"resourceType": "Condition", "subject": {"reference": f"{service.base}/Patient/{patient['id']}"}}
    made = service.create(about)
    assert made["subject"]["reference"] == f"Patient/{patient['id']}"
    for query in (
        f"patient={patient['id']}",
        f"subject=Patient/{patient['id']}",
        f"subject={service.base}/Patient/{patient['id']}",
        f"patient.identifier={patient['identifier'][0]['system']}|1",
    ):
        assert [one["resource"]["id"] for one in service("GET", f"/Condition?{query}").entries] == [made["id"]]
    conditional = {"resourceType": "Condition", "subject": {"reference": "Patient?identifier=1"}}
    assert service("POST", "/Condition", conditional).status == 422


def test_a_batch_does_every_interaction(service: Wire, patient: dict[str, Any]) -> None:
    id, system = patient["id"], patient["identifier"][0]["system"]
    modified = service("GET", f"/Patient/{id}").json["meta"]["lastUpdated"]
    answer = service(
        "POST",
        "",
        bundle(
            "batch",
            entry("GET", f"Patient/{id}"),
            entry("GET", f"Patient/{id}", ifNoneMatch='W/"1"'),
            entry("GET", f"Patient/{id}", ifModifiedSince=modified),
            entry("HEAD", f"Patient/{id}"),
            entry("GET", f"Patient/{id}/_history"),
            entry("GET", f"Patient?identifier={system}|1"),
            entry("POST", "Patient", person(system), ifNoneExist=f"identifier={system}|1"),
            entry("GET", f"Patient/{id}/$everything"),
            entry("POST", "Patient/$validate", patient),
            entry("GET", "metadata"),
            entry("GET", f"{service.base}/Patient/{id}"),
        ),
    )
    assert answer.json["type"] == "batch-response"
    assert statuses(answer) == ["200", "304", "304", "200", "200", "200", "200", "200", "200", "200", "200"]
    assert answer.entries[0]["resource"]["id"] == id
    assert "resource" not in answer.entries[1]


# #capabilities


def test_the_capability_statement_is_valid_and_true(service: Wire, patient: dict[str, Any]) -> None:
    statement = service("GET", "/metadata").json
    checked = service("POST", "/CapabilityStatement/$validate", statement)
    assert [issue for issue in checked.issues if issue["severity"] == "error"] == []
    (rest,) = statement["rest"]
    types = {one["type"]: one for one in rest["resource"]}
    assert len(types) == 145
    assert "Parameters" not in types
    assert service("GET", "/Parameters").status == 404
    assert service("POST", "/Parameters", {"resourceType": "Parameters"}).status == 404
    for name, described in types.items():
        answers = service("POST", "", bundle("batch", *claimed(name, described, patient["id"])))
        assert set(statuses(answers)) <= {"200", "204", "404"}, (name, statuses(answers))
        for one in answers.entries:
            code = one["response"].get("outcome", {}).get("issue", [{}])[0].get("code")
            assert code != "not-supported", (name, one)
    for compartment in rest["compartment"]:
        name = compartment.rpartition("/")[2]
        known = next(one for one in types if one.lower() == name)
        assert service("GET", f"/{known}/none/*").status == 200
    system = {one["code"] for one in rest["interaction"]}
    assert system == {"transaction", "batch", "search-system", "history-system"}
    assert service("GET", "/?_type=Patient&_count=1").status == 200
    assert service("GET", "/_history?_count=1").status == 200


def claimed(name: str, described: dict[str, Any], patient: str) -> list[dict[str, Any]]:
    """A request for every include and operation that a type claims, and for its histories."""
    includes = [entry("GET", f"{name}?_count=1&_include={one}") for one in described["searchInclude"]]
    reverse = [entry("GET", f"{name}?_count=1&_revinclude={one}") for one in described.get("searchRevInclude", ())]
    histories = [entry("GET", f"{name}/_history?_count=1"), entry("GET", f"{name}/none")]
    assert {one["code"] for one in described["interaction"]} >= {"read", "vread", "create", "update", "delete", "patch"}
    if described["conditionalDelete"] == "single":
        histories.append(entry("DELETE", f"{name}?_id=never-was"))
    return [*includes, *reverse, *histories]


def test_claimed_operations_are_known_and_others_are_not(service: Wire, patient: dict[str, Any]) -> None:
    statement = service("GET", "/metadata").json
    offered = {one["type"]: one.get("operation", []) for one in statement["rest"][0]["resource"]}
    for type_name in ("Patient", "ValueSet", "CodeSystem", "Observation"):
        for operation in offered[type_name]:
            name = operation["name"]
            answers = [
                service("POST", f"/{type_name}{place}/${name}", {"resourceType": "Parameters"})
                for place in ("", "/never-was")
            ]
            known = [one for one in answers if one.status not in (404, 405) or "offers" not in one.diagnostics]
            assert known, (type_name, name)
            assert all(one.status < 500 for one in answers)
    for url in ("/$validate", "/Patient/$nonsense", f"/Patient/{patient['id']}/$graph", "/Observation/$everything"):
        assert service("POST", url, {"resourceType": "Parameters"}).status == 404
