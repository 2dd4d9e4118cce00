"""Referrals of two records that turn out to be one person's: they travel, stay owed and listed, and travel back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from felles import app
from felles.clerical import waiting
from felles.clerical.conservation import ASSESS, IDENTIFY
from felles.clerical.period import of
from felles.clerical.waiting import Box
from felles.duties import handling
from felles.duties.reckoning import faults
from felles.record.identity import merge, move, unmerge
from felles.record.identity.trail import Author
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration.correspondence import fill
from tests.integration.test_referral import NUMBER, owed, received, referral

pytestmark = pytest.mark.anyio
WARD = "Organization/ward"
CLERK = Author("Practitioner/nurse", "the same person")


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update({**await made.resource("Patient", "anna"), **NUMBER})
    yield made
    await made.close()


async def whose(record: Record, id: str) -> str:
    """The patient of a period, as the period and its row of the list agree."""
    (row,) = [one for one in (await waiting.page(record, WARD, Box.TO_ASSESS, handling.now())).rows if one.id == id]
    said = of(await record.resource("EpisodeOfCare", id)).patient
    assert row.patient == said
    return said


async def test_a_referral_travels_with_a_merge_and_back_with_its_undo(record: Record) -> None:
    id = await received(record, patient="bea")
    await merge.merge(record, merge.Wish("bea", "anna", CLERK, force=True))
    assert await whose(record, id) == "Patient/anna" and await owed(record) == [ASSESS.number]
    await unmerge.unmerge(record, unmerge.Wish("bea", "anna", CLERK))
    assert await whose(record, id) == "Patient/bea" and await owed(record) == [ASSESS.number, IDENTIFY.number]
    assert [str(one) async for one in faults(record.store.address)] == []


async def test_a_referral_of_the_wrong_patient_is_moved_with_its_period_and_never_the_period_alone(
    record: Record,
) -> None:
    id = await received(record, patient="bea")
    facts = ("ServiceRequest/one", f"EpisodeOfCare/{id}")
    await move.move(record, move.Wish("bea", "anna", facts, CLERK))
    assert await whose(record, id) == "Patient/anna"
    with pytest.raises(Problem, match="together with its referral"):
        await record.update({**await record.resource("EpisodeOfCare", id), "patient": {"reference": "Patient/cato"}})
    assert await whose(record, id) == "Patient/anna"
    await record.update(referral(patient="anna", note=[{"text": "Tillegg"}]))
    assert (await owed(record)).count(ASSESS.number) == 1


async def test_who_gets_a_number_has_been_found_out(record: Record) -> None:
    await received(record, patient="bea")
    assert await owed(record) == [ASSESS.number, IDENTIFY.number]
    await record.update({**await record.resource("Patient", "bea"), **NUMBER})
    assert await owed(record) == [ASSESS.number]
