"""The shared list of medicines: prescribed, changed, renewed, stopped and given, by several at once, without loss."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from felles import app
from felles.clinical import giving, medication, prescription
from felles.clinical.dose_reading import parsed
from felles.clinical.giving import Handed
from felles.clinical.medication import Script
from felles.clinical.product import List, Product
from felles.duties import handling
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration import consenting, visiting
from tests.integration.correspondence import fill

pytestmark = pytest.mark.anyio
Json = dict[str, Any]
HOUR = 3_600_000_000


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update(consenting.role("doctor-role", "doctor", "ward", "LE"))
    await made.update(
        {"resourceType": "Practitioner", "id": "doctor", "active": True, "name": [{"text": "Doktor Lie"}]}
    )
    yield made
    await made.close()


def product(key: str) -> Product:
    found = List().product(key)
    assert found is not None
    return found


def script(key: str, dose: str, **more: Any) -> Script:
    return Script("Patient/anna", product(key), parsed(dose), **more)


async def test_a_prescription_stands_with_structure_author_and_reason(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    id = await medication.prescribe(
        mine,
        who,
        script("amoksicillin-500", "1x3 i 7 dager", why="Lungebetennelse", refund="blå § 2", packs=1),
        handling.now(),
    )
    made = await record.resource("MedicationRequest", id)
    (dosage,) = made["dosageInstruction"]
    assert dosage["text"] == "1 kapsel 3 ganger daglig i 7 dager"
    assert dosage["doseAndRate"][0]["doseQuantity"] == {"value": 1, "unit": "kapsel"}
    assert made["requester"] == {"reference": "PractitionerRole/doctor-role"}
    assert made["reasonCode"][0]["text"] == "Lungebetennelse" and made["dispenseRequest"]["quantity"]["value"] == 1


async def test_warnings_want_an_answer_that_is_kept(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    now = handling.now()
    await medication.prescribe(mine, who, script("warfarin-2.5", "1 tablett daglig"), now)
    wanted = script("ibuprofen-400", "1 tablett 3 ganger daglig")
    with pytest.raises(Problem, match="in spite of"):
        await medication.prescribe(mine, who, wanted, now)
    id = await medication.prescribe(mine, who, replace(wanted, despite="Kort kur, INR kontrolleres"), now)
    made = await record.resource("MedicationRequest", id)
    issue = await record.resource("DetectedIssue", made["detectedIssue"][0]["reference"].partition("/")[2])
    assert issue["mitigation"][0]["action"]["text"] == "Kort kur, INR kontrolleres" and "warfarin" in issue["detail"]
    daily = script("metotreksat-2.5", "1 tablett daglig", despite="Særskilt avtalt")
    with pytest.raises(Problem, match="confirm a daily dose twice"):
        await medication.prescribe(mine, who, daily, now)
    assert await medication.prescribe(mine, who, replace(daily, twice=True), now)


async def test_bad_prescriptions_leave_nothing(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    with pytest.raises(Problem, match="not dosed in ml"):
        await medication.prescribe(mine, who, script("paracetamol-500", "10 ml daglig"), handling.now())
    await record.update({**await record.resource("Patient", "anna"), "deceasedBoolean": True})
    with pytest.raises(Problem, match="dead"):
        await medication.prescribe(mine, who, script("paracetamol-500", "1x3"), handling.now())
    assert await record.resources("MedicationRequest", []) == []


async def test_of_twenty_at_once_on_one_line_one_wins_and_nobody_is_blocked(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    id = await medication.prescribe(mine, who, script("losartan-50", "1x1"), handling.now())
    acts = [medication.stop(mine, who, id, 1, f"Grunn {n}") for n in range(10)]
    changes = [
        medication.prescribe(
            mine, who, script("losartan-50", f"{n + 1} tabletter daglig", replaces=(id, 1)), handling.now()
        )
        for n in range(10)
    ]
    ended = await asyncio.gather(*acts, *changes, return_exceptions=True)
    lost = [one for one in ended if isinstance(one, Exception)]
    assert len(lost) == 19 and {one.status for one in lost if isinstance(one, Problem)} == {409}
    held = await record.resources("MedicationRequest", [])
    assert len(held) == (2 if isinstance(next(one for one in ended if not isinstance(one, Exception)), str) else 1)
    assert (await record.resource("MedicationRequest", id))["status"] == "stopped"


async def test_another_levels_line_is_not_touched_by_a_renewal_of_ones_own(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    now = handling.now()
    theirs = await medication.prescribe(mine, who, script("amlodipin-5", "1x1"), now)
    own = await medication.prescribe(mine, who, script("losartan-50", "1x1"), now)
    renewed = await medication.renew(mine, who, own, 1, now + HOUR)
    states = {one["id"]: one["status"] for one in await record.resources("MedicationRequest", [])}
    assert states == {theirs: "active", own: "completed", renewed: "active"}
    made = await record.resource("MedicationRequest", renewed)
    assert made["priorPrescription"] == {"reference": f"MedicationRequest/{own}"}


async def test_a_dose_is_given_once_unless_there_is_a_reason(record: Record) -> None:
    mine, who = await consenting.staff(record, "nurse")
    now = handling.now()
    one = Handed("Patient/anna", product("paracetamol-1g"), parsed("1 tablett daglig"))
    id = await giving.give(mine, who, one, now)
    with pytest.raises(Problem, match="too-soon"):
        await giving.give(mine, who, one, now + HOUR)
    await giving.give(mine, who, replace(one, despite="Kastet opp den første"), now + HOUR)
    assert len(await giving.given(mine, "Patient/anna", now - HOUR)) == 2
    await giving.take_back(mine, who, id)
    assert len(await giving.given(mine, "Patient/anna", now - HOUR)) == 1
    with pytest.raises(Problem, match="after an order only"):
        await giving.give(mine, who, Handed("Patient/anna", product("morfin-10"), parsed("1x1")), now)
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    allergy: Json = {
        "resourceType": "AllergyIntolerance", "id": "p", "patient": {"reference": "Patient/anna"},
        "clinicalStatus": {"coding": [{"system": system, "code": "active"}]}, "code": {"text": "Paracet"},
    }  # fmt: skip
    await record.update(allergy)
    with pytest.raises(Problem, match="allergy"):
        await giving.give(mine, who, one, now + 9 * HOUR)


async def test_a_paused_or_ended_order_is_not_given(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    now = handling.now()
    id = await medication.prescribe(mine, who, script("losartan-50", "1x1"), now)
    one = Handed("Patient/anna", product("losartan-50"), parsed("1 tablett daglig"), id)
    await giving.give(mine, who, one, now)
    await record.update({**await record.resource("MedicationRequest", id), "status": "on-hold"})
    with pytest.raises(Problem, match="paused or ended"):
        await giving.give(mine, who, one, now + 48 * HOUR)
    with pytest.raises(Problem, match="another patient"):
        await giving.give(mine, who, replace(one, patient="Patient/bea"), now)


async def test_what_something_speaks_against_by_now_is_not_renewed_by_a_press(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    now = handling.now()
    id = await medication.prescribe(mine, who, script("ibuprofen-400", "1x3"), now)
    await medication.prescribe(mine, who, script("warfarin-2.5", "1x1", despite="Avtalt"), now)
    with pytest.raises(Problem, match="speaks against"):
        await medication.renew(mine, who, id, 1, now)


async def test_a_line_of_several_dosages_is_read_whole_or_not_at_all(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    id = await medication.prescribe(mine, who, script("metformin-500", "1x2"), handling.now())
    held = await record.resource("MedicationRequest", id)
    told = [*held["dosageInstruction"], {"text": "2 tabletter om kvelden"}]
    await record.update({**held, "dosageInstruction": told})
    assert medication.dose_of(await record.resource("MedicationRequest", id)) is None
    with pytest.raises(Problem, match="no structured dose"):
        await medication.renew(mine, who, id, 2, handling.now())


async def test_a_long_history_hides_nothing_that_is_in_use(record: Record, tmp_path: Path) -> None:
    mine, who = await consenting.staff(record, "doctor")
    now = handling.now()
    first = await medication.prescribe(mine, who, script("warfarin-2.5", "1x1"), now - 999 * HOUR)
    ended = {**await record.resource("MedicationRequest", first), "status": "stopped"}
    for number in range(230):
        await record.update({**{k: v for k, v in ended.items() if k != "meta"}, "id": f"zz-{number:03}"})
        await record.update({**{k: v for k, v in ended.items() if k != "meta"}, "id": f"00-{number:03}"})
    found = await medication.looked_at(mine, script("ibuprofen-400", "1x3"))
    assert any("warfarin" in str(one).casefold() for one in found)
    people = visiting.staff("doctor", suffix="-role")
    async with visiting.house(record, people, tmp_path / "log") as house, house.visit("doctor") as visitor:
        assert f'id="m-{first}"' in (await visitor.get("/patient/anna/medicines")).text


async def owed(record: Record, id: str) -> int:
    return len(await record.ask("duty to settle", [key64(f"MedicationRequest/{id}"), prescription.HAND_OUT.number]))


async def test_a_prescription_is_owed_until_its_paper_is_handed_out(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    now = handling.now()
    inside = await medication.prescribe(mine, who, script("losartan-50", "1x1"), now)
    id = await medication.prescribe(mine, who, script("amlodipin-5", "1x1", packs=1), now)
    assert (await owed(record, inside), await owed(record, id)) == (0, 1)
    with pytest.raises(Problem, match="nothing is to be dispensed"):
        await prescription.hand_out(mine, who, "Patient/anna", inside, 1, "", now)
    with pytest.raises(Problem, match="another patient"):
        await prescription.hand_out(mine, who, "Patient/bea", id, 1, "", now)
    made = await prescription.hand_out(mine, who, "Patient/anna", id, 1, "", now)
    assert await owed(record, id) == 0
    with pytest.raises(Problem, match="another paper"):
        await prescription.hand_out(mine, who, "Patient/anna", id, 1, " ", now)
    await record.update({**await record.resource("Communication", made), "status": "entered-in-error"})
    assert await owed(record, id) == 1
    await medication.stop(mine, who, id, 1, "Hovne ankler")
    assert await owed(record, id) == 0


async def test_a_renewal_is_a_new_prescription(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    now = handling.now()
    old = await medication.prescribe(mine, who, script("amlodipin-5", "1x1", packs=1), now)
    new = await medication.renew(mine, who, old, 1, now)
    assert (await owed(record, old), await owed(record, new)) == (0, 1)


async def test_the_paper_of_a_prescription(record: Record, tmp_path: Path) -> None:
    mine, who = await consenting.staff(record, "doctor")
    dose = script("amlodipin-5", "1x1", packs=2, repeats=3, refund="blå § 2")
    id = await medication.prescribe(mine, who, dose, handling.now())
    people, here = visiting.staff("doctor", suffix="-role"), "/patient/anna/medicines/prescription"
    async with visiting.house(record, people, tmp_path / "log") as house, house.visit("doctor") as visitor:
        assert "ikke kommet ut ennå" in (await visitor.get("/patient/anna/medicines")).text
        paper = (await visitor.get(f"{here}?line={id}")).text
        for words in (
            "Amlodipin 5 mg tablett",
            "1 tablett 1 gang daglig",
            "2 pakning",
            "blå § 2",
            "Anna",
            "Doktor Lie",
        ):
            assert words in paper
        assert (await visitor.post(here, line=id, version="1")).status_code == 303
        assert "gitt på papir" in (await visitor.get("/patient/anna/medicines")).text
        again = await visitor.post(here, line=id, version="1")
        assert again.status_code == 422 and "skrevet ut før" in again.text
        assert (await visitor.post(here, line=id, version="1", again="Mistet papiret")).status_code == 303


async def test_the_page_prescribes_gives_renews_and_stops(record: Record, tmp_path: Path) -> None:
    people = visiting.staff("doctor", "nurse", suffix="-role")
    async with visiting.house(record, people, tmp_path / "log") as house:
        async with house.visit("doctor") as visitor:
            found = (await visitor.get("/patient/anna/medicines?find=ibup")).text
            assert "Ibuprofen 400 mg" in found and "1 tablett 3 ganger daglig i 7 dager" in found
            new = "/patient/anna/medicines/new"
            sheet = (await visitor.get(f"{new}?product=ibuprofen-400&dose=2x9")).text
            assert (
                "2 tabletter 9 ganger daglig" in sheet
                and "Mer enn det høyeste" in sheet
                and "Hvorfor den forskrives" in sheet
            )
            seal = sheet.split('name="seal" value="')[1].split('"')[0]
            odd = await visitor.post(new, product="ibuprofen-400", dose="2 flasker daglig", sign="1", seal=seal)
            assert odd.status_code == 422 and "«flasker»" in odd.text
            safe = {"product": "ibuprofen-400", "dose": "1x3", "sign": "1"}
            unseen = await visitor.post(new, **safe, seal=seal)
            assert unseen.status_code == 409 and "Se på advarslene" in unseen.text
            assert (await visitor.post(new, **safe, seal="")).status_code == 303
            page = (await visitor.get("/patient/anna/medicines")).text
            id = page.split('id="m-')[1].split('"')[0]
            assert (await visitor.post("/patient/anna/medicines/stop", line=id, version="1", why="")).status_code == 422
            assert (await visitor.post("/patient/anna/medicines/renew", line=id, version="1")).status_code == 303
            late = await visitor.post("/patient/anna/medicines/stop", line=id, version="1", why="Virker ikke")
            assert late.status_code == 409 and "Andre har endret" in late.text
            assert (await visitor.post("/patient/berit/medicines/renew", line=id, version="1")).status_code in (
                403,
                404,
            )
        async with house.visit("nurse") as visitor:
            page = (await visitor.get("/patient/anna/medicines")).text
            assert "Gi nå" in page and "Ny medisin" not in page and "Seponer" not in page
            give = {"line": "paracetamol-1g", "product": "paracetamol-1g", "amount": "1", "unit": "tablett"}
            assert (await visitor.post("/patient/anna/medicines/give", **give)).status_code == 303
            soon = await visitor.post("/patient/anna/medicines/give", **give)
            assert soon.status_code == 409 and "For kort tid siden" in soon.text and 'name="why"' in soon.text
            assert (await visitor.post("/patient/anna/medicines/give", **give, why="Kastet opp")).status_code == 303
            assert (await visitor.get("/patient/anna/medicines")).text.count("Angre: ikke gitt") == 2


async def test_a_set_is_measured_with_its_score_or_not_at_all(record: Record, tmp_path: Path) -> None:
    people = visiting.staff("nurse", suffix="-role")
    async with visiting.house(record, people, tmp_path / "log") as house, house.visit("nurse") as visitor:
        here = "/patient/anna/vitals"
        await visitor.get(here)
        wrong = await visitor.post(here, pasted="120/80 720 16", sign="1")
        assert wrong.status_code == 422 and "«720»" in wrong.text
        assert (await visitor.post(here, systolic="80", diastolic="120", sign="1")).status_code == 422
        assert (await visitor.post(here, systolic="120", sign="1")).status_code == 422
        assert (await visitor.post(here, sign="1")).status_code == 422
        assert await record.resources("Observation", []) == []
        looked = (await visitor.post(here, pasted="95/60 112 24 93 38,5 A")).text
        assert "NEWS2 <strong>9</strong>" in looked and "Høy risiko" in looked and 'value="38,5"' in looked
        assert (await visitor.post(here, pasted="95/60 112 24 93 38,5 A", sign="1")).status_code == 303
    found = await record.resources("Observation", [("_count", "50")])
    assert len(found) == 7 and len({one["effectiveDateTime"] for one in found}) == 1
    (score,) = (one["valueQuantity"]["value"] for one in found if one["code"]["text"] == "NEWS2")
    assert score == 9
