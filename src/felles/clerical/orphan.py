"""Referrals on no list, and patients who wait without anybody owing the next step: there are none, ever."""

from collections.abc import AsyncIterator
from typing import Any

from felles.clerical.conservation import is_referral
from felles.clerical.period import Status, is_period, of
from felles.duties.orphan import Orphan, without_duty
from felles.record.index.value import key64
from felles.record.record import Record

Json = dict[str, Any]


async def orphans(record: Record) -> AsyncIterator[Orphan]:
    """Referrals in force without a period, and periods whose next step nobody owes."""

    async def unlisted(id: str, found: Json) -> bool:
        return is_referral(found) and not await record.ask("waiting of referral", [key64(f"ServiceRequest/{id}")])

    async def waits(id: str, found: Json) -> bool:
        return is_period(found) and await _waits(record, id, of(found).status)

    async for id in without_duty(record, "ServiceRequest", unlisted):
        yield Orphan("a referral is on no list", f"ServiceRequest/{id}")
    async for id in without_duty(record, "EpisodeOfCare", waits):
        yield Orphan("a patient waits and nobody owes the next step", f"EpisodeOfCare/{id}")


async def _waits(record: Record, id: str, status: Status) -> bool:
    """Whether something is owed: an assessment, or an appointment that has not been given."""
    if status is not Status.WAITING:
        return status is Status.RECEIVED
    rows = await record.ask("waiting of", [key64(f"EpisodeOfCare/{id}")])
    return not rows or rows[0][8] is None
