"""The clinician's work (floor 5): medicines, results, notes, problems and measurements, on the one shared record."""

from collections.abc import AsyncIterator, Mapping, Sequence

from felles.clinical import note, order, prescription, reconciliation, result
from felles.duties.orphan import Orphan
from felles.record.record import Record
from felles.record.rule import Rule
from felles.record.store import Sql

LINES: Mapping[str, Sql] = {
    **note.LINES,
    "duty to see": Sql("SELECT id FROM duty WHERE subject = $1 AND kind = $2 AND state = 0 LIMIT 1"),
}
"""The room's statements, by name."""


async def orphans(record: Record) -> AsyncIterator[Orphan]:
    """Answers that nobody is to see, and orders that nobody is to answer: there are none, ever."""
    for found in (result.orphans, order.orphans):
        async for one in found(record):
            yield one


def rules() -> Sequence[Rule]:
    """What holds for every order and every answer, whoever writes it."""
    return (*result.RULES, *order.RULES, *reconciliation.RULES, *prescription.RULES)


__all__ = ["LINES", "orphans", "rules"]
