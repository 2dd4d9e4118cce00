"""Problems and allergies: one list for all levels; nobody's edit deletes another's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from felles import app
from felles.clinical import problem
from felles.clinical.problem import Found
from felles.duties import handling
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration import consenting, visiting
from tests.integration.correspondence import fill

pytestmark = pytest.mark.anyio
ANNA = "Patient/anna"


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    yield made
    await made.close()


async def test_what_one_adds_another_does_not_remove(record: Record) -> None:
    mine, who = await consenting.staff(record, "nurse")
    now = handling.now()
    added = [problem.add_problem(mine, who, Found(ANNA, f"Problem {n}"), now) for n in range(20)]
    assert len(set(await asyncio.gather(*added))) == 20
    with pytest.raises(Problem, match="already"):
        await problem.add_problem(mine, who, Found(ANNA, "problem 3"), now)
    id = await problem.add_problem(mine, who, Found(ANNA, "Diabetes", "e11"), now)
    with pytest.raises(Problem, match="already"):
        await problem.add_problem(mine, who, Found(ANNA, "Type 2-diabetes", "E11"), now)
    ends = [problem.end(mine, who, "Condition", id, 1, "resolved", f"Grunn {n}", handling.now()) for n in range(5)]
    ended = await asyncio.gather(*ends, return_exceptions=True)
    assert sum(one is None for one in ended) == 1
    held = await record.resource("Condition", id)
    assert held["clinicalStatus"]["coding"][0]["code"] == "resolved" and len(held["note"]) == 1
    assert len([one for one in await record.resources("Condition", [("_count", "50")]) if problem.stands(one)]) == 20


async def test_an_allergy_warns_until_it_is_refuted(record: Record) -> None:
    mine, who = await consenting.staff(record, "nurse")
    found = Found(ANNA, "Penicillin", criticality="high", reaction="Anafylaksi")
    id = await problem.add_allergy(mine, who, found, handling.now())
    with pytest.raises(Problem, match="say why"):
        await problem.end(mine, who, "AllergyIntolerance", id, 1, "refuted", "", handling.now())
    await problem.end(mine, who, "AllergyIntolerance", id, 1, "refuted", "Testet negativ", handling.now())
    assert not problem.stands(await record.resource("AllergyIntolerance", id))
    with pytest.raises(Problem, match="say what it is"):
        await problem.add_allergy(mine, who, Found(ANNA, "  "), handling.now())


async def test_critical_information_stands_until_it_is_ended_with_a_reason(record: Record, tmp_path: Path) -> None:
    mine, who = await consenting.staff(record, "nurse")
    found = Found("Patient/anna", "Pacemaker", matter="clinical")
    id = await problem.add_critical(mine, who, found, handling.now())
    with pytest.raises(Problem, match="already"):
        await problem.add_critical(mine, who, replace(found, words="pacemaker "), handling.now())
    with pytest.raises(Problem, match="about one of"):
        await problem.add_critical(mine, who, replace(found, words="Annet", matter="x"), handling.now())
    people = visiting.staff("nurse", suffix="-role")
    async with visiting.house(record, people, tmp_path / "log") as house, house.visit("nurse") as visitor:
        here = "/patient/anna/problems"
        assert (await visitor.get(here)).text.count("Pacemaker") >= 2
        sent = {"words": "MRSA", "matter": "contact"}
        assert (await visitor.post(f"{here}/critical", **sent)).status_code == 303
        page = (await visitor.get(here)).text
        assert "MRSA" in page and "Smitte" in page
        end = {"kind": "critical", "line": id, "version": "1", "how": "inactive"}
        assert (await visitor.post(f"{here}/end", **end, why="")).status_code == 422
        assert (await visitor.post(f"{here}/end", **end, why="Fjernet")).status_code == 303
        assert (await visitor.post(f"{here}/end", **end, why="Fjernet")).status_code == 409
        assert "Pacemaker" not in (await visitor.get(here)).text
    held = await record.resource("Flag", id)
    assert held["status"] == "inactive" and "Fjernet" in str(held["extension"]) and held["period"]["end"]


async def test_the_page_adds_and_ends(record: Record, tmp_path: Path) -> None:
    people = visiting.staff("nurse", suffix="-role")
    async with visiting.house(record, people, tmp_path / "log") as house, house.visit("nurse") as visitor:
        here = "/patient/anna/problems"
        await visitor.get(here)
        done = await visitor.post(f"{here}/allergy", words="Nøtter", criticality="high", reaction="Hevelse")
        assert done.status_code == 303
        page = (await visitor.get(here)).text
        assert "Nøtter" in page and "Hevelse" in page and "Farlig" in page
        twice = await visitor.post(f"{here}/allergy", words="nøtter", criticality="low")
        assert twice.status_code == 409 and "står på listen allerede" in twice.text
        assert (await visitor.post(f"{here}/problem", words="a", system="icd10")).status_code == 422
        id = page.split('id="l-')[1].split('"')[0]
        end = {"kind": "allergy", "line": id, "version": "1", "how": "refuted"}
        assert (await visitor.post(f"{here}/end", **end, why="")).status_code == 422
        assert (await visitor.post(f"{here}/end", **end, why="Feil pasient")).status_code == 303
        assert "Nøtter" not in (await visitor.get(here)).text
        other = await visitor.post("/patient/bea/problems/end", **end, why="Feil pasient")
        assert other.status_code == 404
