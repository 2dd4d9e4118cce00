"""What the rules of referrals refuse is said in people's words, and what happened is told from the versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from felles.clerical.clock import faults as broken
from felles.clerical.clock import first_assessed_in_time, last_day_to_assess
from felles.clerical.period import Period, Postponement, Status
from felles.record.outcome import Issue, Problem
from felles.web import booking
from felles.web.referral_fault import OTHER, faults
from felles.web.referral_history import Version, steps
from felles.web.unit_choice import Unit, chosen

TODAY = date(2026, 11, 23)
RECEIVED = Period("x", "Patient/a", "Organization/u", ("ServiceRequest/r",), Status.RECEIVED, TODAY, TODAY)
WAITING = replace(
    RECEIVED, status=Status.WAITING, assessed=TODAY, outcome="right", care="examination", field="child-mental",
    deadline=TODAY + timedelta(days=30), version=2,
)  # fmt: skip


@pytest.mark.parametrize(
    ("before", "now", "field"),
    [
        (RECEIVED, replace(WAITING, deadline=TODAY - timedelta(days=1)), "deadline"),
        (RECEIVED, replace(WAITING, deadline=None), "deadline"),
        (RECEIVED, replace(WAITING, deadline=date(2027, 11, 23)), "deadline"),
        (RECEIVED, replace(RECEIVED, status=Status.CANCELLED, outcome="no-right"), "reason"),
        (WAITING, replace(WAITING, deadline=TODAY + timedelta(days=31)), "reason"),
        (WAITING, replace(WAITING, postponed=(Postponement(TODAY, "22", ""),)), "words"),
        (None, replace(RECEIVED, seniority=date(2027, 1, 1), received=date(2027, 1, 1)), "received"),
    ],
)
def test_every_fault_of_a_form_is_said_at_its_field(before: Period | None, now: Period, field: str) -> None:
    found = [words for _, words in broken(before, now, TODAY, "2015-05-05")]
    said = faults(Problem(422, tuple(Issue("business-rule", words) for words in found)))
    assert [one.field for one in said] == [field] and said[0].words != OTHER
    assert said[0].words % {"about": said[0].about}


def test_the_latest_day_for_somebody_under_23_is_named() -> None:
    late = replace(WAITING, deadline=date(2027, 11, 23))
    issues = tuple(Issue("business-rule", words) for _, words in broken(RECEIVED, late, TODAY, "2015-05-05"))
    (one,) = faults(Problem(422, issues))
    assert one.about == "24.02.2027" and "under 23" in one.words


def test_what_happened_is_told_newest_first_with_who_did_it() -> None:
    moved = replace(RECEIVED, unit="Organization/v", reason="Hører til der", by="Practitioner/a", version=2)
    right = replace(WAITING, unit="Organization/v", by="Practitioner/b", version=3)
    later = replace(right, deadline=TODAY + timedelta(days=40), reason="Ny vurdering", version=4)
    off = replace(later, postponed=(Postponement(TODAY, "22", "Ferie"),), version=5)
    over = replace(off, status=Status.CANCELLED, ended=TODAY, end="2", version=6)
    told = steps([Version(one, one.version) for one in (RECEIVED, moved, right, later, off, over)], "nn")
    assert [one.what.partition(" %")[0].rstrip(":") for one in told] == [
        "Ventetiden er slutt", "Utsatt", "Fristen er endret til", "Vurdert: rett til helsehjelp innen", "Sendt videre",
        "Mottatt",
    ]  # fmt: skip
    assert told[0].about == "Pasienten ønskjer ikkje helsehjelp" and told[1].words == "Ferie"
    assert (told[4].by, told[4].words, told[4].unit) == ("Practitioner/a", "Hører til der", "Organization/v")
    assert told[2].words == "Ny vurdering" and told[3].by == "Practitioner/b"


def test_the_first_that_is_assessed_in_time_is_where_lateness_ends() -> None:
    for number in range(60):
        day = TODAY + timedelta(days=number * 7)
        first = first_assessed_in_time(day)
        assert last_day_to_assess(first) >= day > last_day_to_assess(first - timedelta(days=1))


def test_a_wish_survives_its_address_and_nonsense_is_no_wish() -> None:
    said = {"first": ["2026-12-01"], "minutes": ["45"], "day": ["0", "4", "9"], "part": ["morning"], "last": ["x"]}
    one = booking.asked(said, WAITING, TODAY)
    assert (one.first, one.minutes, one.days, one.part) == (date(2026, 12, 1), 45, {0, 4}, "morning")
    assert booking.asked(booking.values_of(one.query), WAITING, TODAY) == one
    assert one.last == WAITING.deadline
    wrong = booking.asked(
        {"minutes": ["7"], "part": ["night"], "form": ["fax"], "first": ["1999-01-01"]}, WAITING, TODAY
    )
    assert (wrong.minutes, wrong.part, wrong.form, wrong.first) == (30, "", "", TODAY)


@pytest.mark.parametrize("text", ["", "1.2", "a.b.c", "1.x.s", "9" * 30 + ".2.s", ".."])
def test_what_is_no_offer_is_none(text: str) -> None:
    assert booking.offer_of(text) is None


def test_a_unit_is_chosen_by_its_name() -> None:
    known = [Unit("a", "Ortopedisk poliklinikk"), Unit("b", "Ortopedisk sengepost"), Unit("c", "Hud")]
    assert [one.id for one in chosen(known, {"unit": " ortopedisk  Poliklinikk "})] == ["a"]
    assert [one.id for one in chosen(known, {"unit": "ortopedisk"})] == ["a", "b"]
    assert [one.id for one in chosen(known, {"unit": "ortopedisk", "unit-id": "b"})] == ["b"]
    assert [one.id for one in chosen(known, {"unit": "hud"})] == ["c"] and chosen(known, {"unit": "ux"}) == []
