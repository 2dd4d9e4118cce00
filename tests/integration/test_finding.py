"""Finding a patient: one minimal line for who may look, and nothing to learn for who guesses."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

import pytest

from felles.access import finding, limit, lock
from felles.access.audit import row
from felles.access.emergency import open_emergency
from felles.access.finding import Outcome, Wanted, minimal
from felles.access.lock import Wish
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration.consenting import FNR, LINES, NOW, fill, patient, person, staff

NUMBER = "15076500565"
BORN = date(1970, 5, 17)


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, lines=LINES)
    await fill(opened)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    "wanted",
    [Wanted(NUMBER), Wanted("150765 00565"), Wanted(name="Anna Berg", birth=BORN), Wanted("", "ANNA  berg", BORN)],
)
async def test_one_line_without_an_address(record: Record, wanted: Wanted) -> None:
    clinic, other = await staff(record, "other")
    found = await minimal(clinic, other, wanted, NOW)
    assert found.outcome is Outcome.ONE and found.line is not None
    assert found.line == finding.Line("Patient/anna", "Anna Berg", "1970-05-17", "female", "65", "Trondheim kommune")


async def test_of_a_protected_person_not_even_the_municipality(record: Record) -> None:
    clinic, other = await staff(record, "other")
    found = await minimal(clinic, other, Wanted(name="Secret Berg", birth=date(1990, 3, 4)), NOW)
    assert found.line is not None and found.line.municipality is None


async def test_several_are_told_as_several_and_none_as_none(record: Record) -> None:
    await record.update(person("anna2", "1970-05-17") | {"name": [{"family": "Berg", "given": ["Anna", "Marie"]}]})
    clinic, other = await staff(record, "other")
    several = await minimal(clinic, other, Wanted(name="Anna Berg", birth=BORN), NOW)
    assert (several.outcome, several.line) == (Outcome.SEVERAL, None)
    assert (await minimal(clinic, other, Wanted(name="Anna Marie Berg", birth=BORN), NOW)).outcome is Outcome.ONE
    assert (await minimal(clinic, other, Wanted(name="Anne Berg", birth=BORN), NOW)).outcome is Outcome.NONE
    assert (await minimal(clinic, other, Wanted("01410199935"[:0] + "70019950032"), NOW)).outcome is Outcome.NONE


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(), Wanted("150765"), Wanted("15076500566"), Wanted("*"), Wanted(name="Anna Berg"), Wanted(birth=BORN),
        Wanted(name="Berg", birth=BORN), Wanted(name="A B", birth=BORN),
    ],
)  # fmt: skip
async def test_too_little_to_go_by_finds_nothing(record: Record, wanted: Wanted) -> None:
    clinic, other = await staff(record, "other")
    with pytest.raises(Problem) as refused:
        await minimal(clinic, other, wanted, NOW)
    assert refused.value.status == 422


async def test_it_is_a_right_of_its_own(record: Record) -> None:
    for bound, who in (await staff(record, "leader"), patient(record, "bea")):
        with pytest.raises(Problem) as refused:
            await minimal(bound, who, Wanted(NUMBER), NOW)
        assert refused.value.status == 403


async def test_an_app_does_not_look_for_patients_or_break_glass(record: Record) -> None:
    clinic, other = await staff(record, "other")
    app = replace(other, scopes=("user/*.cruds",))
    with pytest.raises(Problem) as finding_:
        await minimal(clinic, app, Wanted(NUMBER), NOW)
    with pytest.raises(Problem) as opening:
        await open_emergency(clinic, app, "Patient/anna", "life", "En god og lang grunn", NOW)
    with pytest.raises(Problem) as locking:
        await lock.put(clinic, app, "Patient/anna", Wish(), NOW, "Pasienten sa dette")
    assert {finding_.value.status, opening.value.status, locking.value.status} == {403}


async def test_guessing_ends_but_an_emergency_is_not_stopped(record: Record) -> None:
    clinic, other = await staff(record, "other")
    for _ in range(limit.FIND.turns):
        await limit.take(record, limit.FIND, other.id, NOW)
    with pytest.raises(Problem) as refused:
        await minimal(clinic, other, Wanted(NUMBER), NOW)
    assert refused.value.status == 429 and int(refused.value.headers["retry-after"]) > 0
    found = await minimal(clinic, other, Wanted(NUMBER), NOW, urgent=True)
    assert found.outcome is Outcome.ONE and found.alarmed


async def test_each_search_is_one_row_of_the_log_without_its_values(record: Record) -> None:
    clinic, other = await staff(record, "other")
    await minimal(clinic, other, Wanted(NUMBER), NOW)
    await minimal(clinic, other, Wanted(name="Nobody Known", birth=BORN), NOW)
    rows = [row.decode(body) for _, body in await record.ask("log.trail", [100])]
    found = [one for one in rows if one.act == row.Act.FIND]
    assert [(one.ids, one.count, one.parameters) for one in found] == [
        (["anna"], 1, ["identifier"]),
        ([], 0, ["birthdate"]),
    ]
    assert NUMBER not in str(rows) and "Known" not in str(rows)


async def test_who_was_merged_away_is_found_as_who_they_are_now(record: Record) -> None:
    link = [{"other": {"reference": "Patient/anna"}, "type": "replaced-by"}]
    number = [{"system": FNR.replace(".4.1.4.1", ".4.1.4.2"), "value": "70019950032"}]
    await record.update(person("old", "1970-05-17", active=False, link=link, identifier=number))
    clinic, other = await staff(record, "other")
    found = await minimal(clinic, other, Wanted("70019950032"), NOW)
    assert found.line is not None and found.line.patient == "Patient/anna"
