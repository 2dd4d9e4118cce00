"""A plan as other programs read it: MPXJ reads the MS Project file, openpyxl the workbook, icalendar the calendar."""

from __future__ import annotations

import csv
import io
import shutil
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import icalendar
import openpyxl
import pytest
from lxml import etree

from felles.rollout.cause import adjusted, criteria, postponed
from felles.rollout.exchange.ical import ical
from felles.rollout.exchange.mspdi import NAMESPACE, days, mspdi, numbers
from felles.rollout.exchange.table import HEAD, comma, workbook
from felles.rollout.exercise import midt
from felles.rollout.plan import Plan, TaskKind
from felles.rollout.replan import Aim, dated, replanned


@cache
def plans() -> tuple[Plan, Plan]:
    """The exercise's old plan, and the new one."""
    programme = midt()
    old = programme.plan()
    moved = postponed(old, ["hnt", "hmr"])
    plan = adjusted(programme, old, list(criteria(programme)), "stolav", moved)
    untouched = {unit.key for unit in old.units} - moved - {"stolav"}
    return old, dated(replanned(plan, Aim(key="least", name="Minste endring"), untouched, 20))


@pytest.fixture(scope="module")
def reader() -> Any:
    """MPXJ's reader of project files, in a Java machine of its own."""
    if shutil.which("java") is None:
        pytest.skip("no Java: MPXJ cannot read the MS Project file")
    jpype = pytest.importorskip("jpype")
    pytest.importorskip("mpxj")
    if not jpype.isJVMStarted():
        jpype.startJVM()
    from org.mpxj.reader import UniversalProjectReader  # type: ignore[import-not-found]

    return UniversalProjectReader()


def day(moment: Any) -> date:
    return date.fromisoformat(str(moment)[:10])


def test_mpxj_reads_every_date_duration_link_and_baseline(reader: Any, tmp_path: Path) -> None:
    old, new = plans()
    file = tmp_path / "plan.xml"
    file.write_bytes(mspdi(new, old.dates))
    project = reader.read(str(file))
    read = {str(task.getText(1)): task for task in project.getTasks() if task.getText(1)}
    assert read.keys() == new.dates.keys()
    for key, span in new.dates.items():
        task = read[key]
        assert (day(task.getStart()), day(task.getFinish())) == (span.start, span.end), key
        assert task.getDuration().getDuration() == 8 * days(new, new.task(key), span) or (
            str(task.getDuration().getUnits()) == "d"
            and task.getDuration().getDuration() == days(new, new.task(key), span)
        ), key
        if key in old.dates:
            assert (day(task.getBaselineStart()), day(task.getBaselineFinish())) == (
                old.dates[key].start,
                old.dates[key].end,
            ), key
    links = {
        (str(one.getPredecessorTask().getText(1)), key, str(one.getType()), round(one.getLag().getDuration()))
        for key, task in read.items()
        for one in task.getPredecessors()
    }
    assert links == {(link.before, link.after, link.kind, link.lag) for link in new.links}


def test_mpxj_sees_norwegian_holidays_and_the_stops_as_days_off(reader: Any, tmp_path: Path) -> None:
    old, new = plans()
    file = tmp_path / "plan.xml"
    file.write_bytes(mspdi(new, old.dates))
    calendar = reader.read(str(file)).getDefaultCalendar()
    from java.time import LocalDate  # type: ignore[import-not-found]

    works = lambda text: bool(calendar.isWorkingDate(LocalDate.parse(text)))  # noqa: E731
    assert not any(works(each) for each in ("2023-05-17", "2023-05-18", "2023-07-10", "2022-12-27", "2023-01-07"))
    assert works("2023-01-05") and works("2024-02-29")


def test_the_xml_refers_by_numbers_alone_and_has_no_task_twice() -> None:
    old, new = plans()
    root = etree.fromstring(mspdi(new, old.dates))
    spaces = {"p": NAMESPACE}
    told = [int(each.text or 0) for each in root.iterfind("p:Tasks/p:Task/p:UID", spaces)]
    assert told == sorted(set(told)) == sorted(numbers(new).values())
    assert all(int(each.text or 0) >= 1 for each in root.iterfind("p:Calendars/p:Calendar/p:UID", spaces))


def test_the_table_has_a_row_a_task_and_no_formula() -> None:
    old, new = plans()
    told = list(csv.reader(io.StringIO(comma(new, old.dates).decode("utf-8-sig")), delimiter=";"))
    assert tuple(told[0]) == HEAD
    assert len(told) == len(new.dates) + 1
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in told for cell in row)
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(new, old.dates)))["Plan"]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert len(rows) == len(new.dates)
    read = {row[0]: (row[6].date(), row[7].date()) for row in rows}  # type: ignore[union-attr]
    assert read == {key: tuple(span) for key, span in ((k, (s.start, s.end)) for k, s in new.dates.items())}


def test_the_calendar_has_go_lives_gates_and_stops_as_whole_days() -> None:
    old, new = plans()
    first, second = (icalendar.Calendar.from_ical(ical(plan, number)) for number, plan in enumerate((old, new)))
    events = {str(each["uid"]): each for each in second.walk("VEVENT")}
    for task in new.tasks:
        if task.kind in {TaskKind.GO_LIVE, TaskKind.GATE}:
            event = events[f"{task.key}@midt.felles"]
            assert event["dtstart"].dt == new.dates[task.key].start
            assert event["dtend"].dt - event["dtstart"].dt == timedelta(days=1)
    before = {str(each["uid"]): int(each["sequence"]) for each in first.walk("VEVENT")}
    assert all(int(events[uid]["sequence"]) > number for uid, number in before.items())
