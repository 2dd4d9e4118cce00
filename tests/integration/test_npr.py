"""The month's extract: both messages, reconciled with the record, valid where the schema is there, answered by NPR."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread
from click.testing import CliRunner
from lxml import etree

from felles import app
from felles.clerical.npr.answer import read
from felles.clerical.npr.extract import Extract
from felles.clerical.npr.month import Month
from felles.clerical.npr.obligation import DELIVERY, FAULT, kept, nightly, owe, take
from felles.clerical.npr.report import of
from felles.clerical.npr.taking import receive
from felles.cli import main
from felles.duties import handling, worklist
from felles.duties.calendar import NORWAY
from felles.duties.reckoning import faults
from felles.record.record import Record
from tests.integration.test_coding import condition, diagnosed, encounter, house
from tests.integration.test_referral import referral

pytestmark = pytest.mark.anyio
Json = dict[str, Any]
NOVEMBER = Month(2026, 11)
HOSPITAL = "Organization/hospital"
TAKEN = NORWAY.moment(date(2026, 12, 2)) + 4 * 3_600_000_000
APPREC = """<AppRec xmlns="http://www.kith.no/xmlstds/apprec/2004-11-21"><MsgType V="APPREC"/><Status V="{status}"/>
<Error V="X99" DN="Feil i 15076500565"/><OriginalMsgId><MsgType V="NPR_ORD"/><Id>{{{id}}}</Id></OriginalMsgId>
</AppRec>"""
ERRORS = """<Melding xmlns="http://www.npr.no/xmlstds/53_1_3_err" fraDatoPeriode="2026-11-01">
<Institusjon institusjonID="983974899">{}</Institusjon></Melding>"""


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await opened(store_url)
    yield made
    await made.close()


async def opened(store_url: str) -> Record:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await house(made)
    await made.update(condition("knee", "M17.1"))
    await made.update(encounter("whole", **diagnosed("knee")))
    await made.update(encounter("bare"))
    await made.update(encounter("goes-on", status="in-progress", period={"start": "2026-11-20T08:00:00+01:00"}))
    late = {"start": "2026-11-30T08:00:00+01:00", "end": "2026-12-01T08:00:00+01:00"}
    await made.update(encounter("later", period=late))
    await made.update(encounter("elsewhere", unit="inside"))
    await made.update(encounter("timeless", period=[]))
    await made.update(referral(id="two", patient="bea"))
    return made


async def taken(record: Record, folder: Path, schemas: Path | None = None) -> Extract:
    (one,) = await take(record, NOVEMBER, folder, schemas, TAKEN)
    return one


async def owed(record: Record, unit: str, kind: int) -> list[tuple[str, str | None]]:
    page = await worklist.open_of(record, unit, TAKEN)
    return [(row.subject or "", row.duty.reason) for row in page.rows if row.duty.kind == kind]


async def test_each_row_of_the_record_is_in_the_extract_or_on_the_list(record: Record, tmp_path: Path) -> None:
    one = await taken(record, tmp_path)
    assert one.sound and one.reconciled.patients == one.reconciled.identities == 2
    (ward,) = one.reconciled.tallies
    assert (ward.contacts, ward.reported_contacts) == (5, 1)
    assert ward.left == {"diagnosis": 1, "later": 1, "time, diagnosis": 1, "unfinished": 1}
    assert (ward.periods, ward.reported_periods, ward.waiting, ward.reported_waiting) == (2, 2, 2, 2)
    with one.listed.open() as file:
        rows = [(row["resource"], row["reason"]) for row in csv.DictReader(file, delimiter=";")]
    assert ("Encounter/bare", "diagnosis") in rows and len(rows) == 4
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


async def test_identities_are_in_their_own_message_alone_joined_by_the_running_number(
    record: Record, tmp_path: Path
) -> None:
    one = await taken(record, tmp_path)
    activity, identities = (etree.parse(str(message.file)).getroot() for message in one.messages)
    text = one.messages[0].file.read_text()
    assert "15076500565" not in text and "Berg" not in text and "anna" not in text
    assert [found.get("pasientNr") for found in activity.iter("{*}Objektholder")] == ["1", "2"]
    said = [(found.get("pid"), found.get("typeID")) for found in identities.iter("{*}PasientIdent")]
    assert said == [("1", "1"), ("2", "9")]
    (episode,) = activity.iter("{*}Episode")
    assert episode.get("episodeID") == "whole" and episode.get("henvisningsperiodeID", "").startswith("rp-")
    assert [code.get("kodeVerdi") for code in episode.iter("{*}Kode")] == ["M171"]
    (unit,) = [each for each in activity.iter("{*}Enhet") if each.get("enhetID") == episode[1].get("enhetID")]
    assert unit.get("orgNr") == "983974899"


async def test_the_same_record_month_and_day_give_the_same_bytes(record: Record, tmp_path: Path) -> None:
    first, second = await taken(record, tmp_path / "a"), await taken(record, tmp_path / "b")
    assert [one.fingerprint for one in first.messages] == [one.fingerprint for one in second.messages]


async def test_the_message_of_identities_is_valid_by_the_official_schema(
    record: Record, tmp_path: Path, shared: Path
) -> None:
    one = await taken(record, tmp_path, shared / "data" / "emeldinger" / "xsd")
    activity, identities = (message.verdict for message in one.messages)
    assert identities.valid, identities.faults
    assert not activity.known and not activity.valid


async def test_what_is_kept_names_no_patient_and_tells_the_same_again(record: Record, tmp_path: Path) -> None:
    one = await taken(record, tmp_path)
    held = await kept(record, HOSPITAL, NOVEMBER)
    assert held is not None and held.sound and held.tallies == one.reconciled.tallies
    stored = await record.read("MeasureReport", held.id)
    assert b"anna" not in (stored.body or b"") and b"15076500565" not in (stored.body or b"")


async def test_a_month_is_owed_by_the_fifth_until_both_messages_are_accepted(record: Record, tmp_path: Path) -> None:
    assert [await owe(record, TAKEN), await owe(record, TAKEN)] == [1, 0]
    ((subject, _),) = await owed(record, HOSPITAL, DELIVERY.number)
    (row,) = (await worklist.open_of(record, HOSPITAL, TAKEN)).rows
    assert NORWAY.day(row.duty.due - 1) == date(2026, 12, 5)
    await taken(record, tmp_path)
    held = await kept(record, HOSPITAL, NOVEMBER)
    assert held is not None and subject == f"MeasureReport/{held.id}"
    for sent in held.sent:
        assert await owed(record, HOSPITAL, DELIVERY.number)
        await receive(record, read(APPREC.format(status="1", id=sent.id.upper()).encode()), TAKEN)
    assert await owed(record, HOSPITAL, DELIVERY.number) == []
    assert [str(one) async for one in faults(record.store.address)] == []


async def test_a_refused_message_is_owed_and_its_words_hold_no_number(record: Record, tmp_path: Path) -> None:
    await taken(record, tmp_path)
    held = await kept(record, HOSPITAL, NOVEMBER)
    assert held is not None
    await receive(record, read(APPREC.format(status="2", id=held.sent[0].id).encode()), TAKEN)
    assert await owed(record, HOSPITAL, FAULT.number) == [
        (f"MeasureReport/{held.id}", "NPR har avvist meldingen: X99 Feil i …")
    ]


async def test_each_error_is_owed_by_the_unit_of_its_contact_until_npr_names_it_no_more(
    record: Record, tmp_path: Path
) -> None:
    await taken(record, tmp_path)
    first = '<Episode episodeID="whole"><Feil feilkode="1201" tekst="Ugyldig kode"/></Episode><Feil feilkode="9"/>'
    await receive(record, read(ERRORS.format(first).encode()), TAKEN)
    assert await owed(record, "Organization/ward", FAULT.number) == [("Encounter/whole", "NPR: 1201 Ugyldig kode")]
    assert [why for _, why in await owed(record, HOSPITAL, FAULT.number)] == ["NPR: 9"]
    await receive(record, read(ERRORS.format(first).encode()), TAKEN)
    assert len(await owed(record, "Organization/ward", FAULT.number)) == 1
    await receive(record, read(ERRORS.format('<Feil feilkode="9"/>').encode()), TAKEN)
    assert await owed(record, "Organization/ward", FAULT.number) == []


@pytest.mark.parametrize("body", [b"", b"not xml", b"<x/>", b"<AppRec/>", APPREC.format(status="9", id="x").encode()])
def test_what_is_no_answer_is_said_so(body: bytes) -> None:
    with pytest.raises(ValueError, match="this"):
        read(body)


async def test_an_answer_to_nothing_changes_nothing(record: Record, tmp_path: Path) -> None:
    await taken(record, tmp_path)
    with pytest.raises(ValueError, match="no extract"):
        await receive(record, read(APPREC.format(status="1", id="0").encode()), TAKEN)
    with pytest.raises(ValueError, match="no extract"):
        await receive(record, read(ERRORS.replace("2026-11", "2025-11").format("").encode()), TAKEN)


async def test_each_night_takes_what_is_not_accepted_once(record: Record, tmp_path: Path) -> None:
    assert await nightly(record, tmp_path, None, TAKEN - 3 * 3_600_000_000) == []
    assert await nightly(record, tmp_path, None, TAKEN) == [Month(2026, 12), NOVEMBER]
    assert await nightly(record, tmp_path, None, TAKEN + 1_000_000) == []
    held = await kept(record, HOSPITAL, NOVEMBER)
    assert held is not None
    for sent in held.sent:
        await receive(record, read(APPREC.format(status="1", id=sent.id).encode()), TAKEN)
    assert await nightly(record, tmp_path, None, TAKEN + 24 * 3_600_000_000) == [Month(2026, 12)]


async def test_the_command_says_what_it_did(store_url: str, tmp_path: Path) -> None:
    await (await opened(store_url)).close()
    given = ["npr", "extract", "--store", store_url, "--month"]
    said = await to_thread.run_sync(CliRunner().invoke, main, [*given, "2026-11", "--out", str(tmp_path)])
    assert said.exit_code == 0, said.output
    assert "1 contacts, 2 referral periods, 2 patients; 4 left out; adds up" in said.output
    assert (await to_thread.run_sync(CliRunner().invoke, main, [*given, "x", "--out", str(tmp_path)])).exit_code == 2


async def test_a_report_that_is_none_of_ours_is_refused(record: Record) -> None:
    with pytest.raises(ValueError, match="no report"):
        of({"resourceType": "MeasureReport"})
    assert handling.now() > 0
