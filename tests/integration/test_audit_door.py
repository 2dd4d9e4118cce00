"""What the log says of one request: whom the answer showed on which ground, and what was refused, apart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from felles.access.audit.log import Log
from felles.access.audit.row import Act, Result, Row, decode
from felles.access.audit.segment import rows_from, segments
from felles.access.audit.statement import LINES
from felles.access.door import Guarded
from felles.access.guard import Access
from felles.access.who import Kind, Who
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.rest.message import Request, Response, refusal
from felles.record.rest.route import route

OLA, KARI = key64("Patient/ola"), key64("Patient/kari")


def observation(id: str, patient: str) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
    subject = {"reference": f"Patient/{patient}"}
    return {"resourceType": "Observation", "id": id, "status": "final", "code": code, "subject": subject}


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, lines=LINES)
    for id in ("ola", "kari"):
        await opened.create({"resourceType": "Patient", "id": id, "birthDate": "1980-01-01"}, id)
        await opened.create(observation(f"o-{id}", id), f"o-{id}")
    yield opened
    await opened.close()


async def told(record: Record, folder: Path, *urls: str) -> list[Row]:
    """The rows of one request by Ola; several addresses are a batch."""
    watch = Access.of(record.store.reading).guard(Who("Patient/ola", "", Kind.PATIENT))
    log = Log(folder / "log")
    seen = record.seen_by(watch)
    visit = Guarded(seen, watch, log, "Patient/ola ")
    for url in urls:
        path, _, query = url.partition("?")
        request = Request("GET", path, query, {}, b"", record.base)
        try:
            answer: Response = await route(seen, request)
        except Problem as error:
            answer = refusal(error)
    await visit.told(request, answer)
    await log.close()
    return [decode(body) for path in segments(folder / "log") for body, _ in rows_from(path, 0)]


async def test_a_reading_is_one_row_with_its_ground(record: Record, tmp_path: Path) -> None:
    (row,) = await told(record, tmp_path, "Observation/o-ola")
    assert (row.act, row.result, row.patients, row.ground) == (Act.READ, Result.OK, [OLA], "own")
    assert (row.person, row.type, row.ids, row.count) == ("Patient/ola", "Observation", ["o-ola"], 1)


async def test_a_search_names_patients_and_parameters_and_no_values(record: Record, tmp_path: Path) -> None:
    (row,) = await told(record, tmp_path, "Observation?patient=ola&code=8867-4&_count=7")
    assert (row.act, row.patients, row.parameters) == (Act.SEARCH, [OLA], ["_count", "code", "patient"])
    assert "8867" not in str(row)


async def test_a_refusal_is_told_without_a_ground(record: Record, tmp_path: Path) -> None:
    (row,) = await told(record, tmp_path, "Observation/o-kari")
    assert (row.result, row.patients, row.ground, row.ids) == (Result.REFUSED, [KARI], "", ["o-kari"])


async def test_what_was_refused_on_the_way_is_a_row_of_its_own(record: Record, tmp_path: Path) -> None:
    shown, refused = await told(record, tmp_path, "Observation/o-kari", "Observation/o-ola")
    assert (shown.result, shown.patients, shown.ids) == (Result.OK, [OLA], ["o-ola"])
    assert (refused.result, refused.patients, refused.ids) == (Result.REFUSED, [KARI], ["o-kari"])


async def test_an_empty_answer_is_told_too(record: Record, tmp_path: Path) -> None:
    (row,) = await told(record, tmp_path, "Observation?patient=kari")
    assert (row.act, row.result, row.patients, row.count) == (Act.SEARCH, Result.OK, [], 0)
