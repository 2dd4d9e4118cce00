"""Clerical work (merkantilt arbeid, floor 5): from the referral through the waiting list to the appointment.

A referral is never on no list: whoever writes one, by whatever door, it has a period and somebody who owes its next
step.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from felles.clerical import conservation, diary, forecast, statement, vacancy
from felles.clerical.npr import completeness
from felles.clerical.orphan import orphans
from felles.clerical.reception import attendance
from felles.clerical.renewal import renew
from felles.record.record import Record
from felles.record.rule import Rule
from felles.record.store import Sql

LINES: Mapping[str, Sql] = {**statement.LINES, **vacancy.LINES, **diary.LINES}
"""The room's statements on its own tables, by name."""

WORKERS: Sequence[tuple[str, Callable[[Record], Coroutine[Any, Any, None]]]] = (("clerical: forecast", forecast.watch),)
"""What runs beside a serving process until it is cancelled; any number of processes may."""


def rules() -> Sequence[Rule]:
    """What holds for every referral and every slot, whoever writes them."""
    return (*conservation.RULES, vacancy.RULE, *completeness.RULES, attendance.RULE)


__all__ = ["LINES", "WORKERS", "orphans", "renew", "rules"]
