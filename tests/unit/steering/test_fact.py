"""What counts as having happened."""

from datetime import date
from typing import Any

import pytest

from felles.clerical.period import Period, Status, resource
from felles.steering.fact import Kind, of_appointment, of_episode, of_stay
from felles.steering.figure import BY_CODE, Count, goal

Json = dict[str, Any]
UNIT = "Organization/u"


def period(**more: Any) -> Json:
    said: Json = {"status": Status.RECEIVED, "seniority": date(2026, 3, 2), "received": date(2026, 3, 2), **more}
    return resource(Period("one", "Patient/p", UNIT, ("ServiceRequest/r",), **said))


def test_what_has_not_been_assessed_counts_for_nothing_yet() -> None:
    assert of_episode(period()) == [] and of_episode(None) == []


def test_the_ten_working_days_run_over_easter() -> None:
    right: Json = {"status": Status.WAITING, "outcome": "right", "deadline": date(2026, 9, 1), "field": "somatic"}
    maundy_week = {"seniority": date(2026, 3, 25), "received": date(2026, 3, 25)}
    in_time, late = (
        of_episode(period(**right, **maundy_week, assessed=day)) for day in (date(2026, 4, 13), date(2026, 4, 14))
    )
    assert [(one.kind, one.good) for one in in_time] == [(Kind.ASSESSED, True), (Kind.ANSWERED, True)]
    assert late[0].good is False
    assert late[0].value == 20


def test_waiting_time_runs_from_the_seniority_date_until_care_begins() -> None:
    begun: Json = {
        "status": Status.ACTIVE, "outcome": "right", "assessed": date(2026, 3, 4), "deadline": date(2026, 5, 1),
        "ended": date(2026, 5, 2), "end": "1", "field": "addiction", "received": date(2026, 3, 9),
    }  # fmt: skip
    (fact,) = (one for one in of_episode(period(**begun)) if one.kind is Kind.BEGUN)
    assert (fact.value, fact.good, fact.day, fact.field) == (61, False, date(2026, 5, 2), "addiction")
    elsewhere = of_episode(period(**{**begun, "status": Status.CANCELLED, "end": "4"}))
    assert Kind.BEGUN not in {one.kind for one in elsewhere}


@pytest.mark.parametrize(
    ("body", "kind", "day", "good"),
    [
        ({"status": "noshow", "start": "2026-03-29T00:30:00Z"}, Kind.VISIT, date(2026, 3, 29), False),
        ({"status": "fulfilled", "start": "2026-10-24T22:30:00Z"}, Kind.VISIT, date(2026, 10, 25), True),
        ({"status": "booked", "start": "2026-12-01T08:00:00+01:00"}, Kind.PLANNED, date(2026, 12, 1), True),
        ({"status": "booked", "start": "2026-12-09T08:00:00+01:00", "requestedPeriod": [{"end": "2026-12-01"}]},
         Kind.PLANNED, date(2026, 12, 1), True),
        ({"status": "waitlist", "requestedPeriod": [{"end": "2026-11"}]}, Kind.PLANNED, date(2026, 11, 1), False),
    ],
)  # fmt: skip
def test_times(body: Json, kind: Kind, day: date, good: bool) -> None:
    (fact,) = of_appointment(body, UNIT)
    assert (fact.kind, fact.day, fact.good) == (kind, day, good)


def test_a_time_that_is_called_off_or_is_nobodys_is_not_counted() -> None:
    assert of_appointment({"status": "cancelled", "start": "2026-12-01T08:00:00Z"}, UNIT) == []
    assert of_appointment({"status": "booked", "start": "2026-12-01T08:00:00Z"}, "") == []


def stay(**more: Any) -> Json:
    period = {"start": "2026-02-01", "end": "2026-02-05T12:00:00+01:00"}
    return {"status": "finished", "class": {"code": "IMP"}, "period": period,
            "serviceProvider": {"reference": UNIT}, **more}  # fmt: skip


def epicrisis(moment: str, status: str = "final") -> Json:
    return {"resourceType": "Composition", "status": status, "type": {"coding": [{"code": "18842-5"}]}, "date": moment}


def test_the_first_signed_epicrisis_counts() -> None:
    documents = [
        epicrisis("2026-02-07T12:00:00+01:00"), epicrisis("2026-02-06T11:00:00+01:00"),
        epicrisis("2026-02-05T13:00:00+01:00", "preliminary"),
    ]  # fmt: skip
    assert [one.value for one in of_stay(stay(), documents)] == [23]
    assert [one.value for one in of_stay(stay(), [])] == [None]
    assert of_stay(stay(status="in-progress"), documents) == []
    assert of_stay(stay(**{"class": {"code": "AMB"}}), documents) == []


def test_a_figure_of_nothing_is_none_and_a_goal_is_that_of_its_field() -> None:
    waited, week = BY_CODE["waited"], BY_CODE["epicrisis-week"]
    assert waited.of(Count()) is None
    assert waited.of(Count(2, 130) + Count(1, 20)) == 50
    assert week.of(Count(number=8, week=6)) == 75
    assert goal("waited", "adult-mental", date(2026, 1, 1)) == 44
    assert goal("waited", "", date(2026, 1, 1)) is None and goal("waited", "somatic", date(2024, 1, 1)) is None
