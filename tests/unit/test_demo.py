"""The made-up region: the same for the same arguments, valid, never real, dense where people look."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Any

import pytest

from felles.clerical.clock import faults
from felles.clerical.conservation import period_id
from felles.clerical.period import is_period, of
from felles.delivery.channel import Channel
from felles.delivery.conservation import is_done
from felles.delivery.letter import FINGERPRINT, channel_of, fingerprint, is_delivery, state_of
from felles.delivery.state import STATUS
from felles.delivery.template import shipped
from felles.demo import STORY, TAG, people, region
from felles.demo.code import SYSTEMS, codes
from felles.demo.place import place, places
from felles.demo.region import population, record
from felles.record.validation import national, validate

TODAY = date(2026, 11, 23)
SMALLEST = 1
OID = "urn:oid:2.16.578.1.12.4.1."


def digest(today: date = TODAY, seed: int = 1) -> str:
    found = hashlib.sha256()
    for resource in region(SMALLEST, seed, today):
        found.update(json.dumps(resource, ensure_ascii=False).encode())
    return found.hexdigest()


@pytest.fixture(scope="module")
def resources() -> list[dict[str, Any]]:
    return list(region(SMALLEST, 1, TODAY))


@pytest.fixture(scope="module")
def of_type(resources: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for resource in resources:
        found[resource["resourceType"]].append(resource)
    return found


def values(node: Any, name: str) -> Iterator[Any]:
    """Every value of elements called `name`, at any depth."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                yield value
            yield from values(value, name)
    elif isinstance(node, list):
        for item in node:
            yield from values(item, name)


def numbers(node: Any) -> Iterator[float]:
    if isinstance(node, float):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from numbers(child)


def words(document: dict[str, Any]) -> str:
    return base64.b64decode(document["content"][0]["attachment"]["data"]).decode()


def test_the_same_arguments_give_the_same_bytes_in_another_process() -> None:
    program = "from tests.unit.test_demo import digest; print(digest())"
    surroundings = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    said = subprocess.run(
        [sys.executable, "-c", program], env=surroundings, capture_output=True, text=True, check=True
    ).stdout
    assert said.strip() == digest()


def test_seed_varies_the_patients_and_not_the_places() -> None:
    first, second = (list(islice(region(SMALLEST, seed, TODAY), 1000)) for seed in (1, 2))
    alike = Counter(one["resourceType"] for one, two in zip(first, second, strict=True) if one == two)
    assert alike["Organization"] == len(places())
    assert alike["Practitioner"] == alike["PractitionerRole"] > 200
    patients = [{person.id for person in population(SMALLEST, seed, TODAY)} for seed in (1, 2)]
    assert patients[0] & patients[1] == {STORY["patient"]}


def future(resource: dict[str, Any], today: date) -> list[str]:
    """Dates after today at the top of a resource, and starts of periods."""
    names = ("effectiveDateTime", "issued", "date", "authoredOn", "recordedDate", "birthDate", "onsetDateTime", "sent")
    found = [str(resource.get(name, "")) for name in names] + [str(resource.get("period", {}).get("start", ""))]
    return [value for value in found if value[:10] > today.isoformat()]


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2026, 1, 1), date(2027, 7, 4)])
def test_nothing_has_happened_after_today(today: date) -> None:
    everybody = list(population(SMALLEST, 1, today))
    some = [person for person in everybody if person.track == "story" or person.index % 7 == 0]
    resources = [resource for person in some for resource in record(person, today)]
    assert len(resources) > 3000
    assert not [(resource, late) for resource in resources if (late := future(resource, today))]


def test_ids_stay_when_only_today_changes() -> None:
    ids = [[person.id for person in population(SMALLEST, 1, day)] for day in (TODAY, date(2027, 3, 1))]
    assert ids[0] == ids[1]


def test_a_larger_region_keeps_the_people_of_a_smaller_one() -> None:
    small, large = ([person.id for person in population(count, 1, TODAY)] for count in (SMALLEST, 900))
    assert large[: len(small)] == small
    assert len(large) == 900


def test_every_resource_is_valid_and_marked(resources: list[dict[str, Any]]) -> None:
    faults = Counter(
        (r["resourceType"], issue.expression, issue.diagnostics)
        for r in resources
        for issue in validate(r["resourceType"], r)
    )
    assert not faults.most_common(5)
    assert all(TAG in r["meta"]["tag"] for r in resources)


