"""The pages of referrals: lists and counts agree with the ledger, what is not open has no name, acts say who was
faster."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from felles import app
from felles.clerical import act, waiting
from felles.clerical.act import Assessment
from felles.clerical.conservation import ASSESS, period_id
from felles.clerical.promise import BOOK
from felles.duties import handling, worklist
from felles.duties.calendar import NORWAY
from felles.record.record import Record
from felles.web import referral_list
from tests.integration import consenting, visiting
from tests.integration.correspondence import appointment, fill
from tests.integration.region import consent
from tests.integration.test_referral import NUMBER, referral

pytestmark = pytest.mark.anyio
WARD = "Organization/ward"
Json = dict[str, Any]


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update({**await made.resource("Patient", "anna"), **NUMBER})
    yield made
    await made.close()


@dataclass
class Place:
    """The record, its pages and who may come."""

    record: Record
    house: visiting.House


@pytest.fixture
async def place(record: Record, tmp_path: Path) -> AsyncIterator[Place]:
    people = [*visiting.staff("nurse", "other", suffix="-role"), visiting.Made("anna", patient="Patient/anna")]
    async with visiting.house(record, people, tmp_path / "log") as house:
        yield Place(record, house)


def day(days: int) -> Any:
    return NORWAY.day(handling.now()) + timedelta(days=days)


async def received(record: Record, id: str, patient: str = "anna") -> str:
    await record.update(referral(id=id, patient=patient))
    return period_id(f"ServiceRequest/{id}")


async def waits(record: Record, id: str, patient: str, days: int) -> str:
    made = await received(record, id, patient)
    mine, who = await consenting.staff(record, "nurse")
    await act.assess(mine, who, made, Assessment("right", "examination", "somatic", day(days)), handling.now())
    return made


def tabs(text: str) -> dict[str, int]:
    return {
        box: int(count) for box, count in re.findall(r'\?box=([\w-]+)[^"]*"[^>]*>[^<]+<span[^>]*>(\d+)</span>', text)
    }


def rows(text: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/referrals/([\w-]+)"', text)


async def owed(record: Record) -> list[int]:
    return [row.duty.kind for row in (await worklist.open_of(record, WARD, handling.now())).rows]


async def test_the_tabs_count_what_the_ledger_owes(place: Place) -> None:
    await received(place.record, "new", "bea")
    await received(place.record, "newer", "cato")
    far, near = await waits(place.record, "far", "anna", 60), await waits(place.record, "near", "cato", 5)
    start = day(3)
    time = {"start": f"{start}T09:00:00+01:00", "end": f"{start}T09:30:00+01:00"}
    await place.record.update(appointment("t", "anna", basedOn=[{"reference": "ServiceRequest/far"}]) | time)
    async with place.house.visit("nurse") as nurse:
        page = (await nurse.get("/referrals")).text
        kinds = await owed(place.record)
        assert tabs(page) == {"to-assess": 2, "to-book": 1, "with-time": 1}
        assert (kinds.count(ASSESS.number), kinds.count(BOOK.number)) == (2, 1)
        for box, count in tabs(page).items():
            assert len(rows((await nurse.get(f"/referrals?box={box}")).text)) == count
        assert rows((await nurse.get("/referrals?box=to-book&state=near")).text) == [near]
        assert rows((await nurse.get("/referrals?box=to-book&state=late")).text) == []
        timed = (await nurse.get("/referrals?box=with-time&order=time&field=somatic")).text
        assert rows(timed) == [far] and "Berg, Anna" in timed and f"{start:%d.%m.%Y} 09:00" in timed
        assert rows((await nurse.get("/referrals?box=with-time&field=addiction")).text) == []


async def test_what_is_late_is_marked_and_found_in_every_tab(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    new, due = await received(place.record, "new", "bea"), await waits(place.record, "due", "anna", 5)
    for days, states in ((0, {"to-assess": "", "to-book": "near"}), (30, {"to-assess": "late", "to-book": "late"})):
        later = handling.now() + days * 86_400_000_000
        monkeypatch.setattr(referral_list, "now_of", lambda request, later=later: later)
        async with place.house.visit("nurse") as nurse:
            for box, id in (("to-assess", new), ("to-book", due)):
                found = {
                    one: rows((await nurse.get(f"/referrals?box={box}&state={one}")).text) for one in ("late", "near")
                }
                assert found == {one: [id] if states[box] == one else [] for one in ("late", "near")}, (days, box)
            page = (await nurse.get("/referrals?box=to-book")).text
            assert ("mark-critical" in page) is bool(days) and ("1 over fristen" in page) is bool(days)


async def test_the_list_is_paged_in_every_order_and_taken_out_whole(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PAGE", 2)
    ids = {await received(place.record, f"r{number}", "bea") for number in range(5)}
    async with place.house.visit("nurse") as nurse:
        for order in ("due", "waited", "newest"):
            seen: list[str] = []
            path = f"/referrals?order={order}"
            while path:
                page = (await nurse.get(path)).text
                seen += rows(page)
                found = re.search(r'rel="next" href="([^"]+)"', page)
                path = found[1].replace("&amp;", "&") if found else ""
            assert len(seen) == 5 and set(seen) == ids
        sheet = await nurse.get("/referrals.csv")
        lines = list(csv.reader(io.StringIO(sheet.text.lstrip("\ufeff")), delimiter=";"))
        assert len(lines) == 6 and {line[-1] for line in lines[1:]} == ids and lines[1][0] == "Berg, Bea"
        for wrong in (
            "box=x",
            "order=x",
            "state=x",
            "field=x",
            "unit=clinic",
            "after=x",
            "after=1.99999999999999999999",
        ):
            assert (await nurse.get(f"/referrals?{wrong}")).status_code == 404, wrong


async def test_a_row_that_is_not_open_has_no_name_and_leads_nowhere(place: Place) -> None:
    id = await received(place.record, "one", "anna")
    await place.record.update(consent("shut", "anna", "lock"))
    async with place.house.visit("nurse") as nurse:
        page = (await nurse.get("/referrals")).text
        assert tabs(page)["to-assess"] == 1 and rows(page) == []
        assert "Ikke åpen for deg" in page and "Berg" not in page
        assert (await nurse.get(f"/referrals/{id}")).status_code == 404
    async with place.house.visit("other") as other:
        assert tabs((await other.get("/referrals")).text)["to-assess"] == 0


def hidden(text: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that is sent to an address."""
    form = text.partition(f'action="{action}"')[2].partition("</form>")[0]
    assert form, action
    return dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', form))


