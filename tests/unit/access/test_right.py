"""The table of roles: what holds of each row, and that nothing that is offered lacks a rule."""

import pytest

from felles.access.right import LOOSE, OF_PATIENTS, OF_ROLE, PATIENT, SYSTEM, Rights, of_role
from felles.record import definition
from felles.record.guard import Act
from felles.record.interaction import operation

EVERYBODY = {**OF_ROLE, "patient": PATIENT}
HOUSE = {"Organization", "PractitionerRole", "Practitioner", "Contract", "HealthcareService", "Location"}


def test_every_operation_that_is_offered_has_a_rule() -> None:
    offered = {name for of_type in operation.TYPES.values() for name in of_type} | set(operation.SYSTEM)
    assert offered <= SYSTEM.calls


@pytest.mark.parametrize("code", EVERYBODY)
def test_nobody_writes_what_they_may_not_read(code: str) -> None:
    rights = EVERYBODY[code]
    assert rights.create | rights.update | rights.delete <= rights.read | rights.loose


@pytest.mark.parametrize("code", EVERYBODY)
def test_wishes_log_and_house_are_not_written_by_those_who_treat(code: str) -> None:
    rights = EVERYBODY[code]
    written = rights.create | rights.update | rights.delete
    assert written.isdisjoint({"Consent", "AuditEvent"})
    assert code == "administrator" or written.isdisjoint(HOUSE)
    assert code == "administrator" or not rights.delete


def test_a_code_that_is_not_known_sees_no_patient() -> None:
    for code in ("", "ZZ", "le", "LE "):
        assert of_role(code) == Rights()
        assert not of_role(code).read and not of_role(code).finds


def test_nothing_of_patients_is_loose_but_what_stands_without_them() -> None:
    assert {"Schedule"} >= LOOSE & OF_PATIENTS
    assert set(definition.RESOURCE_TYPES) >= LOOSE | OF_PATIENTS


@pytest.mark.parametrize("code", EVERYBODY)
def test_reading_searching_and_history_go_together(code: str) -> None:
    for name in definition.RESOURCE_TYPES:
        found = {EVERYBODY[code].allow(act, name) for act in (Act.READ, Act.SEARCH, Act.HISTORY)}
        assert len(found) == 1
