"""The clinician's work (floor 5): medicines, results, notes, problems and measurements, on the one shared record."""

from collections.abc import Mapping, Sequence

from felles.clinical import note, order, reconciliation, result
from felles.clinical.result import orphans
from felles.record.rule import Rule
from felles.record.store import Sql

LINES: Mapping[str, Sql] = {
    **note.LINES,
    "duty to see": Sql("SELECT id FROM duty WHERE subject = $1 AND kind = $2 AND state = 0 LIMIT 1"),
}
"""The room's statements, by name."""


def rules() -> Sequence[Rule]:
    """What holds for every order and every answer, whoever writes it."""
    return (*result.RULES, *order.RULES, *reconciliation.RULES)


__all__ = ["LINES", "orphans", "rules"]