async def test_a_referral_is_assessed_with_its_letters_seen_before_they_are_signed(place: Place) -> None:
    id = await received(place.record, "one")
    path = f"/referrals/{id}"
    async with place.house.visit("nurse") as nurse:
        page = (await nurse.get(path)).text
        assert "Vurdering av kne" in page and "Dr. Ute" in page and "av 10 virkedager igjen" in page
        said = {**hidden(page, f"{path}/assess"), "outcome": "right", "care": "examination", "field": "somatic"}
        wrong = await nurse.post(f"{path}/assess", **{**said, "deadline": "2020-01-01"})
        assert wrong.status_code == 422 and "Fristen kan ikke være før henvisningen ble mottatt" in wrong.text
        assert 'value="2020-01-01"' in wrong.text and 'aria-invalid="true"' in wrong.text
        wrong = await nurse.post(f"{path}/assess", **{**said, "outcome": "no-right", "reason": ""})
        assert wrong.status_code == 422 and "Skriv hvorfor det ikke er rett" in wrong.text
        said["deadline"] = str(day(40))
        preview = await nurse.post(f"{path}/assess", **said)
        assert preview.status_code == 200 and "Du har rett til nødvendig helsehjelp" in preview.text
        assert "fastlegen" in preview.text and "Berg, Anna" in preview.text and "17.05.1970" not in preview.text
        assert await place.record.resources("Composition", []) == []
        sent = hidden(preview.text, f"{path}/assess")
        assert sent["deadline"] == str(day(40))
        back = await nurse.post(f"{path}/assess", **sent, back="1")
        assert back.status_code == 200 and f'value="{day(40)}"' in back.text
        done = await nurse.post(f"{path}/assess", **sent, sign="1")
        assert done.status_code == 303 and BOOK.number in await owed(place.record)
        after = (await nurse.get(done.headers["location"])).text
        assert "Signert" in after and "Vurdert: rett til helsehjelp innen" in after and "Nurse" in after
        late = await nurse.post(f"{path}/assess", **sent, sign="1")
        assert late.status_code == 409 and "Andre var raskere" in late.text and "Nurse" in late.text


