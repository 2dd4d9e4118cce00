"""The ledger of duties (floor 3): whatever somebody owes has one owner, one due moment, an escalation, and is closed by
proof or by a named person with a reason. It adds up at any instant, and anyone may check."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from felles.duties import (
    balance,
    bulk,
    closing,
    emergency,
    leaving,
    listing,
    orphan,
    proving,
    statement,
    timer,
    unusual,
    view,
    watchdog,
)
from felles.duties.deed import HandOn, Owe, Reopen, Settle, owing
from felles.duties.duty import Outcome
from felles.duties.escalation import Level, Step
from felles.duties.kind import Kind, View, declare
from felles.record.record import Record
from felles.record.rule import Rule
from felles.record.store import Sql

LINES: Mapping[str, Sql] = {
    **statement.LINES, **listing.LINES, **bulk.LINES, **proving.LINES, **orphan.LINES, **watchdog.LINES,
}  # fmt: skip
"""The ledger's statements on its own tables, by name."""

WORKERS: Sequence[tuple[str, Callable[[Record], Coroutine[Any, Any, None]]]] = (
    ("duties: timers", timer.watch),
    ("duties: counts", balance.watch),
    ("duties: watchdogs", watchdog.watch),
)
"""What runs beside a serving process until it is cancelled; any number of processes may."""


def rules() -> Sequence[Rule]:
    """The ledger's own rules. Rooms above add theirs with `owing`."""
    return (view.RULE, leaving.RULE, closing.RULE, emergency.RULE)


__all__ = [
    "LINES",
    "WORKERS",
    "HandOn",
    "Kind",
    "Level",
    "Outcome",
    "Owe",
    "Reopen",
    "Settle",
    "Step",
    "View",
    "declare",
    "owing",
    "rules",
    "unusual",
]
