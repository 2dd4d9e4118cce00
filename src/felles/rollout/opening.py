"""The exercise in a store of its own: its raw events brought in, its old plan and its case written into the journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from felles.demo import agreement, place, staff
from felles.duties.calendar import NORWAY
from felles.record.record import Record
from felles.rollout.case import Case, case, units
from felles.rollout.exercise import midt
from felles.rollout.gathering import checked, gathered
from felles.rollout.journal import Kind, head, last, write
from felles.rollout.plan import Plan
from felles.rollout.practice import Practice

AUTHOR = "Felles (øvelse)"


def events(plan: Plan, source: str) -> Iterator[Mapping[str, Any]]:
    """The FHIR resources of the exercise: the people who may sign in, and what the source's first weeks left behind."""
    yield from (*place.resources(), *staff.resources(), *agreement.resources())
    yield from Practice(plan, source).resources()


async def opened(record: Record) -> Case:
    """The case of the exercise: read from the journal, or made from the record's events and written into it."""
    kept = await last(record, Kind.CASE, midt().told["key"])
    if kept is not None:
        return msgspec.json.decode(kept.body, type=Case)
    programme = midt()
    plan, source = programme.plan(), str(programme.told["paper"]["source"])
    if await head(record) is None:
        records = [(Kind.RECORD, str(told["unit"]), checked(told)) for told in Practice(plan, source).records()]
        await write(record, [(Kind.PLAN, plan.key, plan), *records], AUTHOR, moment(plan))
    readings = await gathered(record, plan, source, units(plan), plan.status)
    made = case(programme, readings)
    answers = [(Kind.ANSWER, unit, answer) for unit, answer in made.answers.items()]
    await write(
        record, [(Kind.EVIDENCE, source, readings), *answers, (Kind.CASE, plan.key, made)], AUTHOR, moment(plan)
    )
    return made


def moment(plan: Plan) -> int:
    """Noon of the status date in microseconds: the exercise's own clock."""
    return NORWAY.moment(plan.status) + 12 * 3_600 * 1_000_000
