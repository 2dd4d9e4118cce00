"""Appointments of an old system: every row is written once, there already, repeated, or left out with why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from felles import app
from felles.clerical import conversion
from felles.clerical.conversion import SheetError, Why, convert, moment, rows
from felles.cli import main
from felles.record.record import Record
from tests.integration.correspondence import fill
from tests.integration.test_referral import NUMBER

HEAD = "id;patient;start;minutes;unit;what;practitioner;status\n"
ANNA = NUMBER["identifier"][0]["value"]
PLACE = {"resourceType": "Location", "id": "desk", "managingOrganization": {"reference": "Organization/ward"}}
GOOD = f"1;{ANNA};01.12.2026 08:30;30;ward;Kontroll av kne;;\n"


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update({**await made.resource("Patient", "anna"), **NUMBER})
    await made.update(PLACE)
    yield made
    await made.close()


def sheet(*lines: str) -> list[conversion.Row]:
    return list(rows((HEAD + "".join(lines)).encode()))


@pytest.mark.anyio
async def test_rows_are_written_once_and_reconciled(record: Record) -> None:
    given_rows = sheet(GOOD, GOOD, f"2;{ANNA};2026-12-02T09:00;45;ward;Samtale;;avlyst\n")
    first = await convert(record, "DIPS", given_rows)
    assert (first.read, first.written, first.known, first.same, first.left) == (3, 2, 0, 1, [])
    assert first.unexplained == 0 and first.units["ward"] == 2
    held = await record.resource("Appointment", conversion.appointment_id("DIPS", "1"))
    assert held["start"] == "2026-12-01T08:30:00+01:00" and held["status"] == "booked"
    again = await convert(record, "DIPS", given_rows)
    assert (again.written, again.known, again.unexplained) == (0, 2, 0)
    moved = {**held, "status": "cancelled"}
    await record.update(moved)
    assert (await convert(record, "DIPS", given_rows)).unexplained == 0
    assert (await record.resource("Appointment", held["id"]))["status"] == "cancelled"
    assert await record.resources("Composition", []) == []


@pytest.mark.anyio
async def test_what_cannot_be_converted_is_named_and_nothing_else_is_lost(record: Record) -> None:
    bad = {
        ";{p};2026-12-01T08:00;30;ward;x;;\n": Why.NUMBER, "3;99999999999;2026-12-01T08:00;30;ward;x;;\n": Why.PATIENT,
        "4;{p};snart;30;ward;x;;\n": Why.TIME, "5;{p};2027-03-28 02:30;30;ward;x;;\n": Why.TIME,
        "6;{p};2026-10-25 02:30;30;ward;x;;\n": Why.AMBIGUOUS, "7;{p};2026-12-01T08:00;0;ward;x;;\n": Why.MINUTES,
        "8;{p};2026-12-01T08:00;30;nowhere;x;;\n": Why.UNIT,
        "9;{p};2026-12-01T08:00;30;ward;x;123;\n": Why.PRACTITIONER,
        "11;{p};2026-12-01T08:00;30;clinic;x;;\n": Why.PLACE,
        "10;{p};2026-12-01T08:00;30;ward;x;;kanskje\n": Why.STATUS, "1;{p};2026-12-01T08:00;30;ward;x;;\n": Why.TWICE,
    }  # fmt: skip
    found = await convert(record, "DIPS", sheet(GOOD, *(line.format(p=ANNA) for line in bad)))
    assert [one.why for one in sorted(found.left, key=lambda one: one.row.line)] == list(bad.values())
    assert found.written == 1 and found.unexplained == 0
    assert len(list(conversion.refused(found))) == len(bad) + 1


@pytest.mark.anyio
async def test_a_row_that_the_record_says_otherwise_of_is_counted(record: Record) -> None:
    found = await convert(record, "DIPS", sheet(GOOD))
    other = await convert(record, "DIPS", sheet(GOOD.replace("08:30", "09:30")))
    assert found.unexplained == 0 and other.known == 1 and other.unexplained == 1 and "start" in other.differ[0]


def test_a_sheet_in_other_clothes_is_read() -> None:
    tabs = "ID\tPatient\tStart\tMinutes\tUnit\tWhat\n1\tx\ty\t30\tSørøya\tPrøve\n"
    for body in (tabs.encode("utf-8-sig"), tabs.encode("cp1252"), tabs.replace("\t", ",").encode()):
        (row,) = rows(body)
        assert (row.unit, row.line) == ("Sørøya", 2)
    with pytest.raises(SheetError, match="lacks start"):
        list(rows(b"id;patient\n"))
    with pytest.raises(SheetError):
        list(rows(b""))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))
def test_a_time_with_its_offset_is_always_that_instant(when: datetime) -> None:
    assert moment(when.replace(microsecond=0).isoformat()) == int(when.timestamp()) * 1_000_000


def test_the_command_says_what_became_of_each_row(store_url: str, tmp_path: Path) -> None:
    async def make() -> None:
        made = await Record.open(store_url, app.RULES, lines=app.LINES)
        await fill(made)
        await made.update({**await made.resource("Patient", "anna"), **NUMBER})
        await made.update(PLACE)
        await made.close()

    asyncio.run(make())
    file, left = tmp_path / "old.csv", tmp_path / "left.csv"
    words = ["convert", "appointments", str(file), "--source", "DIPS", "--store", store_url, "--left", str(left)]
    file.write_text(HEAD + GOOD, "utf-8")
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0 and "1 rows: 1 written" in done.output and "0 unexplained differences" in done.output
    file.write_text(HEAD + GOOD + f"2;{ANNA};aldri;30;ward;x;;\n", "utf-8")
    some = CliRunner().invoke(main, words)
    assert some.exit_code == 1 and "line 3 left out: the time" in some.output and ANNA not in some.output
    assert "aldri" in left.read_text("utf-8") and left.stat().st_mode & 0o077 == 0
    file.write_text("nothing\n", "utf-8")
    assert "the sheet lacks" in CliRunner().invoke(main, words).output
