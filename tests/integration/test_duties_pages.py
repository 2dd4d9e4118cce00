"""The ledger's pages: counts are the ledger's, others' units are not there, who is too late keeps what was typed."""

import asyncio
import csv
import io
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from felles import app
from felles.access.emergency import open_emergency
from felles.duties import balance, bulk, entry, handling, listing, worklist
from felles.duties.calendar import NORWAY
from felles.duties.deadline import WorkingDays
from felles.duties.deed import Owe, opened
from felles.duties.duty import Act, Outcome
from felles.duties.kind import Kind, View, declare
from felles.duties.reading import Outside
from felles.duties.reckoning import faults
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.rule import parted
from felles.record.store import Line
from tests.integration import visiting
from tests.integration.region import People, build, encounter, patient, role

pytestmark = pytest.mark.anyio
OUTPATIENT = {"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}}
"""A contact that owes nothing by itself."""
CALL = declare(Kind(9_101, "test-call", "Ring pasienten", WorkingDays(2), proof="En samtale", view=View.NONE))
WRITE = declare(Kind(9_102, "test-write", "Skriv brev", WorkingDays(5), view=View.NONE))
WARD, WARD2 = "Organization/ward", "Organization/ward2"


def called(id: str, family: str, given: str) -> dict[str, Any]:
    return {**patient(id), "name": [{"family": family, "given": [given]}]}


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    found = await Record.open(store_url, app.RULES, lines=app.LINES)
    await build(found)
    await found.update(called("anna", "Berg", "Anna"))
    await found.update(encounter("stay", "anna", "ward") | OUTPATIENT)
    leader = {**role("leader", "SP", "ward"), "code": [{"coding": [{"system": "urn:felles:role", "code": "leder"}]}]}
    await found.update({"resourceType": "Practitioner", "id": "leader", "active": True, "name": [{"text": "leader"}]})
    await found.update(leader)
    yield found
    await found.close()


async def owe(record: Record, kind: Kind, unit: str, *keys: str, ago: int = 0) -> None:
    """Duties about Anna's stay, one for each key; `ago` days old."""
    now = handling.now() - ago * 86_400_000_000
    deeds = [
        deed
        for key in keys
        for deed in await opened(
            Owe(kind, "Encounter/stay", unit, patient="Patient/anna", once=key), Outside(record), now
        )
    ]
    writes, lines = parted(deeds)
    await record.commit(writes, lines=lines)


@dataclass
class Place:
    """The record, its pages and who may come."""

    record: Record
    house: visiting.House


@pytest.fixture
async def place(record: Record, tmp_path: Path) -> AsyncIterator[Place]:
    people = visiting.staff("nurse", "doctor", "clerk", "other", "leader", "chief")
    async with visiting.house(record, people, tmp_path / "log") as house:
        yield Place(record, house)


def counts(text: str) -> dict[str, int]:
    """What the tabs say, by list."""
    return {box: int(count) for box, count in re.findall(r'box=(\w+)[^"]*"[^>]*>[^<]+<span[^>]*>(\d+)</span>', text)}


def numbers(text: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/duties/([0-9a-f]+)">', text)


async def test_the_tabs_count_what_the_ledger_counts(place: Place) -> None:
    await owe(place.record, CALL, WARD, "a", "b", "c")
    await owe(place.record, WRITE, WARD, "d", "e", ago=30)
    await owe(place.record, WRITE, WARD2, "f")
    nurse = await People(place.record).who("nurse")
    assert nurse is not None
    now = handling.now()
    first = (await worklist.open_of(place.record, WARD, now)).rows[0]
    await handling.take(place.record, nurse, first.duty.id)
    await handling.close(place.record, nurse, first.duty.id, Outcome.OK, "done")
    second = (await worklist.open_of(place.record, WARD, now)).rows[0]
    await handling.take(place.record, nurse, second.duty.id)
    async with place.house.visit("nurse") as visitor:
        page = (await visitor.get("/duties")).text
        tally = await worklist.count_of(place.record, WARD, handling.now())
        standing = await balance.balance(Outside(place.record), NORWAY.day_number(now), key64(WARD))
        told = counts(page)
        assert told["unit"] == sum(one.open for one in tally) == sum(one.after for one in standing) == 4
        assert told["late"] == sum(one.late for one in tally) == 1
        assert told["pool"] == sum(one.pool for one in tally) == 3
        assert (told["mine"], told["closed"], "told" in told) == (1, 1, False)
        for box, count in told.items():
            listed = (await visitor.get(f"/duties?box={box}")).text
            assert len(numbers(listed)) == count and counts(listed) == told
        narrowed = (await visitor.get("/duties?kind=test-call")).text
        assert "3 plikter med dette utvalget" in narrowed and counts(narrowed) == told
        assert "Berg, Anna" in narrowed


async def test_order_and_pages(place: Place) -> None:
    await owe(place.record, CALL, WARD, *(f"k{n}" for n in range(60)))
    await owe(place.record, WRITE, WARD, *(f"w{n}" for n in range(60)), ago=3)
    async with place.house.visit("nurse") as visitor:
        for order in ("due", "-due", "opened", "-opened"):
            seen: list[str] = []
            path: str | None = f"/duties?order={order}"
            while path:
                page = (await visitor.get(path)).text
                seen += numbers(page)
                found = re.search(r'rel="next" href="([^"]+)"', page)
                path = found[1].replace("&amp;", "&") if found else None
            assert len(seen) == len(set(seen)) == 120, order
        for wrong in ("box=x", "order=x", "kind=x", "due=x", "unit=ward2", "after=x", "after=1.99999999999999999999"):
            assert (await visitor.get(f"/duties?{wrong}")).status_code == 404, wrong


async def test_others_units_are_not_there(place: Place) -> None:
    await owe(place.record, CALL, WARD, "a")
    (row,) = (await worklist.open_of(place.record, WARD, handling.now())).rows
    day = NORWAY.day(handling.now())
    async with place.house.visit("other") as visitor:
        assert numbers((await visitor.get("/duties?unit=all")).text) == []
        assert (await visitor.get(f"/duties/{row.duty.id:x}")).status_code == 404
        for deed in ("take", "close", "hand-on", "undo"):
            answer = await visitor.post(f"/duties/{row.duty.id:x}/{deed}", turn="1", reason="why not", outcome="2")
            assert answer.status_code == 404
        assert (await visitor.get(f"/balance/ward/{CALL.number}/after?day={day}")).status_code == 404
        assert "Ring pasienten" not in (await visitor.get("/balance")).text
    async with place.house.visit("chief") as visitor:
        assert numbers((await visitor.get("/duties?unit=all")).text) == [f"{row.duty.id:x}"]
        page = (await visitor.get("/duties?unit=ward")).text
        assert numbers(page) == [f"{row.duty.id:x}"]


async def test_who_is_too_late_keeps_what_was_typed_and_sees_what_happened(place: Place) -> None:
    await owe(place.record, CALL, WARD, "a")
    (row,) = (await worklist.open_of(place.record, WARD, handling.now())).rows
    path = f"/duties/{row.duty.id:x}"
    async with place.house.visit("nurse") as nurse, place.house.visit("doctor") as doctor:
        await doctor.get(path)
        await nurse.get(path)
        assert (await nurse.post(f"{path}/take", turn="1")).status_code == 303
        answer = await doctor.post(f"{path}/close", turn="1", outcome="4", reason="Ringte allerede i går")
        assert answer.status_code == 409
        assert 'value="Ringte allerede i går"' in answer.text and '<option value="4" selected>' in answer.text
        assert re.search(r'class="duty-new".*Gitt til nurse', answer.text) and 'name="turn" value="2"' in answer.text
        assert (await doctor.post(f"{path}/close", turn="2", outcome="", reason="x")).status_code == 422
        assert (await doctor.post(f"{path}/close", turn="2", outcome="4", reason="Ringte")).status_code == 303
        done = (await doctor.get(path)).text
        assert "Angre lukkingen" in done and "Ikke lenger aktuell" in done
        assert (await doctor.post(f"{path}/undo", turn="3", reason="Feil pasient")).status_code == 303
        again = (await doctor.get(path)).text
        assert "Åpnet igjen" in again and "Feil pasient" in again
        assert (await doctor.post(f"{path}/take", turn="x")).status_code == 400
        doctor.token = "x"
        assert (await doctor.post(f"{path}/close", turn="4", outcome="2", reason="her fortsatt")).status_code == 403


async def test_handed_on_and_taken_back(place: Place) -> None:
    await owe(place.record, CALL, WARD, "a")
    (row,) = (await worklist.open_of(place.record, WARD, handling.now())).rows
    path = f"/duties/{row.duty.id:x}"
    async with place.house.visit("nurse") as nurse:
        page = (await nurse.get(path)).text
        assert '<option value="ward2">' in page and '<option value="doctor">' in page
        sent = await nurse.post(f"{path}/hand-on", turn="1", unit="ward2", person="doctor", reason="Hører til der")
        assert sent.status_code == 422 and "Hører til der" in sent.text
        assert (
            await nurse.post(f"{path}/hand-on", turn="1", unit="ward2", person="", reason="Hører til der")
        ).status_code == 303
        assert "Angre overleveringen" in (await nurse.get(path)).text
        assert counts((await nurse.get("/duties")).text)["unit"] == 0
        back = await nurse.post(f"{path}/undo", turn="2", reason="Nei, her")
        assert back.status_code == 303
        assert counts((await nurse.get("/duties")).text)["unit"] == 1


async def test_many_at_once_interrupted_and_gone_on_with(place: Place) -> None:
    await owe(place.record, CALL, WARD, *(f"k{n}" for n in range(40)))
    people = People(place.record)
    nurse, doctor = await people.who("nurse"), await people.who("doctor")
    assert nurse is not None and doctor is not None
    async with place.house.visit("nurse") as visitor:
        page = (await visitor.get("/duties")).text
        begun = await visitor.post("/duties/bulk", all="1", box="unit")
        path = begun.headers["location"]
        assert (await visitor.post(path, deed="close", outcome="", reason="")).status_code == 422
        assert "40 plikter" in (await visitor.get(path)).text
        one = await bulk.bulk_of(place.record, nurse, int(path.rpartition("/")[2], 16))
        one = await bulk.choose(place.record, one, bulk.Deed.CLOSE, "Ringt til alle", 2)
        await handling.take(place.record, doctor, one.pairs[-1][0])
        await bulk.go_on(place.record, nurse, one, 0)
        far = await bulk.progress(place.record, one)
        assert (len(far.done), len(far.changed), len(far.left)) == (1, 1, 38)
        assert "ikke fullført" in (await visitor.get("/duties")).text
        assert (await visitor.get(path)).text.count('id="bulk-left">38<') == 1
        while 'id="bulk-left">0<' not in (page := (await visitor.get(path)).text):
            assert (await visitor.post(path)).status_code == 303
        assert 'id="bulk-done">39<' in page and "Endret av andre (1)" in page
        back = await visitor.post(f"{path}/undo", reason="Feil liste")
        path = back.headers["location"]
        while 'id="bulk-left">0<' not in (page := (await visitor.get(path)).text):
            await visitor.post(path)
        assert 'id="bulk-done">39<' in page
        assert counts((await visitor.get("/duties")).text)["unit"] == 40
    async with place.house.visit("doctor") as stranger:
        assert (await stranger.get(path)).status_code == 404


async def test_a_process_that_is_stopped_half_way_leaves_exactly_what_the_ledger_tells(record: Record) -> None:
    await owe(record, CALL, WARD, *(f"k{n}" for n in range(300)))
    nurse = await People(record).who("nurse")
    assert nurse is not None
    found = (await worklist.open_of(record, WARD, handling.now(), limit=300)).rows
    one = await bulk.begin(record, nurse, [(row.duty.id, row.duty.turn) for row in found])
    one = await bulk.choose(record, one, bulk.Deed.CLOSE, "Ringt til alle", 2)
    stops = 0
    while not (await bulk.progress(record, one)).finished:
        running = asyncio.create_task(bulk.go_on(record, nurse, await bulk.bulk_of(record, nurse, one.number), 60))
        await asyncio.wait([running], timeout=0.05)
        stops += running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.sleep(0.1)  # what was on its way to the store arrives, or does not
        far = await bulk.progress(record, one)
        tally = await worklist.count_of(record, WARD, handling.now())
        assert len(far.done) + len(far.left) == 300 and sum(kind.open for kind in tally) == len(far.left)
    assert stops and len((await bulk.progress(record, one)).done) == 300
    entries = [await entry.entries(Outside(record), number) for number, _ in one.pairs]
    assert {tuple(told.act for told in some) for some in entries} == {(Act.OPEN, Act.CLOSE)}
    assert [str(fault) async for fault in faults(record.store.address)] == []


async def test_the_marked_ones_and_nothing_else(place: Place) -> None:
    await owe(place.record, CALL, WARD, "a", "b", "c")
    async with place.house.visit("nurse") as visitor:
        found = numbers((await visitor.get("/duties")).text)
        assert (await visitor.post("/duties/bulk", box="unit")).headers["location"].startswith("/duties?")
        marked = {f"d{number}": "1" for number in found[:2]}
        path = (await visitor.post("/duties/bulk", box="unit", **marked)).headers["location"]
        await visitor.post(path, deed="take")
        page = (await visitor.get("/duties?box=mine")).text
        assert sorted(numbers(page)) == sorted(found[:2])


async def test_the_balance_opens_every_number_to_its_rows_and_is_proven_again(place: Place) -> None:
    await owe(place.record, CALL, WARD, "a", "b", "c", ago=2)
    await owe(place.record, CALL, WARD, "d")
    nurse = await People(place.record).who("nurse")
    assert nurse is not None
    first = (await worklist.open_of(place.record, WARD, handling.now())).rows[0]
    await handling.close(place.record, nurse, first.duty.id, Outcome.OK, "done")
    async with place.house.visit("nurse") as visitor:
        page = (await visitor.get("/balance")).text
        links = re.findall(r'href="(/balance/ward/[^"]+)">(\d+)</a>', page)
        assert {path.partition("?")[0].rpartition("/")[2]: int(n) for path, n in links} == {
            "before": 3, "opened": 1, "closed": 1, "after": 3,
        }  # fmt: skip
        for path, count in links:
            assert len(numbers((await visitor.get(path)).text)) == int(count)
        proven = (await visitor.post("/balance")).text
        assert "Alt stemmer med historikken: 4 opprettet + 0 mottatt = 1 lukket + 0 gitt videre + 3 åpne" in proven
        sheet = (await visitor.get("/balance.csv")).text.lstrip("\ufeff")
        (row,) = list(csv.reader(io.StringIO(sheet), delimiter=";"))[1:]
        assert row[1:] == ["ward", "Ring pasienten", "3", "1", "0", "1", "0", "3"]
        for wrong in ("day=x", "day=1969-01-01", "day=2999-01-01"):
            assert (await visitor.get(f"/balance?{wrong}")).status_code == 404
        await place.record.commit([], lines=[Line("duty fold", [1_000])])
        assert "Alt stemmer" in (await visitor.post("/balance")).text


async def test_a_sheet_has_every_row_and_the_log_knows(place: Place) -> None:
    await owe(place.record, CALL, WARD, *(f"k{n}" for n in range(70)))
    async with place.house.visit("nurse") as visitor:
        answer = await visitor.get("/duties.csv")
        assert (
            answer.headers["content-type"].startswith("text/csv")
            and "attachment" in answer.headers["content-disposition"]
        )
        assert len(list(csv.reader(io.StringIO(answer.text), delimiter=";"))) == 71
    told = b"".join(one.read_bytes() for one in place.house.log.rglob("*") if one.is_file())
    assert b"Practitioner/nurse" in told


async def test_the_reviewer_sees_what_was_done_in_the_emergency(place: Place) -> None:
    await place.record.update(called("bea", "Lie", "Bea"))
    people = People(place.record)
    nurse = await people.who("nurse")
    assert nurse is not None
    seen = place.record.seen_by(people.access.guard(nurse))
    await open_emergency(seen, nurse, "Patient/bea", "life", "Funnet bevisstløs på gata", int(time.time() * 1e6))
    async with place.house.visit("leader") as leader:
        (number,) = numbers((await leader.get("/duties?box=told")).text)
        page = (await leader.get(f"/duties/{number}")).text
        assert "Funnet bevisstløs på gata" in page and "Fare for liv" in page and "Lukk plikten" in page
        assert (await leader.post(f"/duties/{number}/close", turn="1", outcome="2", reason="Det var rett")).is_redirect
    async with place.house.visit("clerk") as clerk:
        page = (await clerk.get(f"/duties/{number}")).text
        assert "Ikke åpen for deg" in page and "bevisstløs" not in page and "Det var rett" not in page


async def test_live_counts_tell_that_the_list_has_changed(place: Place) -> None:
    await owe(place.record, CALL, WARD, "a")
    async with place.house.visit("nurse") as visitor:
        page = (await visitor.get("/duties")).text
        found = re.search(r'data-mark="([^"]+)"', page)
        assert found
        assert "Listen er endret" not in (await visitor.get(f"/duties/live?mark={found[1]}")).text
        await owe(place.record, CALL, WARD, "b")
        told = (await visitor.get(f"/duties/live?mark={found[1]}")).text
        assert "Listen er endret" in told and counts(told)["unit"] == 2


async def test_a_list_holds_what_its_units_hold(place: Place) -> None:
    await owe(place.record, CALL, WARD2, "a")
    nurse = await People(place.record).who("nurse")
    assert nurse is not None
    asked = listing.Wanted(listing.Box.UNIT, handling.now(), frozenset((key64(WARD), key64(WARD2))))
    assert (await listing.listed(place.record, nurse, asked)).rows == []
    with pytest.raises(Problem, match="404"):
        await bulk.bulk_of(place.record, nurse, 17)