async def waiting_times(record: Record, *hours: int, days: int = 10) -> list[str]:
    """Free half hours of the nurse's calendar."""
    actor = [{"reference": "PractitionerRole/nurse-role", "display": "Nurse"}]
    await record.update({"resourceType": "Schedule", "id": "calendar", "active": True, "actor": actor})
    made = []
    for hour in hours:
        start = f"{day(days)}T{hour:02}:00:00+01:00"
        slot = {
            "resourceType": "Slot",
            "id": f"s{hour}",
            "schedule": {"reference": "Schedule/calendar"},
            "status": "free",
        }
        await record.update({**slot, "start": start, "end": f"{day(days)}T{hour:02}:30:00+01:00"})
        made.append(f"s{hour}")
    return made


def offers(text: str) -> list[str]:
    return re.findall(r'name="offer" value="([^"]+)"', text)


async def test_of_two_who_book_one_time_the_second_is_told_and_gets_new_offers(place: Place) -> None:
    first, second = await waits(place.record, "one", "anna", 40), await waits(place.record, "two", "cato", 40)
    await waiting_times(place.record, 9, 10)
    async with place.house.visit("nurse") as nurse, place.house.visit("nurse") as other:
        mine, theirs = (await nurse.get(f"/referrals/{first}")).text, (await other.get(f"/referrals/{second}")).text
        (time, _), (same, _) = offers(mine), offers(theirs)
        assert time == same and 'value="Vurdering av kne"' in mine
        said = {**hidden(mine, f"/referrals/{first}/book"), "offer": time, "description": "Kne", "text": "Ta med sko"}
        seen = await nurse.post(f"/referrals/{first}/book", **said)
        assert seen.status_code == 200 and "Innkalling til time" in seen.text and "Ta med sko" in seen.text
        done = await nurse.post(f"/referrals/{first}/book", **hidden(seen.text, f"/referrals/{first}/book"), sign="1")
        assert done.status_code == 303 and "Timen er bestilt" in (await nurse.get(done.headers["location"])).text
        said = {**hidden(theirs, f"/referrals/{second}/book"), "offer": same, "description": "Skulder"}
        late = await other.post(f"/referrals/{second}/book", **said, sign="1")
        assert late.status_code == 409 and "Tiden ble tatt imens" in late.text and 'value="Skulder"' in late.text
        assert len(offers(late.text)) == 1 and offers(late.text)[0] != time
        assert len(await place.record.resources("Appointment", [("based-on", "ServiceRequest/two")])) == 0
        forged = {**said, "offer": time.replace(".s9", ".s10"), "sign": "1"}
        assert (await other.post(f"/referrals/{second}/book", **forged)).status_code == 422
        assert (await other.post(f"/referrals/{second}/book", **{**said, "offer": "x"})).status_code == 422


