"""Break-glass: what it opens, for how long, what it leaves behind, and whom it tells."""

from collections.abc import AsyncIterator

import pytest

from felles.access import block, emergency, limit, lock
from felles.access.audit import row
from felles.access.emergency import ALARM, HOURS, open_emergency
from felles.access.guard import Access
from felles.access.lock import Wish
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration.consenting import LINES, NOW, SECOND, fill, patient, staff

WHY = "Funnet bevisstløs, må kjenne medisinene"


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, lines=LINES)
    await fill(opened)
    yield opened
    await opened.close()


async def open_to(record: Record, id: str, now: int = NOW) -> bool:
    _, who = await staff(record, id)
    try:
        await record.seen_by(Access.of(record.store.reading).guard(who, now=now)).read("Patient", "anna")
    except Problem:
        return False
    return True


async def test_it_opens_a_locked_record_to_one_person_and_ends_by_itself(record: Record) -> None:
    mine, me = patient(record, "anna")
    await lock.put(mine, me, "Patient/anna", Wish(), NOW)
    assert not await open_to(record, "other")
    clinic, other = await staff(record, "other")
    opened = await open_emergency(clinic, other, "Patient/anna", "unconscious", WHY, NOW)
    assert opened.until == NOW + HOURS * 3600 * SECOND
    assert await open_to(record, "other", NOW + SECOND)
    assert not await open_to(record, "nurse", NOW + SECOND)
    assert await open_to(record, "other", opened.until - SECOND)
    assert not await open_to(record, "other", opened.until + SECOND)


async def test_it_leaves_a_consent_for_the_unit_a_notice_for_the_patient_and_a_row_of_the_log(record: Record) -> None:
    clinic, other = await staff(record, "other")
    opened = await open_emergency(clinic, other, "Patient/anna", "life", WHY, NOW)
    made = await record.resource("Consent", opened.id)
    assert made["organization"] == [{"reference": "Organization/clinic"}]
    assert made["performer"] == [{"reference": "Practitioner/other"}]
    assert emergency.reason_of(made) == ("life", WHY)
    (told,) = await record.resources("Communication", [("recipient", "Patient/anna")])
    text = told["payload"][0]["contentString"]
    assert "Other" in text and "Klinikken" in text and emergency.REASONS["life"] in text and WHY not in text
    assert told["about"][0]["reference"] == f"Consent/{opened.id}"
    rows = [row.decode(body) for _, body in await record.ask("log.trail", [100])]
    (special,) = [one for one in rows if one.act == row.Act.EMERGENCY]
    assert (special.reason, special.person, special.ids) == ("life", "Practitioner/other", [opened.id])
    assert not [one for one in rows if WHY in str(one)]


async def test_who_has_it_open_already_gets_the_same(record: Record) -> None:
    clinic, other = await staff(record, "other")
    first = await open_emergency(clinic, other, "Patient/anna", "life", WHY, NOW)
    again = await open_emergency(clinic, other, "Patient/anna", "call", WHY, NOW + SECOND)
    assert again.id == first.id and again.again
    later = await open_emergency(clinic, other, "Patient/anna", "call", WHY, first.until + SECOND)
    assert later.id != first.id


async def test_a_block_of_the_person_holds(record: Record) -> None:
    mine, me = patient(record, "anna")
    await block.put(mine, me, "Patient/anna", Wish(named=("Practitioner/other",)), NOW)
    clinic, other = await staff(record, "other")
    with pytest.raises(Problem) as refused:
        await open_emergency(clinic, other, "Patient/anna", "life", WHY, NOW)
    assert refused.value.status == 403 and "blocked" in str(refused.value)


@pytest.mark.parametrize(
    ("reason", "text", "whom", "status"),
    [("life", "kort", "anna", 422), ("curiosity", WHY, "anna", 422), ("life", WHY, "nobody", 404)],
)
async def test_it_asks_for_a_reason_and_a_patient(
    record: Record, reason: str, text: str, whom: str, status: int
) -> None:
    clinic, other = await staff(record, "other")
    with pytest.raises(Problem) as refused:
        await open_emergency(clinic, other, f"Patient/{whom}", reason, text, NOW)
    assert refused.value.status == status
    assert await record.resources("Consent", [("patient", f"Patient/{whom}")]) == []


async def test_roles_without_patients_and_patients_do_not_break_glass(record: Record) -> None:
    for bound, who in (await staff(record, "leader"), patient(record, "bea")):
        with pytest.raises(Problem) as refused:
            await open_emergency(bound, who, "Patient/anna", "life", WHY, NOW)
        assert refused.value.status == 403


async def test_often_is_never_stopped_but_alarms(record: Record) -> None:
    clinic, other = await staff(record, "other")
    turns, hours = limit.EMERGENCY.turns, HOURS * 3600 * SECOND + SECOND
    people = ["anna", "bea", "child", "mother", "secret"]
    found = [await open_emergency(clinic, other, f"Patient/{one}", "life", WHY, NOW) for one in people]
    assert [one.alarmed for one in found] == [number >= turns for number in range(len(people))]
    assert (await record.resource("Consent", found[-1].id))["meta"]["tag"] == [ALARM]
    assert not (await open_emergency(clinic, other, "Patient/anna", "life", WHY, NOW + 2 * hours)).alarmed
