"""The clocks of a referral: working days over Easter and summer time, the under-23 rule, and what may not be said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.clerical import clock
from felles.clerical.code import code, tables
from felles.clerical.period import Period, Postponement, Status, of, over, resource
from felles.duties.calendar import NORWAY
from felles.record.outcome import Problem

TODAY = date(2026, 11, 18)
ONE = Period("p", "Patient/anna", "Organization/ward", ("ServiceRequest/a",), Status.RECEIVED, TODAY, TODAY)
WAITING = replace(
    ONE, status=Status.WAITING, assessed=TODAY, outcome="right", deadline=date(2027, 1, 18), field="somatic"
)  # fmt: skip
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))


def said(before: Period | None, now: Period, born: str | None = "1970-01-01") -> str:
    return " | ".join(f"{name}: {words}" for name, words in clock.faults(before, now, TODAY, born))


@pytest.mark.parametrize(
    ("received", "last"),
    [
        (date(2026, 11, 18), date(2026, 12, 2)),
        (date(2026, 3, 27), date(2026, 4, 15)),  # Easter: Thursday, Friday and Monday are not worked
        (date(2026, 12, 18), date(2027, 1, 5)),  # Christmas Day and New Year's Day on Fridays
        (date(2024, 2, 28), date(2024, 3, 13)),  # over 29 February
        (date(2026, 5, 8), date(2026, 5, 26)),  # Ascension Day, 17 May on a Sunday, Whit Monday
    ],
)
def test_ten_working_days(received: date, last: date) -> None:
    assert clock.last_day_to_assess(received) == last


@given(DAYS)
def test_the_last_day_to_assess_is_the_tenth_working_day_whatever_the_clocks_do(received: date) -> None:
    last = clock.last_day_to_assess(received)
    between = [received + timedelta(days=count) for count in range(1, (last - received).days + 1)]
    assert sum(NORWAY.works_on(day) for day in between) == 10 and NORWAY.works_on(last)
    assert NORWAY.day(clock.assessed_by(received)) == last + timedelta(days=1)


def test_under_23_care_begins_within_65_working_days_in_mental_health_and_addiction() -> None:
    young = replace(WAITING, field="child-mental", deadline=date(2027, 6, 1))
    assert "65 working days" in said(ONE, young, "2010-01-01")
    assert said(ONE, young, "1990-01-01") == ""
    assert said(ONE, replace(young, field="somatic"), "2010-01-01") == ""
    most = clock.latest(young, "2010-01-01")
    assert most is not None and said(ONE, replace(young, deadline=most), "2010-01-01") == ""
    on_the_birthday = clock.is_young("2003-11-18", TODAY)
    assert not on_the_birthday and clock.is_young("2003-11-19", TODAY)


def test_a_refusal_has_a_reason_and_tells_of_the_right_to_complain() -> None:
    refused = replace(ONE, status=Status.CANCELLED, outcome="no-right", assessed=TODAY)
    assert "Statsforvalteren" in said(ONE, refused)
    assert "Statsforvalteren" in said(ONE, replace(refused, reason="Kan behandles hos fastlegen"))
    assert said(ONE, replace(refused, reason="Kan behandles hos fastlegen", complaint=True)) == ""


def test_a_deadline_is_changed_with_a_reason_of_its_own_and_never_before_the_receipt() -> None:
    later = replace(WAITING, deadline=date(2027, 3, 1))
    assert "reason" in said(WAITING, later)
    assert said(WAITING, replace(later, reason="Pasienten var på reise")) == ""
    once = replace(WAITING, reason="Gammel grunn")
    assert "reason" in said(once, replace(once, deadline=date(2027, 3, 1)))
    assert "not before the receipt" in said(ONE, replace(WAITING, deadline=TODAY - timedelta(days=1)))


def test_the_seniority_date_travels_unchanged_and_nothing_is_received_tomorrow() -> None:
    assert "travels unchanged" in said(ONE, replace(ONE, seniority=TODAY - timedelta(days=1)))
    tomorrow = TODAY + timedelta(days=1)
    assert "future" in said(None, replace(ONE, seniority=tomorrow, received=tomorrow))
    assert "not before the first" in said(None, replace(ONE, received=TODAY - timedelta(days=3)))


def test_a_patient_s_postponement_is_documented_and_codes_are_known() -> None:
    bad = replace(WAITING, postponed=(Postponement(TODAY, "22", " "),))
    assert "what the patient answered" in said(WAITING, bad)
    assert "not among" in said(WAITING, replace(WAITING, postponed=(Postponement(TODAY, "99", "x"),)))
    assert {"1", "2", "3", "4", "5", "7", "9"} == tables()["end"].keys()
    assert {"1", "21", "22", "3", "4", "5", "6"} == tables()["postponement"].keys()
    with pytest.raises(Problem, match="1 Helsehjelpen er påbegynt"):
        code("end", "6", TODAY, "end")


def test_a_wait_that_is_over_says_when_and_how() -> None:
    begun = replace(WAITING, status=Status.ACTIVE)
    assert "8445" in said(WAITING, begun)
    done = replace(begun, ended=TODAY, end="1")
    assert said(WAITING, done) == "" and done.waited(TODAY) == 0
    assert "does not become" in said(done, replace(done, status=Status.CANCELLED))


@given(
    st.builds(
        Period,
        id=st.just("p"), patient=st.just("Patient/a"), unit=st.just("Organization/w"),
        referrals=st.just(("ServiceRequest/a", "ServiceRequest/b")), status=st.sampled_from(Status),
        seniority=DAYS, received=DAYS, assessed=st.none() | DAYS, outcome=st.sampled_from(["", "right", "no-right"]),
        deadline=st.none() | DAYS, care=st.sampled_from(["", "treatment"]), field=st.sampled_from(["", "somatic"]),
        guide=st.sampled_from(["", "knee"]), reason=st.text("abcæøå ", max_size=9), complaint=st.booleans(),
        ended=st.none() | DAYS, end=st.sampled_from(["", "1", "9"]), pathway=st.sampled_from(["", "A01A"]),
        postponed=st.lists(st.builds(Postponement, DAYS, st.just("22"), st.text("abc", min_size=1)), max_size=2)
        .map(tuple),
    )
)  # fmt: skip
def test_a_period_is_read_back_as_it_was_written_and_leaves_the_rest_alone(period: Period) -> None:
    assert of(resource(period)) == period
    held = {"careManager": {"reference": "Practitioner/x"}, "extension": [{"url": "urn:other", "valueCode": "y"}]}
    kept = over(held, period)
    assert of(kept) == period and kept["careManager"] and kept["extension"][0]["url"] == "urn:other"


def test_a_period_that_lacks_something_says_what() -> None:
    with pytest.raises(ValueError, match="seniority"):
        of({"resourceType": "EpisodeOfCare", "status": "planned"})
