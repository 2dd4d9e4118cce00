"""Whom a patient has to do with, as the index reads it from resources."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.record.index.relation import OPEN_HIGH, OPEN_LOW, RELATING, Ground, relations
from felles.record.index.value import date_range, key64

WARD = {"reference": "Organization/ward"}
NURSE = {"reference": "PractitionerRole/nurse"}
DOCTOR = {"reference": "Practitioner/doctor"}
CATEGORY = "urn:felles:consent"


def micros(text: str) -> int:
    return date_range(text)[0]


def encounter(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Encounter", "serviceProvider": WARD, **members}


def test_the_gp_and_the_keeper_of_the_record_stand_for_as_long_as_the_patient_names_them() -> None:
    patient = {"generalPractitioner": [NURSE], "managingOrganization": WARD}
    assert relations("Patient", patient) == [
        (key64("PractitionerRole/nurse"), Ground.GP, OPEN_LOW, OPEN_HIGH, 1),
        (key64("Organization/ward"), Ground.CUSTODIAN, OPEN_LOW, OPEN_HIGH, 1),
    ]
    assert relations("Patient", patient | {"active": False}) == []


def test_an_encounter_ties_the_unit_those_who_took_part_and_the_bed() -> None:
    found = relations(
        "Encounter",
        encounter(
            status="in-progress",
            period={"start": "2026-11-01T10:00:00Z"},
            participant=[{"individual": DOCTOR, "period": {"end": "2026-11-02T00:00:00Z"}}],
            location=[{"location": {"reference": "Location/bed"}, "status": "completed"}],
        ),
    )
    start = micros("2026-11-01T10:00:00Z")
    assert found == [
        (key64("Organization/ward"), Ground.ENCOUNTER, start, OPEN_HIGH, 1),
        (key64("Practitioner/doctor"), Ground.ENCOUNTER, start, date_range("2026-11-02T00:00:00Z")[1], 1),
        (key64("Location/bed"), Ground.ENCOUNTER, start, start, 0),
    ]


def test_what_ended_at_an_unknown_time_ended_when_it_began() -> None:
    ((_, _, low, high, state),) = relations("Encounter", encounter(status="finished", period={"start": "2026-01-01"}))
    assert (low, high, state) == (micros("2026-01-01"), micros("2026-01-01"), 0)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("Encounter", "cancelled"),
        ("Encounter", "entered-in-error"),
        ("ServiceRequest", "draft"),
        ("ServiceRequest", "revoked"),
        ("Appointment", "cancelled"),
        ("CarePlan", "draft"),
        ("Task", "rejected"),
        ("EpisodeOfCare", "entered-in-error"),
        ("CareTeam", "proposed"),
    ],
)
def test_what_is_not_so_makes_no_relation(kind: str, status: str) -> None:
    tied = {
        "serviceProvider": WARD, "performer": [WARD], "participant": [{"actor": WARD, "member": WARD}],
        "author": WARD, "owner": WARD, "managingOrganization": WARD,
    }  # fmt: skip
    assert relations(kind, {**tied, "status": status}) == []


def test_patients_and_relatives_are_nobody_at_work() -> None:
    tied = [{"actor": {"reference": one}} for one in ("Patient/a", "RelatedPerson/b", "Device/c", "Practitioner/d")]
    found = relations("Appointment", {"status": "booked", "start": "2026-12-01T08:00:00Z", "participant": tied})
    assert [row[0] for row in found] == [key64("Practitioner/d")]


def consent(code: str, **members: Any) -> dict[str, Any]:
    provision = {
        "type": "permit",
        "period": {"start": "2026-11-01T10:00:00Z", "end": "2026-11-01T14:00:00Z"},
        "actor": [{"reference": DOCTOR}, {"reference": {"reference": "Patient/mother"}}],
    }
    return {
        "status": "active",
        "category": [{"coding": [{"system": CATEGORY, "code": code}]}],
        "provision": provision,
        **members,
    }


def test_a_consent_that_opens_opens_to_those_it_names_for_its_time() -> None:
    ((subject, ground, low, high, state),) = relations("Consent", consent("emergency"))
    assert (subject, ground, state) == (key64("Practitioner/doctor"), Ground.EMERGENCY, 1)
    assert (low, high) == (micros("2026-11-01T10:00:00Z"), date_range("2026-11-01T14:00:00Z")[1])
    assert relations("Consent", consent("opening"))[0][1] == Ground.CONSENT
    assert relations("Consent", consent("representation"))[0][:2] == (key64("Patient/mother"), Ground.REPRESENTATION)


def test_locks_and_withdrawn_consents_open_nothing() -> None:
    assert relations("Consent", consent("emergency", status="inactive")) == []
    assert relations("Consent", consent("lock")) == []
    assert relations("Consent", consent("emergency", provision={"type": "deny"})) == []


def test_a_version_of_a_reference_is_the_same_somebody() -> None:
    found = relations("Task", {"status": "requested", "owner": {"reference": "Organization/ward/_history/3"}})
    assert found == [(key64("Organization/ward"), Ground.DUTY, OPEN_LOW, OPEN_HIGH, 1)]


def test_the_numbers_of_the_grounds_stand_in_stores() -> None:
    assert [ground.name for ground in sorted(Ground)] == [
        "ENCOUNTER", "EPISODE", "REFERRAL", "APPOINTMENT", "PLAN", "TEAM", "DUTY", "GP", "CUSTODIAN", "CONSENT",
        "EMERGENCY", "REPRESENTATION",
    ]  # fmt: skip
    assert [ground.value for ground in sorted(Ground)] == list(range(1, 13))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["status", "period", "participant", "reference", "provision", "actor", "location", "owner"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.sampled_from(sorted(RELATING)), st.dictionaries(st.sampled_from(
    ["status", "period", "participant", "provision", "category", "activity", "owner", "generalPractitioner"]
), JSON | st.just("active"), max_size=5))  # fmt: skip
def test_odd_shapes_do_no_harm(kind: str, resource: dict[str, Any]) -> None:
    for row in relations(kind, resource):
        assert len(row) == 5
