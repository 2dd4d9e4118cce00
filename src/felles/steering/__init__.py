"""Steering (styring, floor 6): waiting times, deadlines, planned times and epicrises, counted from what happened.

Every number is made of rows, and every row is something that happened once: a referral assessed, care begun, a time
kept or missed, a patient discharged. The rows are written in the transaction of what they count.
"""

from collections.abc import Mapping, Sequence

from felles.record.rule import Rule
from felles.record.store import Sql
from felles.steering import happening, statement
from felles.steering.renewal import renew

LINES: Mapping[str, Sql] = statement.LINES
"""The room's statements on its own table, by name."""


def rules() -> Sequence[Rule]:
    """What counts as having happened, whoever writes it."""
    return happening.RULES


__all__ = ["LINES", "renew", "rules"]