async def test_an_appointment_is_moved_and_called_off_with_its_letters(place: Place) -> None:
    id = await waits(place.record, "one", "anna", 40)
    await waiting_times(place.record, 9, 10)
    path = f"/referrals/{id}"
    async with place.house.visit("nurse") as nurse:
        page = (await nurse.get(path)).text
        said = {**hidden(page, f"{path}/book"), "offer": offers(page)[0], "description": "Kne"}
        assert (await nurse.post(f"{path}/book", **said, sign="1")).status_code == 303
        (time,) = await place.record.resources("Appointment", [("based-on", "ServiceRequest/one")])
        page = (await nurse.get(f"{path}?move={time['id']}")).text
        said = {**hidden(page, f"{path}/move"), "offer": offers(page)[0], "description": "Kne"}
        seen = await nurse.post(f"{path}/move", **said)
        assert seen.status_code == 200 and "Flytt og send" in seen.text and "10.00" in seen.text
        assert (await nurse.post(f"{path}/move", **hidden(seen.text, f"{path}/move"), sign="1")).status_code == 303
        assert (await place.record.resource("Slot", "s9"))["status"] == "free"
        assert BOOK.number not in await owed(place.record)
        page = (await nurse.get(path)).text
        said = {**hidden(page, f"{path}/call-off"), "why": "", "text": "Vi beklager"}
        wrong = await nurse.post(f"{path}/call-off", **said)
        assert wrong.status_code == 422 and "Vi beklager" in wrong.text
        said["why"] = "Legen er syk"
        seen = await nurse.post(f"{path}/call-off", **said)
        assert "Timen din er avlyst" in seen.text and "Vi beklager" in seen.text
        done = await nurse.post(f"{path}/call-off", **hidden(seen.text, f"{path}/call-off"), sign="1")
        assert done.status_code == 303 and BOOK.number in await owed(place.record)


async def test_what_was_offered_and_declined_is_noted_with_the_offer(place: Place) -> None:
    id = await waits(place.record, "one", "anna", 40)
    await waiting_times(place.record, 9)
    path = f"/referrals/{id}"
    async with place.house.visit("nurse") as nurse:
        page = (await nurse.get(path)).text
        said = {**hidden(page, f"{path}/book"), "offer": offers(page)[0], "code": "22", "words": ""}
        wrong = await nurse.post(f"{path}/postpone", **said)
        assert wrong.status_code == 422 and "Skriv hva pasienten ble tilbudt" in wrong.text
        assert (await nurse.post(f"{path}/postpone", **{**said, "words": "Skal på ferie"})).status_code == 303
        page = (await nurse.get(path)).text
        assert "Utsatt:" in page and re.search(r"Tilbudt [a-zø]+ \d+\. .* kl\. 09\.00\. Skal på ferie", page)
        said = {**hidden(page, f"{path}/deadline"), "deadline": str(day(50)), "reason": ""}
        assert "Skriv hvorfor fristen endres" in (await nurse.post(f"{path}/deadline", **said)).text
        assert (await nurse.post(f"{path}/deadline", **{**said, "reason": "Ny vurdering"})).status_code == 303
        assert "Fristen er endret til" in (await nurse.get(path)).text
        stale = await nurse.post(f"{path}/deadline", **{**said, "reason": "En gang til"})
        assert stale.status_code == 409 and "En gang til" in stale.text
        page = (await nurse.get(path)).text
        said = {**hidden(page, f"{path}/end"), "code": "2", "day": str(day(0)), "reason": "Ønsker ikke"}
        assert (await nurse.post(f"{path}/end", **said)).status_code == 303
        assert "Ventetiden er slutt: Pasienten ønsker ikke helsehjelp" in (await nurse.get(path)).text


async def test_a_referral_is_sent_on_to_the_unit_that_is_right_for_it(place: Place) -> None:
    id = await received(place.record, "one")
    path = f"/referrals/{id}"
    async with place.house.visit("nurse") as nurse, place.house.visit("other") as other:
        assert (await other.get(path)).status_code == 404
        page = (await nurse.get(path)).text
        said = {**hidden(page, f"{path}/forward"), "reason": "Hører til klinikken"}
        wrong = await nurse.post(f"{path}/forward", **said, unit="Ukjent sted")
        assert wrong.status_code == 422 and "Vi finner ingen enhet" in wrong.text and "Ukjent sted" in wrong.text
        done = await nurse.post(f"{path}/forward", **said, unit="klinikk")
        assert done.status_code == 303 and done.headers["location"] == "/referrals?done=forward"
        assert tabs((await nurse.get("/referrals")).text)["to-assess"] == 0
        assert rows((await other.get("/referrals")).text) == [id]
        assert "Sendt videre" in (await other.get(path)).text
