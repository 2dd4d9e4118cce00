"""Facts written on the wrong patient: moved with a reason, ties moved along or cut, otherwise nothing is done."""

from typing import Any

import pytest

from tests.integration.conftest import Answer, Client
from tests.integration.test_match import person

pytestmark = pytest.mark.anyio


async def ward(fhir: Client) -> dict[str, str]:
    """Two patients; on the wrong one an encounter, a result of it, and a report of the result."""
    wrong = (await fhir.create(person("Kari", "Olsen")))["id"]
    right = (await fhir.create(person("Kari", "Olsson")))["id"]
    subject = {"reference": f"Patient/{wrong}"}
    encounter = await fhir.create(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
            "subject": subject,
        }
    )
    result = await fhir.create(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "x"},
            "subject": subject,
            "encounter": {"reference": f"Encounter/{encounter['id']}"},
        }
    )
    report = await fhir.create(
        {
            "resourceType": "DiagnosticReport",
            "status": "final",
            "code": {"text": "x"},
            "subject": subject,
            "result": [{"reference": f"Observation/{result['id']}"}],
        }
    )
    ids = {"encounter": encounter, "result": result, "report": report}
    return {"wrong": wrong, "right": right} | {name: f"{one['resourceType']}/{one['id']}" for name, one in ids.items()}


async def move(fhir: Client, at: dict[str, str], facts: list[str], cut: list[str] | None = None, **more: Any) -> Answer:
    parts: list[dict[str, Any]] = [
        {"name": "target-patient", "valueReference": {"reference": f"Patient/{at['right']}"}},
        *({"name": "fact", "valueReference": {"reference": one}} for one in facts),
        *({"name": "cut", "valueReference": {"reference": one}} for one in cut or ()),
        *({"name": name, **value} for name, value in more.items()),
    ]
    body = {"resourceType": "Parameters", "parameter": parts}
    return await fhir("POST", f"Patient/{at['wrong']}/$move-facts", body)


REASON = {"valueString": "written on the wrong patient"}


async def test_ties_are_named_and_nothing_is_done(fhir: Client) -> None:
    at = await ward(fhir)
    refused = await move(fhir, at, [at["result"]], reason=REASON)
    assert refused.status == 422
    assert at["encounter"] in refused.diagnostics
    assert at["report"] in refused.diagnostics
    assert (await fhir("GET", at["result"])).json["meta"]["versionId"] == "1"


async def test_all_move_together(fhir: Client) -> None:
    at = await ward(fhir)
    moved = await move(fhir, at, [at["result"], at["encounter"], at["report"]], reason=REASON)
    assert moved.status == 200, moved.text
    for name in ("result", "encounter", "report"):
        assert (await fhir("GET", at[name])).json["subject"]["reference"] == f"Patient/{at['right']}"
    assert (await fhir("GET", f"Patient/{at['wrong']}/Observation")).ids == []
    assert len((await fhir("GET", f"Observation?patient={at['right']}")).ids) == 1
    old = await fhir("GET", f"{at['result']}/_history/1")
    assert old.json["subject"]["reference"] == f"Patient/{at['wrong']}"
    trail = (await fhir("GET", f"Provenance?target={at['result']}")).entries[0]["resource"]
    assert trail["reason"] == [{"text": REASON["valueString"]}]


async def test_ties_are_cut_on_request(fhir: Client) -> None:
    at = await ward(fhir)
    moved = await move(fhir, at, [at["result"]], [at["encounter"], at["report"]], reason=REASON)
    assert moved.status == 200, moved.text
    result, report = (await fhir("GET", at["result"])).json, (await fhir("GET", at["report"])).json
    assert "encounter" not in result
    assert result["subject"]["reference"] == f"Patient/{at['right']}"
    assert "result" not in report
    assert report["subject"]["reference"] == f"Patient/{at['wrong']}"
    assert (await fhir("GET", at["encounter"])).json["meta"]["versionId"] == "1"


async def test_a_preview_writes_nothing(fhir: Client) -> None:
    at = await ward(fhir)
    ties = [at["encounter"], at["report"]]
    assert (await move(fhir, at, [at["result"]], ties, reason=REASON, preview={"valueBoolean": True})).status == 200
    assert (await fhir("GET", at["result"])).json["meta"]["versionId"] == "1"


async def test_what_cannot_move(fhir: Client) -> None:
    at = await ward(fhir)
    assert (await move(fhir, at, [at["result"]])).status == 422
    assert (await move(fhir, at, [], reason=REASON)).status == 400
    assert (await move(fhir, at, ["Observation/none"], reason=REASON)).status == 404
    assert (await move(fhir, at, [f"Patient/{at['wrong']}"], reason=REASON)).status == 422
    assert (await move(fhir, {**at, "right": at["wrong"]}, [at["result"]], reason=REASON)).status == 422
    elsewhere = {**at, "wrong": at["right"], "right": at["wrong"]}
    assert (await move(fhir, elsewhere, [at["result"]], reason=REASON)).status == 422


async def test_a_required_tie_cannot_be_cut_and_history_is_no_tie(fhir: Client) -> None:
    at = await ward(fhir)
    subject = {"reference": f"Patient/{at['wrong']}"}
    dose = await fhir.create(
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": {"text": "x"},
            "patient": subject,
            "occurrenceDateTime": "2026-11-22",
        }
    )
    given = f"Immunization/{dose['id']}"
    evaluation = await fhir.create(
        {
            "resourceType": "ImmunizationEvaluation",
            "status": "completed",
            "patient": subject,
            "targetDisease": {"text": "x"},
            "immunizationEvent": {"reference": given},
            "doseStatus": {"text": "valid"},
        }
    )
    provenance = {"resourceType": "Provenance", "target": [{"reference": given}], "agent": [{"who": {"display": "x"}}]}
    witness = await fhir.create({**provenance, "recorded": "2026-11-22T00:00:00Z"})
    tie = f"ImmunizationEvaluation/{evaluation['id']}"
    refused = await move(fhir, at, [given], [tie], reason=REASON)
    assert refused.status == 422
    assert "move it along" in refused.diagnostics
    assert (await move(fhir, at, [given, tie], reason=REASON)).status == 200
    assert (await fhir("GET", f"Provenance/{witness['id']}")).json["meta"]["versionId"] == "1"