def test_references_point_backwards(resources: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for resource in resources:
        missing = [target for target in values(resource, "reference") if isinstance(target, str) and target not in seen]
        assert not missing, resource
        identity = f"{resource['resourceType']}/{resource['id']}"
        assert identity not in seen
        seen.add(identity)


def test_identifiers_are_valid_and_never_real(of_type: dict[str, list[dict[str, Any]]]) -> None:
    patients = [i for p in of_type["Patient"] for i in p["identifier"] if i["system"] in (f"{OID}4.1", f"{OID}4.2")]
    assert len({i["value"] for i in patients}) == len(patients) == len(of_type["Patient"]) - 1
    assert all(national.is_synthetic(i["value"]) for i in patients)
    assert {national.is_d_number(i["value"]) for i in patients if i["system"] == f"{OID}4.2"} == {True}
    helped = [i["value"] for p in of_type["Patient"] for i in p["identifier"] if i["system"] == f"{OID}4.3"]
    assert len(helped) == 1 and all(national.is_help_number(value) and value >= "99999" for value in helped)
    by_system: dict[str, set[str]] = defaultdict(set)
    for organization in of_type["Organization"]:
        for found in organization["identifier"]:
            by_system[found["system"]].add(found["value"])
    assert all(national.is_synthetic(value) for value in by_system[f"{OID}4.101"])
    assert len(by_system[f"{OID}4.101"]) == len(of_type["Organization"])
    assert all(int(value) >= 99_000_000 for value in by_system[f"{OID}2"])
    assert all(int(i["value"]) >= 990_000_000 for p in of_type["Practitioner"] for i in p.get("identifier", ()))


def test_birth_date_and_sex_agree_with_the_number(of_type: dict[str, list[dict[str, Any]]]) -> None:
    for patient in of_type["Patient"]:
        number = patient["identifier"][0]
        if number["system"] == f"{OID}4.1":
            assert national.birth_date(number["value"]) == date.fromisoformat(patient["birthDate"])
            assert national.sex(number["value"]) == patient["gender"]


def test_no_telephone_or_address_of_the_net_can_be_real(resources: list[dict[str, Any]]) -> None:
    for found in values(resources, "telecom"):
        for contact in found:
            real = (
                not contact["value"].startswith("+47 00 ")
                if contact["system"] == "phone"
                else not contact["value"].endswith(".example")
            )
            assert not real, contact


def test_only_trusts_hospitals_and_municipalities_bear_real_names() -> None:
    real = ("Olavs", "Nord-Trøndelag", "Møre og Romsdal", "sykehus", "sjukehus", "kommune")
    named = {
        found.kind for found in places().values() if any(word in found.name.lower() for word in map(str.lower, real))
    }
    assert named == {"trust", "hospital", "municipality"}


def test_codes_are_few_and_every_code_has_norwegian_words(resources: list[dict[str, Any]]) -> None:
    reviewed = {SYSTEMS[name]: codes(name) for name in SYSTEMS}
    assert sum(map(len, reviewed.values())) <= 400
    used = [
        c for found in values(resources, "coding") if isinstance(found, list) for c in found if c["system"] in reviewed
    ]
    assert used
    assert all(c["display"] == reviewed[c["system"]][c["code"]] for c in used)


def test_figures_have_few_decimals_and_norwegian_units(of_type: dict[str, list[dict[str, Any]]]) -> None:
    assert all(round(value, 2) == value for value in numbers(of_type["Observation"]))
    units = {o["code"]["text"]: o["valueQuantity"]["unit"] for o in of_type["Observation"] if "valueQuantity" in o}
    assert units["P-Kreatinin"] == "µmol/L"
    assert units["Hb(B)-HbA1c"] == "mmol/mol"
    assert units["B-Hemoglobin"] == "g/dL"


def test_notes_have_all_their_figures(of_type: dict[str, list[dict[str, Any]]]) -> None:
    for document in of_type["DocumentReference"]:
        assert "ikke målt" not in words(document), words(document)
        assert "{" not in words(document)


def test_notes_from_more_og_romsdal_are_nynorsk(of_type: dict[str, list[dict[str, Any]]]) -> None:
    nynorsk = {found.organization for found in places().values() if found.language == "nn"}
    found = [d for d in of_type["DocumentReference"] if d["custodian"]["reference"] in nynorsk]
    assert len(found) > 50
    assert all(d["content"][0]["attachment"]["language"] == "nn" for d in found)
    assert not [words(d) for d in found if " ikke " in words(d) or " hjemme " in words(d) or " uke " in words(d)]


def test_ages_histories_and_deaths_are_in_order(resources: list[dict[str, Any]]) -> None:
    births = {f"Patient/{r['id']}": r.get("birthDate", "1900") for r in resources if r["resourceType"] == "Patient"}
    for resource in (one for one in resources if one["resourceType"] != "Contract"):
        subject = (resource.get("subject") or resource.get("patient") or {}).get("reference")
        if subject:
            for name in ("effectiveDateTime", "onsetDateTime", "occurrenceDateTime", "authoredOn"):
                assert str(resource.get(name, "9"))[:10] >= births[subject], resource


def test_nobody_gets_penicillin_who_cannot_bear_it(of_type: dict[str, list[dict[str, Any]]]) -> None:
    allergic = {a["patient"]["reference"] for a in of_type["AllergyIntolerance"] if a["code"]["text"] == "Penicillin"}
    assert allergic
    for request in of_type["MedicationRequest"]:
        code = request["medicationCodeableConcept"]["coding"][0]["code"]
        assert not (code.startswith("J01C") and request["subject"]["reference"] in allergic), request


def ongoing(of_type: dict[str, list[dict[str, Any]]], key: str) -> list[dict[str, Any]]:
    unit = place(key).organization
    closed = ("finished", "planned")
    return [e for e in of_type["Encounter"] if e["serviceProvider"]["reference"] == unit and e["status"] not in closed]


def booked(of_type: dict[str, list[dict[str, Any]]], key: str, day: date | None = None) -> list[dict[str, Any]]:
    where = place(key).location
    return [
        a
        for a in of_type["Appointment"]
        if any(p["actor"]["reference"] == where for p in a["participant"])
        and (day is None or a["start"].startswith(day.isoformat()))
    ]


def test_the_ward_is_full_and_every_bed_has_one_patient(of_type: dict[str, list[dict[str, Any]]]) -> None:
    stays = ongoing(of_type, "medisin-sengepost")
    beds = {stay["location"][0]["location"]["reference"] for stay in stays}
    assert len(stays) == len(beds) == len({stay["subject"]["reference"] for stay in stays}) == 22
    with_vitals = {o["encounter"]["reference"] for o in of_type["Observation"] if "encounter" in o}
    assert {f"Encounter/{stay['id']}" for stay in stays} <= with_vitals


def test_three_hundred_wait_at_the_orthopaedic_clinic(of_type: dict[str, list[dict[str, Any]]]) -> None:
    clinic = place("ortopedi-poliklinikk").organization
    waiting = [
        r for r in of_type["ServiceRequest"] if r["performer"][0]["reference"] == clinic and r["status"] == "active"
    ]
    assert len({r["subject"]["reference"] for r in waiting}) == 300
    referrals = {f"ServiceRequest/{one['id']}" for one in waiting}
    periods = [
        e for e in of_type["EpisodeOfCare"] if (e.get("referralRequest") or [{}])[0].get("reference") in referrals
    ]
    assert len(periods) == 260 and {e["status"] for e in periods} == {"waitlist"}
    assert all(e["id"] == period_id(e["referralRequest"][0]["reference"]) for e in periods)
    assert len(booked(of_type, "ortopedi-poliklinikk")) == 70


@pytest.mark.parametrize(("unit", "least"), [("akuttmottak", 16), ("sykehjem", 36), ("medisin-sengepost", 22)])
def test_units_have_patients_now(of_type: dict[str, list[dict[str, Any]]], unit: str, least: int) -> None:
    assert len(ongoing(of_type, unit)) >= least


@pytest.mark.parametrize(
    ("unit", "least"), [("dps", 45), ("bup", 32), ("tsb", 24), ("sone-nord", 30), ("sone-sor", 30)]
)
def test_units_follow_patients_over_time(of_type: dict[str, list[dict[str, Any]]], unit: str, least: int) -> None:
    organization = place(unit).organization
    found = {
        e["patient"]["reference"]
        for e in of_type["EpisodeOfCare"]
        if e["managingOrganization"]["reference"] == organization and e["status"] == "active"
    }
    assert len(found) >= least


@pytest.mark.parametrize("zone", ["sone-nord", "sone-sor"])
@pytest.mark.parametrize("ahead", [0, 1])
def test_each_shift_of_home_care_has_25_visits(of_type: dict[str, list[dict[str, Any]]], zone: str, ahead: int) -> None:
    visits = booked(of_type, zone, TODAY + timedelta(days=ahead))
    shifts = Counter(visit["serviceType"][0]["text"] for visit in visits)
    assert shifts == {"Hjemmebesøk, dagvakt": 25, "Hjemmebesøk, kveldvakt": 25}
    assert all("supportingInformation" in visit for visit in visits)


@pytest.mark.parametrize(("unit", "least"), [("havorna", 25), ("fjordkanten", 25), ("helsestasjon", 10), ("bilde", 1)])
def test_lists_of_today_are_filled(of_type: dict[str, list[dict[str, Any]]], unit: str, least: int) -> None:
    assert len(booked(of_type, unit, TODAY)) >= least


def test_imaging_has_orders_in_every_state(of_type: dict[str, list[dict[str, Any]]]) -> None:
    section = place("bilde").organization
    states = {t["businessStatus"]["text"] for t in of_type["Task"] if t["owner"]["reference"] == section}
    assert states == {
        "Mottatt", "Protokollert", "Time satt", "På dagens liste", "Til beskrivelse", "Foreløpig svar", "Endelig svar",
    }  # fmt: skip
    assert any(r["status"] == "preliminary" for r in of_type["DiagnosticReport"])


def test_the_story_runs_from_gp_to_hospital_to_home_care_and_back(of_type: dict[str, list[dict[str, Any]]]) -> None:
    me = f"Patient/{STORY['patient']}"
    [patient] = [p for p in of_type["Patient"] if p["id"] == STORY["patient"]]
    assert patient["name"][0]["family"] == STORY["family"]
    visits = sorted(
        (e for e in of_type["Encounter"] if e["subject"]["reference"] == me), key=lambda e: e["period"]["start"]
    )
    units = [e["serviceProvider"]["display"] for e in visits]
    stay = units.index("Medisinsk sengepost Nord")
    assert units[stay - 1] == "Havørna legesenter"
    assert set(units[stay + 1 :]) == {"Hjemmetjenesten Solsikka, sone Nord", "Havørna legesenter"}
    titles = {d["description"] for d in of_type["DocumentReference"] if d["subject"]["reference"] == me}
    assert {
        "Henvisning til Akuttmottaket",
        "Innkomstnotat",
        "Epikrise",
        "Rapport hjemmebesøk",
        "E-konsultasjon",
    } <= titles
    active = {
        m["medicationCodeableConcept"]["text"]
        for m in of_type["MedicationRequest"]
        if m["subject"]["reference"] == me and m["status"] == "active"
    }
    assert "Metoprolol depot 100 mg depottablett" in active
    assert "Metoprolol depot 50 mg depottablett" not in active


def test_eight_people_can_sign_in_and_two_who_lead_and_control(of_type: dict[str, list[dict[str, Any]]]) -> None:
    known = {
        f"{kind}/{r['id']}"
        for kind in ("Patient", "Practitioner", "PractitionerRole", "Organization")
        for r in of_type[kind]
    }
    offered = people()
    assert len({person.id for person in offered}) == len({person.role for person in offered}) == 10
    assert [person.group for person in offered] == [""] * 8 + ["Ledelse og kontroll"] * 2
    for person in offered:
        links = {person.practitioner, person.practitioner_role, person.organization, person.patient} - {None}
        assert links <= known
        assert person.name and person.unit and person.description
    assert [person.patient for person in offered if person.patient] == [f"Patient/{STORY['patient']}"]


def test_the_past_year_has_referrals_that_are_over() -> None:
    grown = [person for person in population(1_100, 1, TODAY) if not person.track]
    resources = [one for person in grown for one in record(person, TODAY)]
    periods = [of(one) for one in resources if one["resourceType"] == "EpisodeOfCare" and is_period(one)]
    assert {one.field for one in periods} == {"somatic", "adult-mental", "child-mental", "addiction"}
    assert {one.end for one in periods if one.outcome == "right"} >= {"1", "2"}
    assert any(one.outcome == "no-right" for one in periods) and any(one.late(TODAY) for one in periods)
    births = {f"Patient/{one['id']}": one["birthDate"] for one in resources if one["resourceType"] == "Patient"}
    assert not [found for one in periods for found in faults(None, one, TODAY, births[one.patient])]
    months = Counter(one.ended.month for one in periods if one.ended)
    assert len(months) == 12
    assert not [one for one in resources if future(one, TODAY)]


def test_letters_of_the_past_are_as_the_delivery_room_writes_them() -> None:
    grown = [person for person in population(1_000, 1, TODAY) if not person.track]
    found = {f"{one['resourceType']}/{one['id']}": one for person in grown for one in record(person, TODAY)}
    deliveries = [one for one in found.values() if one["resourceType"] == "Communication" and is_delivery(one)]
    assert len(deliveries) > 100 and {state_of(one).value for one in deliveries} == {"delivered", "sent", "settled"}
    for one in deliveries:
        letter = found[one["partOf"][0]["reference"]]
        assert one["extension"] == [{"url": FINGERPRINT, "valueString": fingerprint(letter)}]
        assert one["status"] == STATUS[state_of(one)] and channel_of(one) in Channel and is_done(one)
        assert letter["type"]["coding"][0]["code"] in shipped()
        assert letter["type"]["coding"][0]["display"] == shipped()[letter["type"]["coding"][0]["code"]].name
