"""Evidence and gates: counted from raw events, sealed, and the same answer from the same evidence, always."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.rollout.criterion import Gate, criteria, gate, gates
from felles.rollout.exercise import midt
from felles.rollout.gathering import RAW, checked
from felles.rollout.measure import MEASURES, ORDER, Extracts, Messages, Orders, Scope, raw, workdays
from felles.rollout.plan import UnitKind
from felles.rollout.practice import Practice
from felles.rollout.verdict import Light, Reading, again, answered, light, sealed

ON = date(2023, 1, 5)
HOSPITAL = gate("gate30", UnitKind.HOSPITAL)


def reading(key: str, part: int = 0, whole: int = 1_000, **more: Any) -> Reading:
    at = "stolav" if criteria()[key].at == "source" else "levanger-sh"
    value = {"value": 1.0} if criteria()[key].unit == "ratio" else {}
    return Reading(criterion=key, unit=at, taken=ON, part=part, whole=whole, **{"newest": ON, **value, **more})


def green() -> list[Reading]:
    return [reading(key) for key in criteria()]


def counted() -> dict[str, Reading]:
    """The exercise's evidence, straight from its raw events."""
    practice = Practice(midt().plan(), "stolav")
    scope = Scope("stolav", {"Organization/stolav"}, date(2022, 11, 12), ON)
    measures = [measure(scope) for measure in MEASURES]
    events = list(practice.resources())
    for name in ORDER:
        for event in events:
            for measure in measures:
                if event["resourceType"] == name and name in measure.types:
                    measure.see(event)
    records = list(practice.records())
    made = [measure.reading() for measure in measures]
    return {each.criterion: each for each in [*made, raw("critical-faults", scope, records)]}


def test_every_gate_asks_for_criteria_that_are_defined() -> None:
    for each in gates():
        assert set(each.hard) | set(each.scored) <= set(criteria())
    assert all(each.definition.endswith(".") for each in criteria().values())


def test_the_exercise_s_hospital_is_red_on_every_hard_criterion_that_its_events_speak_of() -> None:
    found = counted()
    assert all(light(criteria()[key], each, ON) is Light.RED for key, each in found.items())
    assert found["undelivered-letters"].whole == 3_200
    assert found["undelivered-letters"].part == sum(bad for bad, _ in found["undelivered-letters"].groups.values())
    assert found["imaging-turnaround"].value and found["imaging-turnaround"].value > 1.2


def test_nothing_later_than_the_status_date_is_seen() -> None:
    events = list(Practice(midt().plan(), "stolav").resources())
    told = [
        str(event[name])[:10]
        for event in events
        for name in ("date", "sent", "received", "authoredOn", "issued")
        if name in event
    ]
    assert max(told) <= "2023-01-05"
    assert all(each.newest is None or each.newest <= ON for each in counted().values())


def test_all_green_goes_and_any_red_hard_criterion_stops() -> None:
    assert answered(HOSPITAL, "levanger-sh", "stolav", green(), ON).go
    for key in HOSPITAL.hard:
        bad = reading(key, 900, value=9.0) if criteria()[key].unit == "ratio" else reading(key, 900)
        made = answered(HOSPITAL, "levanger-sh", "stolav", [x for x in green() if x.criterion != key] + [bad], ON)
        assert not made.go
        assert made.red == [key]


@pytest.mark.parametrize(
    "spoilt",
    [
        reading("undelivered-letters", newest=ON - timedelta(days=30)),
        reading("undelivered-letters", newest=None),
        reading("undelivered-letters", whole=3),
        reading("undelivered-letters", newest=ON + timedelta(days=1)),
        None,
    ],
    ids=["stopped coming", "never came", "too few", "from the future", "missing"],
)
def test_evidence_that_is_not_there_is_red_never_green(spoilt: Reading | None) -> None:
    assert light(criteria()["undelivered-letters"], spoilt, ON) is Light.STALE
    rest = [each for each in green() if each.criterion != "undelivered-letters"]
    made = answered(HOSPITAL, "levanger-sh", "stolav", rest + ([spoilt] if spoilt else []), ON)
    assert not made.go


def test_too_little_of_what_is_scored_is_a_no() -> None:
    bad = {"training-passed", "rehearsal"}
    rows = [reading(x.criterion, 900) if x.criterion in bad else x for x in green()]
    made = answered(HOSPITAL, "levanger-sh", "stolav", rows, ON)
    assert not made.red
    assert not made.go
    assert made.score == pytest.approx(2 / 5)


