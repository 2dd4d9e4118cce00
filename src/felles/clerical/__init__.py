"""Clerical work (merkantilt arbeid, floor 5): from the referral through the waiting list to the appointment.

A referral is never on no list: whoever writes one, by whatever door, it has a period and somebody who owes its next
step.
"""

from collections.abc import Mapping, Sequence

from felles.clerical import conservation, statement
from felles.record.rule import Rule
from felles.record.store import Sql

LINES: Mapping[str, Sql] = statement.LINES
"""The room's statements on its own tables, by name."""


def rules() -> Sequence[Rule]:
    """What holds for every referral, whoever writes it."""
    return conservation.RULES


__all__ = ["LINES", "rules"]
