"""Paper: what is printed, what a manifest says, and that nothing is sent before the print room says so."""

from __future__ import annotations

import contextlib
import io
import re
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from felles import app
from felles.access.who import Who
from felles.delivery import paper, printing, recovery
from felles.delivery.act import sign
from felles.delivery.letter import channel_of, state_of
from felles.delivery.paper import Sheet
from felles.delivery.recovery import Still
from felles.delivery.state import Event, State
from felles.record.outcome import Problem
from felles.record.protection import PROTECTION
from felles.record.record import Record
from tests.integration import consenting
from tests.integration.correspondence import NOW, appointment, fill, order

pytestmark = pytest.mark.anyio
DAY = 86_400_000_000
Json = dict[str, Any]


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    yield made
    await made.close()


async def written(record: Record, *patients: str) -> dict[str, str]:
    """Patient → the delivery of a letter to that patient."""
    mine, who = await consenting.staff(record, "nurse")
    found = {}
    for patient in patients:
        letter = await sign(mine, who, order(patient), NOW)
        asked = [("part-of", f"Composition/{letter}"), ("recipient", f"Patient/{patient}")]
        found[patient] = str((await record.resources("Communication", asked))[0]["id"])
    return found


async def stands(record: Record, id: str) -> tuple[str, State]:
    found = await record.resource("Communication", id)
    return channel_of(found).value, state_of(found)


async def gathered(record: Record) -> tuple[Record, Who, str]:
    mine, who = await consenting.staff(record, "nurse")
    id = await printing.gather(mine, who, NOW)
    assert id is not None
    return mine, who, id


async def test_a_letter_is_sent_when_the_print_room_says_so(record: Record) -> None:
    found = await written(record, "bea", "cato")
    mine, who, batch = await gathered(record)
    assert [await stands(record, id) for id in found.values()] == [("print", State.HANDED)] * 2
    assert await printing.gather(mine, who, NOW) is None
    assert await printing.confirm(mine, who, batch, {found["cato"]: "papirstopp"}, NOW) == (1, 1)
    assert await stands(record, found["bea"]) == ("print", State.SENT)
    assert await stands(record, found["cato"]) == ("print", State.REFUSED)
    with pytest.raises(Problem) as again:
        await printing.confirm(mine, who, batch, {}, NOW)
    assert again.value.status == 409 and await printing.batches(mine, who) == []


async def test_another_unit_has_nothing_to_do_with_the_batch(record: Record) -> None:
    await written(record, "bea")
    _, _, batch = await gathered(record)
    theirs, other = await consenting.staff(record, "other")
    assert await printing.batches(theirs, other) == []
    with pytest.raises(Problem, match="no such batch"):
        await printing.sheets(theirs, other, batch)
    with pytest.raises(Problem, match="no such batch"):
        await printing.confirm(theirs, other, batch, {}, NOW)


async def test_who_got_a_protected_address_or_died_meanwhile_is_taken_out(record: Record) -> None:
    found = await written(record, "bea", "cato")
    label = {"security": [{"system": PROTECTION, "code": "6"}]}
    await record.update({**await record.resource("Patient", "bea"), "meta": label})
    await record.update({**await record.resource("Patient", "cato"), "deceasedBoolean": True})
    mine, who = await consenting.staff(record, "nurse")
    assert await printing.gather(mine, who, NOW) is None
    assert await stands(record, found["bea"]) == ("hand", State.QUEUED)
    assert await stands(record, found["cato"]) == ("print", State.VOID)


async def test_the_pdf_is_tagged_paged_by_letter_and_the_same_each_time(record: Record) -> None:
    found = await written(record, "bea", "cato")
    mine, who, batch = await gathered(record)
    sheets = await printing.sheets(mine, who, batch)
    made = await printing.printed(mine, who, batch)
    inside = opened(made.pdf)
    assert made.pdf.startswith(b"%PDF-1.7") and b"/Marked true" in inside and b"pdfuaid" in inside
    assert inside.count(b"/S /H1") == 2 and b"/Lang (nb)" in inside and inside.count(b"/Type /Page ") in (0, 2)
    assert made.pages == (1, 1) and await printing.printed(mine, who, batch) == made
    told = printing.manifest(sheets, made.pages).sheet()
    assert all(id in told for id in found.values())
    assert not [word for word in ("Berg", "Bea", "Gata", "7004", "Trondheim") if word in told]
    html = paper.page(sheets[0], practice=False)
    assert "Gata 1" in html and "7004 Trondheim" in html and "Undersøkelse av kneet" in html


def opened(pdf: bytes) -> bytes:
    """A PDF with its streams unpacked."""
    parts = [pdf]
    for packed in re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            parts.append(zlib.decompress(packed))
    return b"\n".join(parts)


async def test_a_letter_that_is_not_what_was_signed_is_not_printed(record: Record) -> None:
    await written(record, "bea")
    mine, who, batch = await gathered(record)
    (sheet,) = await printing.sheets(mine, who, batch)
    with pytest.raises(Problem, match="not the one that was signed"):
        paper.page(Sheet({**sheet.letter, "title": "Noe annet"}, sheet.delivery, ()), practice=False)


async def test_what_is_lost_is_looked_through_before_it_is_sent_again(record: Record) -> None:
    found = await written(record, "anna", "bea", "cato")
    await record.update({**appointment("cato-time", "cato"), "status": "cancelled"})
    await record.update({**appointment("bea-time", "bea"), "start": "2026-11-01T09:30:00+01:00",
                         "end": "2026-11-01T10:00:00+01:00"})  # fmt: skip
    mine, who = await consenting.staff(record, "nurse")
    lost = {one.delivery["id"]: one.still for one in await recovery.lost(mine, "Organization/ward", NOW)}
    assert [lost[found[name]] for name in ("anna", "bea", "cato")] == [Still.RELEVANT, Still.PAST, Still.CALLED_OFF]
    past = [id for id, why in lost.items() if why is Still.PAST]
    done = await recovery.act(mine, who, past, Event.VOID, "timen er over", NOW)
    assert done.reached == (found["bea"],) and await stands(record, found["bea"]) == ("print", State.VOID)
    again = await recovery.act(mine, who, [*past, found["anna"]], Event.AGAIN, "sendes på nytt", NOW)
    assert again.reached == (found["anna"],) and [id for id, _ in again.left] == [found["bea"]]
    assert await recovery.lost(mine, "Organization/ward", NOW, template="epicrisis") == []


def test_the_sheet_of_a_manifest_can_be_read_back() -> None:
    told = printing.Manifest(((1, "a", 2, "0123"),)).sheet()
    assert io.StringIO(told).read().splitlines() == ["nr,forsendelse,sider,avtrykk", "1,a,2,0123"]
