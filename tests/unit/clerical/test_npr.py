"""The extract beside the record: it adds up whatever the month held, and a row that is lost is seen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from felles.clerical.npr.contact import Code, Contact, Facts, lacks
from felles.clerical.npr.extract import _written as written
from felles.clerical.npr.gathered import Counted, Gathered, Institution, Left, Reported, human, waits
from felles.clerical.npr.message import Heading
from felles.clerical.npr.month import Month
from felles.clerical.npr.place import Place
from felles.clerical.npr.reconciliation import Reconciled, reconcile
from felles.clerical.period import Period, Status
from felles.duties.calendar import NORWAY

UNITS = ("Organization/a", "Organization/b", "Organization/c")
FEBRUARY = Month(2028, 2)
START = NORWAY.moment(FEBRUARY.first)
unit, patient = st.sampled_from(UNITS), st.sampled_from([f"Patient/{n}" for n in range(5)])
day = st.dates(date(2027, 6, 1), date(2028, 3, 10))
seen = st.tuples(unit, patient)
referred = st.tuples(unit, patient, st.sampled_from(Status), day.filter(lambda one: one <= FEBRUARY.last), day)
dropped = st.tuples(unit, st.sampled_from(("diagnosis", "unfinished", "over", "time, referral")))


def place(unit: str) -> Place:
    return Place(unit, UNITS[0], "983974899")


def contact(number: int, unit: str, patient: str) -> Contact:
    start = datetime(2028, 2, 1 + number % 28, 9, tzinfo=UTC)
    codes, end = ((Code("D", "M171"),),), start + timedelta(hours=1)
    return Contact(f"c{number}", patient, place(unit), start, end, "3", "1", "4", "p", codes, codes)


def period(number: int, unit: str, patient: str, status: Status, received: date, ended: date) -> Reported:
    done = ended if status is not Status.RECEIVED and status is not Status.WAITING and ended >= received else None
    one = Period(f"p{number}", patient, unit, ("ServiceRequest/x",), status, received, received, ended=done, end="1")
    return Reported(one, place(unit), done if status in (Status.FINISHED, Status.CANCELLED) else None)


def gathered(met: list[tuple[str, str]], waiting: list[tuple[str, str, Status, date, date]],
             left: list[tuple[str, str]]) -> Gathered:  # fmt: skip
    """A month, and what the record itself counts of it."""
    made = Gathered(Institution(UNITS[0], "983974899", "Sykehuset", "npr@example"), FEBRUARY)
    made.places = {unit: place(unit) for unit in UNITS}
    made.names = {unit: unit[-1].upper() for unit in UNITS}
    made.contacts = [contact(number, *one) for number, one in enumerate(met)]
    made.periods = [period(number, *one) for number, one in enumerate(waiting)]
    made.left = [Left(f"x/{number}", *one) for number, one in enumerate(left)]
    made.humans = {one: human(one, {"birthDate": "1980-01-01", "gender": "female"}) for one in made.patients}
    over = [one for one in made.left if one.reason == "over"]
    made.counted = Counted(
        {unit: sum(one[0] == unit for one in met) + sum(one.unit == unit for one in made.left if one not in over)
         for unit in UNITS},
        {unit: sum(one[0] == unit for one in waiting) + sum(one.unit == unit for one in over) for unit in UNITS},
        {unit: sum(waits(one.period, FEBRUARY.last) for one in made.periods if one.period.unit == unit)
         for unit in UNITS},
    )  # fmt: skip
    return made


def beside(made: Gathered) -> Reconciled:
    with TemporaryDirectory() as folder:
        return written(made, Path(folder), Heading(date(2028, 3, 2)), None).reconciled


@settings(max_examples=60, deadline=None)
@given(st.lists(seen, max_size=12), st.lists(referred, max_size=12), st.lists(dropped, max_size=8))
def test_whatever_a_month_held_adds_up(
    met: list[tuple[str, str]], waiting: list[tuple[str, str, Status, date, date]], left: list[tuple[str, str]]
) -> None:
    found = beside(gathered(met, waiting, left))
    assert found.holds
    assert sum(one.reported_contacts for one in found.tallies) == len(met)
    assert found.patients == len({one[1] for one in met} | {one[1] for one in waiting})


@settings(max_examples=30, deadline=None)
@given(st.lists(seen, min_size=1, max_size=6), st.data())
def test_a_contact_that_is_lost_is_seen(met: list[tuple[str, str]], data: st.DataObject) -> None:
    made = gathered(met, [], [])
    made.contacts.pop(data.draw(st.integers(0, len(met) - 1)))
    found = beside(made)
    assert not found.holds


def test_messages_of_different_patients_are_seen(tmp_path: Path) -> None:
    made = gathered([(UNITS[0], "Patient/1"), (UNITS[1], "Patient/2")], [], [])
    one = written(made, tmp_path, Heading(date(2028, 3, 2)), None)
    files = [message.file for message in one.messages]
    tree = etree.parse(str(files[1]))
    institution = next(tree.getroot().iter("{*}Institusjon"))
    institution.remove(institution[0])
    tree.write(str(files[1]))
    assert not reconcile(made, files).joined


def test_an_institution_that_npr_cannot_write_to_is_named(tmp_path: Path) -> None:
    made = gathered([(UNITS[0], "Patient/1")], [], [])
    made.institution = Institution(UNITS[0], "983974899", "Sykehuset", "")
    one = written(made, tmp_path, Heading(date(2028, 3, 2)), None)
    assert one.fault.startswith("Sykehuset needs") and not one.sound and not one.messages


@pytest.mark.parametrize(
    ("text", "last"), [("2028-02", date(2028, 2, 29)), ("2026-12", date(2026, 12, 31)), ("2026-03", date(2026, 3, 31))]
)
def test_a_month_ends_on_its_last_day_and_its_moments_are_local(text: str, last: date) -> None:
    month = Month.of(text)
    assert (month.last, str(month), Month.before(month.after)) == (last, text, month)
    hours = (month.span[1] - month.span[0]) / 3_600_000_000
    assert hours == last.day * 24 - (month.number == 3)


def test_an_empty_encounter_lacks_everything_but_what_only_some_need() -> None:
    assert lacks(Facts({"id": "x"}, [], [], "", None)) == ("place", "class", "time", "diagnosis", "referral", "patient")
    assert FEBRUARY.span[1] > START