@given(st.lists(st.sampled_from(sorted(criteria())), unique=True), st.integers(0, 1_000), st.randoms())
def test_an_answer_is_the_same_from_its_sealed_evidence_in_any_order(keys: list[str], part: int, chance: Any) -> None:
    rows = [reading(key, part) if key in keys else reading(key) for key in criteria()]
    one = answered(HOSPITAL, "levanger-sh", "stolav", rows, ON)
    chance.shuffle(rows)
    other = answered(HOSPITAL, "levanger-sh", "stolav", rows, ON)
    assert (one.go, one.hard, one.seal) == (other.go, other.hard, other.seal)
    stored = msgspec.json.decode(msgspec.json.encode(one), type=type(one))
    assert again(stored, HOSPITAL, "stolav") == one
    assert one.go is False if one.red else True


def test_evidence_that_was_edited_afterwards_is_found() -> None:
    made = answered(HOSPITAL, "levanger-sh", "stolav", green(), ON)
    edited = (msgspec.structs.replace(made.readings[0], part=1), *made.readings[1:])
    with pytest.raises(ValueError, match="not what was sealed"):
        again(msgspec.structs.replace(made, readings=edited), HOSPITAL, "stolav")
    assert sealed(edited) != made.seal


def test_messages_add_up_by_kind_and_counterpart() -> None:
    found = counted()["unacknowledged-messages"]
    assert sum(whole for _, whole in found.groups.values()) == found.whole == 1_900
    assert any(name.startswith("henvisning → ") for name in found.groups)


def test_a_message_in_its_grace_is_not_late_and_one_after_it_is() -> None:
    scope = Scope("stolav", {"Organization/stolav"}, date(2022, 11, 12), ON)
    made = Messages(scope)
    for number, day in enumerate(("2023-01-04", "2022-12-20")):
        sender, to = {"reference": "Organization/stolav"}, [{"display": "Gate legekontor"}]
        made.see(
            {
                "resourceType": "Communication",
                "id": str(number),
                "sent": f"{day}T10:00:00+01:00",
                "sender": sender,
                "recipient": to,
            }
        )
    assert made.reading().part == 1
    assert workdays(date(2022, 12, 23), date(2022, 12, 27)) == 1


def test_an_order_with_an_owner_is_owned_whatever_came_first() -> None:
    made = Orders(Scope("stolav", {"Organization/stolav"}, date(2022, 11, 12), ON))
    made.see(
        {
            "resourceType": "Task",
            "id": "t",
            "focus": {"reference": "ServiceRequest/a"},
            "owner": {"reference": "Organization/x"},
        }
    )
    for id in ("a", "b"):
        category = [{"coding": [{"system": "urn:felles:category", "code": "imaging"}]}]
        performer = [{"reference": "Organization/stolav"}]
        made.see(
            {
                "resourceType": "ServiceRequest",
                "id": id,
                "status": "active",
                "authoredOn": "2022-12-01",
                "category": category,
                "performer": performer,
            }
        )
    assert made.reading().sample == ("ServiceRequest/b",)


def test_months_without_an_extract_are_counted_even_when_nothing_came() -> None:
    found = Extracts(Scope("stolav", {"Organization/stolav"}, date(2022, 11, 12), ON)).reading()
    assert (found.part, found.whole, found.sample) == (2, 2, ("2022-11", "2022-12"))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"criterion": "undelivered-letters", "unit": "u", "id": "1", "day": "2023-01-01", "good": True}, "criterion"),
        ({"criterion": "devices", "unit": "u", "id": "1", "day": "2023-01-01", "good": 0.9}, "good"),
        ({"criterion": "devices", "unit": "u", "id": "1", "day": "i går", "good": True}, "isoformat"),
        ({"criterion": "devices", "unit": "u", "id": "1", "day": "2023-01-01", "good": True, "navn": "Kari"}, "navn"),
    ],
)
def test_what_is_counted_in_the_record_cannot_be_brought_in_nor_percentages_nor_names(told: Any, words: str) -> None:
    assert "devices" in RAW
    with pytest.raises(ValueError, match=words):
        checked(told)


def test_the_same_raw_record_brought_in_twice_counts_once_and_as_it_was_last() -> None:
    scope = Scope("u", (), date(2022, 1, 1), ON)
    rows = [
        {"criterion": "devices", "unit": "u", "id": "1", "day": "2023-01-02", "good": good} for good in (False, True)
    ]
    assert (raw("devices", scope, rows).part, raw("devices", scope, rows).whole) == (0, 1)


def test_a_gate_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        gate("gate45", UnitKind.HOSPITAL)
    assert isinstance(gate("gate90.2", UnitKind.HOSPITAL), Gate)
